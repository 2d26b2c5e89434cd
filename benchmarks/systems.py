"""Every system on the scenes, with every proposer that works offline: runs to take up again, and their tables.

    python benchmarks/systems.py RUNS                                      2,000 expressions a split and kind of masks; hours
    python benchmarks/systems.py RUNS --masks gold --systems iterprime gradcam random --count 300      part of it
    python benchmarks/systems.py RUNS --tables FILE.md                     tables of the whole runs that are there

Runs that are there already are not made again, and a run that was stopped goes on. Differences are paired, against iterprime. More
of any of them: ``iterprime-xai compare RUNS/testA/gold/* --by kind``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import iterprime_xai as ix
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.evaluation.measures import compare
from iterprime_xai.evaluation.measures.comparing import Comparison
from iterprime_xai.evaluation.measures.summing_up import percent

SPLITS = ("testA", "ood")
MASKS = ("gold", "classical")
SHOWN = {"oiou": "oIoU", "miou": "mIoU", "p50": "P@0.5", "peak": "peak in mask"}


def folder(runs: Path, split: str, masks: str, system: str) -> Path:
    return runs / split / masks / system


def tables(comparison: Comparison, title: str) -> str:
    """The figures of all phrases, and mIoU by kind of phrase."""
    whole, *kinds = comparison.groups
    head = ["system", *SHOWN.values(), f"mIoU less that of {comparison.against}"]
    body = [
        [
            each.run,
            *(percent(each.metrics[name]) for name in SHOWN),
            "" if each.differences is None else percent(each.differences["miou"]),
        ]
        for each in whole.runs
    ]
    parts = [f"### {title}: {whole.count} phrases", markdown(head, body)]
    by_kind = [
        [run.run, *(f"{100 * group.runs[place].metrics['miou'].mean:.1f}" for group in kinds)]
        for place, run in enumerate(whole.runs)
    ]
    parts.append("mIoU by kind of phrase (number of phrases):")
    parts.append(markdown(["system", *(f"{group.group} ({group.count})" for group in kinds)], by_kind))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="folder of the runs")
    parser.add_argument("--splits", nargs="+", default=SPLITS)
    parser.add_argument("--masks", nargs="+", default=MASKS)
    parser.add_argument("--systems", nargs="+", default=ix.system_names())
    parser.add_argument("--count", type=int, default=2000, help="expressions a split (default: 2000)")
    parser.add_argument("--workers", type=int, help="processes (default: one a core)")
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
            parts.append(tables(compare(whole, by="kind"), f"{split}, {masks} masks"))
    options.tables.write_text("\n".join(parts), encoding="utf-8")
    print(f"wrote {options.tables}")


if __name__ == "__main__":
    main()
