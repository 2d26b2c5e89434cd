"""What an oracle answers instead: the overlap of a row's repaired answer with its gold mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iterprime_xai.evaluation.failures.types import Repair


def repaired_overlap(row: Mapping[str, Any], repair: Repair, best_area: int | None) -> tuple[int, int]:
    """Intersection and union, in pixels, of the answer that a type's oracle gives for a row.

    Args:
        row: of a run, with ``intersection``, ``union``, ``gold_area`` and ``best_iou``.
        repair: what the oracle does.
        best_area: pixels of the proposal that fits best; ``None`` where there is none, and nothing can be repaired.
    """
    now = row["intersection"] or 0, row["union"] or 0
    if repair == "none":
        return now
    if repair == "no answer":
        return 0, 0
    gold = row["gold_area"]
    if repair == "gold mask":
        return gold, gold
    if best_area is None:
        return now[0], now[1] or gold
    return overlap(row["best_iou"], best_area, gold)


def overlap(iou: float, area: int, gold_area: int) -> tuple[int, int]:
    """Intersection and union of a mask with the gold mask, from their IoU and areas.

    IoU = I / (A + G - I), so that they follow from the areas, which are whole numbers of pixels.
    """
    common = round(iou * (area + gold_area) / (1 + iou))
    return common, area + gold_area - common
