"""``iterprime-xai evaluate``: a system on a data set, in a folder that survives any end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def evaluate(
    system: Annotated[str, typer.Option(help="The system: iterprime, gradcam, tas, ...")],
    data: Annotated[str, typer.Option(help="The data set: scenes:testA, refcoco:val, folder:PATH, ...")],
    out: Annotated[Path, typer.Option(help="The run's folder. The same command goes on with a run that was ended.")],
    proposals: Annotated[
        str | None, typer.Option(help="Who proposes masks: classical, sam:vit_h, gold, ... Default: the system's own.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only the first N phrases.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the system, key=value. Repeatable.")
    ] = None,
    proposer_settings: Annotated[
        list[str] | None,
        typer.Option("--set-proposals", help="checkpoint, device or a setting of the proposer, key=value. Repeatable."),
    ] = None,
    answer: Annotated[str, typer.Option(help="always, may_abstain or set.")] = "always",
    threshold: Annotated[
        str | None, typer.Option(help="For may_abstain and set: a number, or the val run whose threshold was chosen.")
    ] = None,
    backend: Annotated[str, typer.Option(help="local, processes or ray.")] = "local",
    workers: Annotated[
        int | None, typer.Option(help="Processes or Ray actors. Default: one a core (Ray: or a GPU).")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Torch threads a worker.")] = 1,
    detail: Annotated[
        str, typer.Option(help="light, or full: every map of every pass and word, every proposal's mask.")
    ] = "light",
    data_root: Annotated[Path | None, typer.Option(help="Folder that holds the data set.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of its pictures, where it is not the usual one.")] = None,
    text: Annotated[str, typer.Option(help="sent (cleaned) or raw, where a data set has both.")] = "sent",
    seed: Annotated[int, typer.Option(help="Of the scenes.")] = 0,
    count: Annotated[int | None, typer.Option(min=1, help="How many phrases of the scenes, which have no end.")] = None,
    mask_cache: Annotated[Path | None, typer.Option(help="Folder that keeps proposals for other runs.")] = None,
    retry_errors: Annotated[bool, typer.Option(help="Make parts with error rows again.")] = False,
) -> None:
    """Evaluate SYSTEM on DATA into OUT; run it again to go on after any end, then sum up."""
    from iterprime_xai.evaluation.measures import summarise
    from iterprime_xai.evaluation.runs import evaluate as run

    made = run(
        system,
        data,
        out,
        settings=_pairs("--set", settings),
        proposals=proposals,
        proposer_options=_pairs("--set-proposals", proposer_settings),
        mask_cache=mask_cache,
        data_options={"root": data_root, "images": images, "text": text, "seed": seed, "count": count},
        limit=limit,
        answer=answer,  # type: ignore[arg-type]
        threshold=_number_or_path(threshold),
        detail=detail,  # type: ignore[arg-type]
        backend=backend,  # type: ignore[arg-type]
        workers=workers,
        threads=threads,
        retry_errors=retry_errors,
    )
    typer.echo(str(summarise(made)))
    typer.echo(f"rows in {made.path}; more: iterprime-xai summary {made.path} --by kind")


def _pairs(option: str, given: list[str] | None) -> dict[str, Any]:
    from iterprime_xai.cli.inputs import key_value

    return dict(key_value(each, option) for each in given or ())


def _number_or_path(text: str | None) -> str | float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
