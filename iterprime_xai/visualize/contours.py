"""Outlines of masks as polylines, for the figure, the page and the widget alike."""

from __future__ import annotations

import numpy as np

LONGEST = 1200
"""Masks with a longer side are traced on blocks of pixels. A block counts when any pixel of it does: none is lost."""

STAIRS_BELOW = 64
"""Masks smaller than this are outlined along the edges of their pixels."""

SMOOTHED_FROM = 24
"""Outlines with at least this many points lose their pixel stairs; smaller ones stay exact."""


def contours(mask: np.ndarray, tolerance: float = 0.25) -> list[np.ndarray]:
    """Outlines of a bool (height, width) mask: closed (n, 2) arrays of (x, y), pixel centres at half integers.

    Holes have an outline of their own. Points that stray less than ``tolerance`` pixels from a straight line are left
    out; 0 keeps all, which is faster where an outline is drawn once and not sent. An empty mask has no outline; one that
    touches the border is closed along it.
    """
    from skimage.measure import approximate_polygon, find_contours

    mask = np.asarray(mask, dtype=bool)
    height, width = mask.shape
    block = -(-max(height, width) // LONGEST)
    traced = _any_of_blocks(mask, block)
    pixel = float(block)
    if max(height, width) < STAIRS_BELOW:
        # Tracing cuts corners by half a pixel, which shows when pixels are large: trace on finer ones.
        traced, pixel = traced.repeat(8, axis=0).repeat(8, axis=1), 1 / 8
    traced, (above, before) = _inside(traced)
    padded = np.pad(traced.astype(np.float32), 1)
    outlines = []
    for outline in find_contours(padded, 0.5):
        smooth = _smoothed(outline) if len(outline) >= SMOOTHED_FROM and pixel >= 1 else outline
        simple = approximate_polygon(smooth, tolerance) if tolerance > 0 else smooth
        # Row 0.5 of the padded mask is the upper edge of what was traced.
        x = np.clip((simple[:, 1] - 0.5 + before) * pixel, 0, width)
        y = np.clip((simple[:, 0] - 0.5 + above) * pixel, 0, height)
        outlines.append(np.stack([x, y], axis=1))
    return outlines


def _inside(mask: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """The part of a mask that holds all of it, and the rows above and the columns before it: less to trace."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if not len(rows):
        return mask[:0, :0], (0, 0)
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], (int(rows[0]), int(columns[0]))


def _any_of_blocks(mask: np.ndarray, block: int) -> np.ndarray:
    """The mask at 1 / ``block`` of its size, true where any pixel of a block is."""
    if block == 1:
        return mask
    height, width = mask.shape
    padded = np.pad(mask, ((0, -height % block), (0, -width % block)))
    rows, columns = padded.shape
    cells = padded.reshape(rows // block, block, columns // block, block)
    return np.asarray(cells.any(axis=(1, 3)))


def _smoothed(outline: np.ndarray) -> np.ndarray:
    """A closed outline averaged over five neighbours, twice; it stays closed."""
    ring = outline[:-1]
    for _ in range(2):
        ring = np.mean([np.roll(ring, shift, axis=0) for shift in (-2, -1, 0, 1, 2)], axis=0)
    return np.concatenate([ring, ring[:1]])
