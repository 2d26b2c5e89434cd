from __future__ import annotations

import numpy as np

from iterprime_xai.visualize.contours import contours


def _mask(height: int, width: int, rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = True
    return mask


def _extent(outline: np.ndarray) -> tuple[float, float, float, float]:
    return outline[:, 0].min(), outline[:, 1].min(), outline[:, 0].max(), outline[:, 1].max()


def test_rectangle_is_outlined_along_the_edges_of_its_pixels() -> None:
    (outline,) = contours(_mask(10, 20, slice(2, 5), slice(3, 9)))
    assert _extent(outline) == (3, 2, 9, 5)
    assert outline[0].tolist() == outline[-1].tolist()
    corners = np.abs(outline - np.array([3, 2])).sum(axis=1).min()
    assert corners <= 1 / 8


def test_mask_that_fills_the_picture_is_closed_along_the_border() -> None:
    (outline,) = contours(np.ones((100, 80), bool))
    assert _extent(outline) == (0, 0, 80, 100)


def test_empty_mask_has_no_outline() -> None:
    assert contours(np.zeros((5, 5), bool)) == []


def test_hole_has_an_outline_of_its_own() -> None:
    mask = _mask(20, 20, slice(2, 18), slice(2, 18))
    mask[8:12, 8:12] = False
    assert sorted(_extent(each) for each in contours(mask)) == [(2, 2, 18, 18), (8, 8, 12, 12)]


def test_single_pixel_of_a_huge_mask_is_not_lost() -> None:
    mask = _mask(5000, 3001, slice(4999, 5000), slice(3000, 3001))
    (outline,) = contours(mask)
    left, top, right, bottom = _extent(outline)
    assert right <= 3001
    assert bottom <= 5000
    assert left > 2990
    assert top > 4990


def test_round_mask_gets_a_round_outline_with_few_points() -> None:
    rows, columns = np.mgrid[:300, :300] + 0.5
    (outline,) = contours((rows - 150) ** 2 + (columns - 150) ** 2 <= 100**2)
    radius = np.hypot(*(outline - 150).T)
    assert np.abs(radius - 100).max() < 1
    assert len(outline) < 150
