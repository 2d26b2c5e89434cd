"""Every system on the scenes, with every proposer that works offline: runs to take up again, and their tables.

    python benchmarks/systems.py RUNS                                      2,000 expressions a split and kind of masks; hours
    python benchmarks/systems.py RUNS --masks gold --systems iterprime gradcam random --count 300      part of it
    python benchmarks/systems.py RUNS --tables docs/systems_tables.md                                  tables of what is there

Runs that are there already are not made again, and a run that was stopped goes on. Differences are paired, against iterprime.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import iterprime_xai as ix
from iterprime_xai.evaluation.measures import compare
from iterprime_xai.evaluation.measures.comparison_tables import written

SPLITS = ("testA", "ood")
MASKS = ("gold", "classical")


def folder(runs: Path, split: str, masks: str, system: str) -> Path:
    return runs / split / masks / system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="folder of the runs")
    parser.add_argument("--splits", nargs="+", default=SPLITS)
    parser.add_argument("--masks", nargs="+", default=MASKS)
    parser.add_argument("--systems", nargs="+", default=ix.system_names())
    parser.add_argument("--count", type=int, default=2000, help="expressions a split (default: 2000)")
    parser.add_argument("--workers", type=int, help="processes (default: one a core)")
    parser.add_argument("--by", default="kind", help="tag whose values get tables of their own (default: kind)")
    parser.add_argument("--tables", type=Path, help="only write the tables of the runs that are there to this file")
    options = parser.parse_args()
    asked = [(split, masks) for masks in options.masks for split in options.splits]
    if options.tables is None:
        for split, masks in asked:
            for system in options.systems:
                ix.evaluate(
                    system,
                    f"scenes:{split}",
                    folder(options.runs, split, masks, system),
                    proposals=masks,
                    mask_cache=None if masks == "gold" else options.runs / "masks",
                    data_options={"count": options.count},
                    backend="local" if options.workers == 1 else "processes",
                    workers=options.workers,
                )
        return
    parts = []
    for split, masks in asked:
        places = [folder(options.runs, split, masks, system) for system in options.systems]
        whole = [place for place in places if place.exists() and ix.read_run(place).complete]
        if len(whole) > 1:
            parts.append(f"## {split}, {masks} masks\n\n{written(compare(whole, by=options.by), 'markdown')}")
    options.tables.write_text("\n".join(parts), encoding="utf-8")
    print(f"wrote {options.tables}")


if __name__ == "__main__":
    main()
