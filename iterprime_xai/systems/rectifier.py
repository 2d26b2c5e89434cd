"""TAS's spatial rectifier: a phrase that names a part of the picture chooses among the masks there.

The masks' centres are split at their median row and their median column: above the median row is the top, left of the median column
the left. Source: Suo, Zhu, Yang, *Text Augmented Spatial-aware Zero-shot Referring Image Segmentation*, Findings of
EMNLP 2023, and its released code, which knows neither "bottom" nor "middle" nor "center".
"""

from __future__ import annotations

import re

import numpy as np

from iterprime_xai.records import Expression
from iterprime_xai.records.packed import Masks, cuts

PAPER_WORDS = {
    "left": ("left", "west", "leftmost", "western"),
    "right": ("right", "east", "rightmost", "eastern"),
    "top": ("above", "north", "top"),
    "bottom": ("below", "south", "under", "underneath"),
}
"""The words of the released code, by what they name."""

PARTS = ("left", "right", "top", "bottom", "middle")


def centres(masks: Masks) -> np.ndarray:
    """The mean row and column of every mask's pixels, cut to whole numbers as released: float64 (n, 2); -1 for an empty mask."""
    found = np.full((len(masks), 2), -1.0)
    for place, ((left, top, _, _), inside) in enumerate(cuts(masks)):
        if inside.any():
            rows, columns = np.nonzero(inside)
            found[place] = int(rows.mean() + top), int(columns.mean() + left)
    return found


def named_parts(expression: Expression, words: str) -> frozenset[str]:
    """Which parts of the picture a phrase names for its target: some of ``PARTS``.

    Args:
        expression: the parsed phrase.
        words: "paper": only the words of the released code, and only in a phrase that points to no other thing; "more": every
            place in the picture that the parser found in front of what the phrase points to, "bottom" and "middle" among them.
    """
    relative = [cue.span[0] for cue in expression.cues if cue.kind == "relative"]
    places = [cue for cue in expression.cues if cue.kind == "absolute" and cue.direction in PARTS]
    if words == "more":
        return frozenset(cue.direction for cue in places if not relative or cue.span[0] < min(relative))
    if relative:
        return frozenset()
    said = set(re.findall(r"[a-z]+", expression.text.lower()))
    return frozenset(part for part, known in PAPER_WORDS.items() if said & set(known))


def inside_parts(middles: np.ndarray, parts: frozenset[str]) -> np.ndarray | None:
    """Which masks lie in the named parts: bool (n,); ``None`` where no part is named, or nothing lies in it.

    Args:
        middles: centres (n, 2) as rows and columns.
        parts: of ``PARTS``. Of two that exclude each other, top goes before bottom and left before right, as released. "middle"
            means the inner half of the columns, from the first to the third quartile of the centres.
    """
    rows, columns = middles[:, 0], middles[:, 1]
    found = np.ones(len(middles), bool)
    if "top" in parts:
        found &= rows < np.median(rows)
    elif "bottom" in parts:
        found &= rows >= np.median(rows)
    if "left" in parts:
        found &= columns < np.median(columns)
    elif "right" in parts:
        found &= columns >= np.median(columns)
    if "middle" in parts:
        low, high = np.quantile(columns, (0.25, 0.75))
        found &= (columns >= low) & (columns <= high)
    return found if parts and found.any() else None
