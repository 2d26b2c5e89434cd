"""How often phrases of known words are called matches on photographs, where a model of drawn scenes should refuse them all.

    python benchmarks/photographs.py                        the photographs that travel in scikit-image and matplotlib
    python benchmarks/photographs.py --folder MY_PHOTOGRAPHS --model FOLDER --out FOLDER

A phrase counts as a match where its probability reaches the threshold of the model's profile (0.5 without one). For the
photographs that travel in the packages, phrases whose noun does stand in the picture ("a cat" of the cat) are left out; for a
folder nothing is known of the pictures, so every phrase counts. Writes OUT/photographs.md, OUT/photographs.json and every
probability to OUT/photographs.jsonl.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from iterprime_xai.evaluation.photographs import (
    PHRASES,
    packaged_photographs,
    photographs_in,
    photographs_markdown,
    score_photograph,
    summarise,
)
from iterprime_xai.evaluation.row_files import save_rows
from iterprime_xai.records.writing import write_whole
from iterprime_xai.systems import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny", help="bundled name, folder or hub id (default: tiny)")
    parser.add_argument("--folder", type=Path, help="photographs (default: those in scikit-image and matplotlib)")
    parser.add_argument("--threshold", type=float, help="default: that of the model's profile, else 0.5")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/photographs"))
    arguments = parser.parse_args()

    grounder = load(arguments.model, device="cpu")
    threshold, source = grounder.abstain_below
    if arguments.threshold is not None:
        threshold, source = arguments.threshold, "as asked"
    photographs = packaged_photographs() if arguments.folder is None else photographs_in(arguments.folder)
    rows = [row for photograph in photographs for row in score_photograph(grounder.matcher, photograph)]
    summary = summarise(rows, threshold, arguments.seed)
    text = (
        f"# Known words on {len(photographs)} photographs\n\nModel `{arguments.model}`, {len(PHRASES)} phrases; {source}; 95 % "
        f"bootstrap intervals over photographs.\n\n{photographs_markdown(summary)}"
    )
    save_rows(rows, arguments.out / "photographs.jsonl")
    record = {"model": arguments.model, "threshold": threshold, "rows": [each.as_data() for each in summary]}
    write_whole(arguments.out / "photographs.md", text.encode("utf-8"))
    write_whole(arguments.out / "photographs.json", (json.dumps(record, indent=2) + "\n").encode("utf-8"))
    print(text)


if __name__ == "__main__":
    main()
