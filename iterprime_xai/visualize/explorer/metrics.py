"""What a phrase is measured by in the explorer: every figure with its title and its meaning, for columns, filters and tooltips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a phrase: its title, and its meaning in a sentence."""

    title: str
    meaning: str


METRICS: dict[str, Metric] = {
    "gain": Metric("cost", "What the phrase's type costs: the oracle's IoU less the answer's. 0 for what is right."),
    "iou": Metric("IoU", "Intersection over union of the answer and the gold mask, 0 to 1."),
    "best_iou": Metric("best IoU", "IoU of the proposal that fits the gold mask best: no choice can do better."),
    "probability": Metric(
        "match", "Match probability of the first look, or the best mask's share for systems that choose among masks."
    ),
    "margin": Metric(
        "margin", "How far the answer stands before the best different one, 0 (a toss-up) to 1 (no rival)."
    ),
    "heat_in_mask": Metric("heat inside", "Share of the final map's heat that lies in the gold mask."),
    "gold_share": Metric("target size", "Share of the picture that the gold mask covers."),
    "things": Metric("other things", "How many other annotated things the picture holds."),
    "words": Metric("words", "How many content words the phrase has."),
    "seconds": Metric("seconds", "The system's own time for the phrase."),
    "against_iou": Metric("IoU there", "IoU of the answer of the run that this one is compared with."),
    "delta": Metric("difference", "IoU here less IoU in the run that this one is compared with."),
}
"""Every figure by its name in rules and messages."""


def columns_of(rows: pa.Table) -> dict[str, np.ndarray]:
    """The figures of one run: float64 (phrases,) each, NaN where a phrase has none."""
    import pyarrow.compute as pc

    found = {
        name: floats(rows[name])
        for name in ("gain", "iou", "best_iou", "probability", "margin", "heat_in_mask", "things", "seconds")
    }
    size = floats(rows["height"]) * floats(rows["width"])
    found["gold_share"] = np.divide(floats(rows["gold_area"]), size, out=np.full(len(size), np.nan), where=size > 0)
    found["words"] = floats(pc.list_value_length(rows["words"]))
    return found


def floats(values: pa.ChunkedArray) -> np.ndarray:
    """A column of numbers as float64; NaN where there is none."""
    import pyarrow as pa

    return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
