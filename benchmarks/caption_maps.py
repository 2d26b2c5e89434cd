"""Which of a captioner's layers points at what its words name, on drawn scenes whose things are known.

    python benchmarks/caption_maps.py                                  the bundled model, every layer, val
    python benchmarks/caption_maps.py --splits testA ood --layers 3    the chosen layer on other scenes
    python benchmarks/caption_maps.py --all-ways                       both gradients, log-probability and logit
    python benchmarks/caption_maps.py --profile FOLDER                 write the layer that is best for nouns into a profile

Prints a table and writes it to OUT/caption_maps.md and OUT/caption_maps.json.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import iterprime_xai as ix
from iterprime_xai.data.scenes import SPLITS
from iterprime_xai.evaluation.caption_pointing import PointingRow, measure
from iterprime_xai.evaluation.tables import markdown
from iterprime_xai.models.profiles import write
from iterprime_xai.models.telling import telling_layers
from iterprime_xai.records.writing import write_whole

HEAD = ("split", "word", "way", "layer", "on a thing it fits", "on the one meant", "on another thing", "blank", "area",
        "any thing", "words")  # fmt: skip


def line(split: str, row: PointingRow) -> list[str]:
    """A row as the table shows it."""
    shares = [f"{each:.3f}" for each in (row.other, row.blank, row.area, row.guess)]
    return [split, row.kind, row.way, str(row.layer), str(row.named), str(row.meant), *shares, str(row.count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny", help="bundled name, folder or hub id (default: tiny)")
    parser.add_argument("--splits", nargs="+", default=["val"], choices=SPLITS)
    parser.add_argument("--scenes", type=int, default=300, help="scenes a split (default: 300)")
    parser.add_argument("--layers", nargs="+", type=int, default=None, help="default: all with cross-attention")
    parser.add_argument("--all-ways", action="store_true", help="both gradients and both scores")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--profile", type=Path, help="the captioner's folder, where the best layer is written")
    parser.add_argument("--threads", type=int, default=None, help="CPU threads")
    parser.add_argument("--out", type=Path, default=Path("runs/caption_maps"))
    arguments = parser.parse_args()
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)

    captioner = ix.load_captioner(arguments.model)
    layers = arguments.layers or [index for index, each in enumerate(telling_layers(captioner)) if each.looks]
    ways: list[Any] = list(product(("log_probability", "logit"), ("attention", "scores")))
    found: dict[str, list[PointingRow]] = {}
    for split in arguments.splits:
        start = time.perf_counter()
        some = ways if arguments.all_ways else ways[:2]
        found[split] = measure(captioner, layers, some, split, arguments.scenes, arguments.seed)
        print(f"{split}: {time.perf_counter() - start:.0f} s")

    if arguments.profile is not None:
        split, rows = next(iter(found.items()))
        nouns = [row for row in rows if row.kind == "noun" and row.way == f"{ways[0][0]}, by the {ways[0][1]}"]
        best = max(nouns, key=lambda row: row.named.mean).layer
        validated = f"best of its {len(nouns)} layers for the nouns of captions of scenes:{split}"
        write(replace(captioner.profile, layer=best, validated=validated), arguments.profile)
    table = markdown(HEAD, [line(split, row) for split, rows in found.items() for row in rows])
    print(table)
    setting = f"Model `{arguments.model}`, {arguments.scenes} scenes a split, seed {arguments.seed}; 95 % intervals over pictures."
    write_whole(arguments.out / "caption_maps.md", f"# Caption maps\n\n{setting}\n\n{table}".encode())
    record: dict[str, Any] = {
        "model": arguments.model,
        "scenes": arguments.scenes,
        "seed": arguments.seed,
        "rows": {split: [asdict(row) for row in rows] for split, rows in found.items()},
    }
    write_whole(arguments.out / "caption_maps.json", (json.dumps(record, indent=2) + "\n").encode())


if __name__ == "__main__":
    main()
