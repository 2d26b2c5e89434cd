"""A run's table of failures made by hand, and an explorer's state on it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from iterprime_xai.evaluation.failures.table import SCHEMA, FailureTable
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.state import ExplorerState

HOSTILE = '<img src=x onerror="window.broken=1"> & <b>bold</b> $x^2$'


def line(number: int, kind: str = "right", iou: float | None = 0.9, **more: Any) -> dict[str, Any]:
    """A phrase; figures that are not given follow from type and IoU, as in a run where a perfect mask was always there."""
    labelled = iou is not None
    found: dict[str, Any] = {
        "sample_id": f"s{number}",
        "image_id": f"p{number // 2}",
        "text": "the dog",
        "tags": [("kind", "attribute")],
        "category": "dog",
        "words": ["dog"],
        "primary": "dog",
        "type": kind,
        "sentence": "",
        "iou": iou,
        "best_iou": 1.0 if labelled else None,
        "gain": None if iou is None else 0.0 if kind == "right" else 1.0 - iou,
        "intersection": None if iou is None else int(100 * iou),
        "union": 100 if labelled else None,
        "height": 60,
        "width": 80,
        "gold_x": 0.5 if labelled else None,
        "gold_y": 0.5 if labelled else None,
        "gold_area": 100 if labelled else None,
        "things": 1,
        "seconds": 0.1,
    }
    return {name: {**found, **more}.get(name) for name in SCHEMA.names}


def table(*lines: dict[str, Any]) -> FailureTable:
    return FailureTable(pa.Table.from_pylist(list(lines), SCHEMA), 0.5)


def small() -> FailureTable:
    """Ten phrases: six right, two that ignored position, one of a wrong category, one without a gold mask."""
    right = [line(number, gold_x=0.1, gold_y=0.1, peak_x=0.1, peak_y=0.1) for number in range(6)]
    position = [
        line(
            number, "position_ignored", 0.1, tags=[("kind", "position")], words=["left", "dog"], gold_x=0.9, gold_y=0.6
        )
        for number in (6, 7)
    ]
    wrong = line(8, "wrong_category", 0.2, tags=[("kind", HOSTILE)], text=HOSTILE, words=[HOSTILE], best_iou=0.4)
    unlabelled = line(9, "unlabelled", None)
    return table(*right, *position, wrong, unlabelled)


def against() -> FailureTable:
    """The same phrases in another run: the first is wrong there, and those that ignored position here are right."""
    lines = small().rows.to_pylist()
    for at, kind, iou in ((0, "scattered", 0.0), (6, "right", 0.8), (7, "right", 0.8)):
        lines[at] |= {"type": kind, "iou": iou}
    return table(*lines)


def state(two: bool = False) -> ExplorerState:
    return ExplorerState(Phrases(small(), against() if two else None))


def many(count: int = 600) -> FailureTable:
    """Phrases of many kinds, for a page."""
    kinds = ("attribute", "position", "relation", "ordinal", HOSTILE)
    words = ("dog", "left", "red", "second", "tree", "ball", HOSTILE, "umbrella", "right")
    types = (
        "position_ignored",
        "wrong_category",
        "too_much",
        "part_only",
        "selection_error",
        "scattered",
        "no_proposal_fits",
    )
    lines = []
    for number in range(count):
        lot = (number * 7919) % 97
        failed = lot < 30
        kind = types[(number * 31 + lot) % (2 + lot % 6)] if failed else "right"
        iou = (lot % 10) / 21 if failed else 0.5 + (lot % 50) / 100
        lines.append(
            line(
                number,
                kind,
                iou,
                best_iou=0.4 if kind == "no_proposal_fits" else min(1.0, max(iou, 0.55 + (number % 45) / 100)),
                tags=[("kind", kinds[(lot + number) % len(kinds)]), ("split", ("one", "two")[number % 2])],
                text=f"{words[number % len(words)]} number {number}",
                words=[words[number % len(words)], words[(number * 5 + lot) % len(words)]],
                gold_x=((number * 13) % 100) / 100,
                gold_y=((number * 29 + lot) % 100) / 100,
                peak_x=((number * 17) % 100) / 100,
                peak_y=((number * 23 + lot) % 100) / 100,
            )
        )
    return table(*lines)


def many_against() -> FailureTable:
    """The same phrases in another run that gets others right."""
    lines = many().rows.to_pylist()
    for number, each in enumerate(lines):
        if number % 7 == 0:
            each |= {"type": "right", "iou": 0.85}
        elif number % 11 == 0:
            each |= {"type": "scattered", "iou": 0.05}
    return table(*lines)
