"""How an answer, its proposals and its heat lie to a gold mask: the columns of a row that follow from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from iterprime_xai.evaluation.heat import heat_in_object
from iterprime_xai.evaluation.runs.coding import write_mask

OTHER = "other"
"""What the other things of a picture are called where a peak landed on them and the data set has no names."""


def gold_values(mask: np.ndarray) -> dict[str, Any]:
    """The gold mask's columns."""
    area = int(np.count_nonzero(mask))
    return {"gold": write_mask(mask), "gold_area": area, "no_target": area == 0}


def overlap_values(mask: np.ndarray | None, gold: np.ndarray) -> dict[str, Any]:
    """How much of an answer (``None`` for none) is right."""
    both = 0 if mask is None else int(np.count_nonzero(mask & gold))
    area = 0 if mask is None else int(np.count_nonzero(mask))
    either = area + int(np.count_nonzero(gold)) - both
    iou = both / either if either else 0.0
    return {"intersection": both, "union": either, "iou": iou, "giou": iou if either else 1.0}


def overlaps(codes: Sequence[Mapping[str, Any]], areas: Sequence[int], gold: Mapping[str, Any]) -> list[float]:
    """IoU of coded masks, whose areas are known, with another one; two empty masks have none."""
    from pycocotools import mask as coco

    if not codes:
        return []
    found = coco.iou([dict(each) for each in codes], [dict(gold)], [0])[:, 0].tolist()
    gold_area = int(coco.area(dict(gold)))
    return [value if area + gold_area else 0.0 for value, area in zip(found, areas, strict=True)]


def best_values(fits: Sequence[float | None]) -> dict[str, Any]:
    """The proposal that fits best (the first of equals) by the IoU of each; those that are not known (``None``) are passed over."""
    known = [(-fit, index) for index, fit in enumerate(fits) if fit is not None]
    if not known:
        return {"best_index": None, "best_iou": 0.0}
    fit, best = min(known)
    return {"best_index": best, "best_iou": -fit}


def landed(point: tuple[int, int] | None, gold: np.ndarray, others: Sequence[np.ndarray], names: Sequence[str]) -> str:
    """Where a peak fell: "target", the name of the first of the other things that it lies on, "background", or "blank"."""
    if point is None:
        return "blank"
    x, y = point
    if gold[y, x]:
        return "target"
    return next((name for mask, name in zip(others, names, strict=True) if mask[y, x]), "background")


def heat_values(heatmap: np.ndarray, point: tuple[int, int] | None, gold: np.ndarray, *, blank: bool) -> dict[str, Any]:
    """How the heat lies to a gold mask that is not empty; ``point`` is its peak in pixels."""
    return {
        "peak_in_mask": point is not None and bool(gold[point[1], point[0]]),
        "heat_in_mask": 0.0 if blank else heat_in_object(heatmap, gold),
    }


def missed(row: Mapping[str, Any], gold_known: bool) -> dict[str, Any]:
    """The measures of an error row: nothing was answered. ``gold_known`` is false where the data set has no mask for it."""
    if not gold_known:
        return {}
    return {"iou": 0.0, "giou": 0.0, "intersection": 0, "union": row.get("gold_area") or 0}
