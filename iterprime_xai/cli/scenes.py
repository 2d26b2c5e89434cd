"""``iterprime-xai scenes``: scenes with exact masks, in the REFER layout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def scenes(
    out: Annotated[Path, typer.Argument(help="Folder to write, in the REFER layout.")],
    split: Annotated[str, typer.Option(help="train, val, testA, testB or ood.")] = "val",
    count: Annotated[int, typer.Option(min=1, help="How many expressions.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed makes the same scenes.")] = 0,
) -> None:
    """Generate referring scenes with exact masks and write them in the REFER layout."""
    from iterprime_xai.data.refer import write_refer
    from iterprime_xai.data.scenes import samples

    write_refer(out, "scenes", "iterprime", _progress(samples(split, count, seed=seed), count, f"scenes:{split}"))
    typer.echo(f"wrote {count} expressions of scenes:{split} (seed {seed}) to {out}")


def _progress(items: Any, total: int, label: str) -> Any:
    from tqdm.auto import tqdm

    return tqdm(items, total=total, desc=label, disable=not sys.stderr.isatty())
