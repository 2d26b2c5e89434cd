"""Heatmaps: float32 arrays on the model's native grid, with their magnitude. Scaling belongs to selection and display."""

from __future__ import annotations

import numpy as np
from PIL import Image


def minmax(heatmap: np.ndarray) -> np.ndarray:
    """Scale to [0, 1], float32. A flat map (no evidence) becomes zeros, never a division by zero.

    The range is compared relative to nothing: maps of 1e-10 scale as well as maps of 1.
    """
    return minmax_each(np.asarray(heatmap)[None])[0]


def minmax_each(heatmaps: np.ndarray) -> np.ndarray:
    """:func:`minmax` of each of several maps (n, ...)."""
    heatmaps = np.asarray(heatmaps, dtype=np.float64)
    within = tuple(range(1, heatmaps.ndim))
    low, high = heatmaps.min(within, keepdims=True), heatmaps.max(within, keepdims=True)
    with np.errstate(invalid="ignore"):  # a range that is not finite is no range
        reach = high - low
    there = np.isfinite(reach) & (reach > 0)
    scaled = (heatmaps - np.where(there, low, 0)) / np.where(there, reach, 1)
    return np.where(there, scaled, 0).astype(np.float32)


def resize(heatmap: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bicubic resize of a (rows, columns) map to ``(height, width)``, float32.

    Values are clipped to the map's own range, since bicubic interpolation overshoots, and scaled
    before the resize so that tiny magnitudes survive.
    """
    height, width = size
    heatmap = np.asarray(heatmap, dtype=np.float32)
    low, high = float(heatmap.min()), float(heatmap.max())
    if high <= low:
        return np.full((height, width), low, np.float32)
    picture = Image.fromarray((heatmap - low) / np.float32(high - low))
    resized = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    return np.clip(resized, 0, 1) * np.float32(high - low) + np.float32(low)


def is_blank(heatmap: np.ndarray) -> bool:
    """Whether a map says nothing: flat, nowhere positive, or not finite. The one definition of "no evidence"."""
    return bool(blank_each(heatmap[None])[0])


def blank_each(heatmaps: np.ndarray) -> np.ndarray:
    """:func:`is_blank` of each of several maps (n, ...), bool (n,)."""
    within = tuple(range(1, heatmaps.ndim))
    low, high = heatmaps.min(within), heatmaps.max(within)
    # The lowest and the highest value are not finite where any value is not: NaN runs through both.
    return ~(np.isfinite(low) & np.isfinite(high) & (high > np.maximum(low, 0)))


def peak(heatmap: np.ndarray, size: tuple[int, int]) -> tuple[int, int] | None:
    """The (x, y) pixel, in a picture of ``(height, width)``, of the centre of the hottest patch; ``None`` for a blank map.

    A tie goes to the first patch in reading order.
    """
    if is_blank(heatmap):
        return None
    rows, columns = heatmap.shape
    row, column = np.unravel_index(int(np.argmax(heatmap)), heatmap.shape)
    height, width = size
    return int((column + 0.5) * width / columns), int((row + 0.5) * height / rows)


def box_of(mask: np.ndarray) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom), right and bottom exclusive, of a bool mask; ``None`` for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
