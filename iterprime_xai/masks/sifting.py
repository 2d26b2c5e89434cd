"""What is taken out of a list of masks: specks and holes inside a mask, small masks, and masks that lie in larger ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_EIGHT = np.ones((3, 3), bool)


def without_small_regions(mask: np.ndarray, smallest: int) -> np.ndarray:
    """A bool mask with its holes and then its 8-connected pieces of fewer than ``smallest`` pixels gone.

    Where every piece is small, the largest stays. The rule of segment-anything's `remove_small_regions`, without OpenCV.
    """
    filled = mask | _small(~mask, smallest)
    islands = _small(filled, smallest)
    kept = filled & ~islands
    if kept.any() or not filled.any():
        return kept
    from scipy import ndimage

    labels, _ = ndimage.label(filled, _EIGHT)
    sizes = np.bincount(labels.ravel())
    return labels == 1 + int(np.argmax(sizes[1:]))


def _small(mask: np.ndarray, smallest: int) -> np.ndarray:
    """The pieces with fewer than ``smallest`` pixels."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask, _EIGHT)
    small = np.bincount(labels.ravel()) < smallest
    small[0] = False
    return small[labels]


def largest_apart(rles: Sequence[dict[str, Any]], smallest: int, contained: float) -> list[int]:
    """Indices, in order, of masks of at least ``smallest`` pixels of which none lies in a larger one that is kept.

    One lies in another where their intersection is more than ``contained`` of the smaller of the two. The larger masks are kept
    first, of equal ones the first. ``rles`` are compressed COCO RLEs of one picture: masks are never unpacked. The rule of
    Text-Augmented Spatial-aware zero-shot segmentation (Suo, Zhu and Yang, 2023).
    """
    from pycocotools import mask as coco

    if not rles:
        return []
    areas = coco.area(list(rles)).astype(np.int64)
    large = [int(index) for index in np.argsort(-areas, kind="stable") if areas[index] >= smallest]
    if not large:
        return []
    ordered = [rles[index] for index in large]
    # "Crowd" makes the denominator the area of the first mask alone; the larger of both ways has that of the smaller mask.
    shares = coco.iou(ordered, ordered, [1] * len(ordered))
    shares = np.maximum(shares, shares.T)
    kept: list[int] = []
    for place in range(len(large)):
        if not (shares[place, kept] > contained).any():
            kept.append(place)
    return sorted(large[place] for place in kept)
