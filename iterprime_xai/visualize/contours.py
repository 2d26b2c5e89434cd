"""Outlines of masks as polylines, for the figure, the page and the widget alike."""

from __future__ import annotations

import numpy as np

SMALLEST = 3
"""Outlines of fewer points than this are not drawn."""


def contours(mask: np.ndarray, tolerance: float = 0.7) -> list[np.ndarray]:
    """Outlines of a bool (height, width) mask: closed (n, 2) arrays of (x, y) in pixels, pixel centres at half integers.

    Holes have an outline of their own. Points that stray less than ``tolerance`` pixels from a straight line are left
    out. An empty mask has no outline; one that touches the border is closed along it.
    """
    from skimage.measure import approximate_polygon, find_contours

    padded = np.pad(np.asarray(mask, dtype=np.float32), 1)
    height, width = mask.shape
    outlines = []
    for outline in find_contours(padded, 0.5):
        simple = approximate_polygon(outline, tolerance) if tolerance > 0 else outline
        if len(simple) < SMALLEST:
            simple = outline
        # Half a pixel in from the border and out again: row 0.5 of the padded mask is the upper edge of the picture.
        rows = np.clip(simple[:, 0] - 0.5, 0, height)
        columns = np.clip(simple[:, 1] - 0.5, 0, width)
        outlines.append(np.stack([columns, rows], axis=1))
    return outlines
