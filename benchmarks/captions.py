"""How true a captioner's sentences about drawn scenes are, beside what sentences about other scenes reach.

    python benchmarks/captions.py                                      the bundled model on val, testA, testB and ood
    python benchmarks/captions.py --model FOLDER --splits val --scenes 200

Prints a table and some of the sentences, and writes them to OUT/captions.md and OUT/captions.json.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

import iterprime_xai as ix
from iterprime_xai.data.scenes import SPLITS, generate
from iterprime_xai.evaluation.captions import CaptionRow, caption_row, judge
from iterprime_xai.evaluation.tables import markdown
from iterprime_xai.records.writing import write_whole

SHOWN = 8
"""Sentences of each split that are printed."""

HEAD = ("split", "all true", "nothing false", "things there", "stand so", "unread", "words", "scenes")


def line(row: CaptionRow) -> list[str]:
    """A row as the table shows it."""
    shares = [str(each) for each in (row.true, row.bearable, row.things, row.stands)]
    return [row.split, *shares, f"{row.unread:.3f}", f"{row.words:.1f}", str(row.count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny", help="bundled name, folder or hub id (default: tiny)")
    parser.add_argument("--splits", nargs="+", default=["val", "testA", "testB", "ood"], choices=SPLITS)
    parser.add_argument("--scenes", type=int, default=500, help="scenes a split (default: 500)")
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None, help="CPU threads")
    parser.add_argument("--out", type=Path, default=Path("runs/captions"))
    arguments = parser.parse_args()
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)

    captioner = ix.load_captioner(arguments.model)
    rows: list[CaptionRow] = []
    sentences: dict[str, list[str]] = {}
    for split in arguments.splits:
        told: list[str] = []

        def say(image: Image.Image, told: list[str] = told) -> str:
            told.append(captioner.caption(image, num_beams=arguments.beams))
            return told[-1]

        rows.append(caption_row(say, split, arguments.scenes, arguments.seed))
        scenes = [generate(arguments.seed, index, split) for index in range(len(told))]
        rows.append(judge(f"{split}, said of another scene", zip(scenes, [*told[1:], told[0]], strict=True)))
        sentences[split] = told[:SHOWN]

    table = markdown(HEAD, [line(row) for row in rows])
    examples = "\n\n".join(f"{split}:\n\n" + "\n".join(f"- {text}" for text in sentences[split]) for split in sentences)
    print(f"{table}\n{examples}")
    setting = (
        f"Model `{arguments.model}`, {arguments.beams} beam(s), seed {arguments.seed}; 95 % intervals over pictures."
    )
    write_whole(arguments.out / "captions.md", f"# Captions\n\n{setting}\n\n{table}\n{examples}\n".encode())
    record: dict[str, Any] = {
        "model": arguments.model,
        "beams": arguments.beams,
        "seed": arguments.seed,
        "rows": [asdict(row) for row in rows],
        "sentences": sentences,
    }
    write_whole(arguments.out / "captions.json", (json.dumps(record, indent=2) + "\n").encode())


if __name__ == "__main__":
    main()
