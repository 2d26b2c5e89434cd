from __future__ import annotations

import numpy as np
import pytest

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


def _discs(height: int, width: int, *places: tuple[int, int, int]) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width] + 0.5
    found = np.zeros((height, width), bool)
    for row, column, radius in places:
        found |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return found


@pytest.mark.parametrize(
    "mask",
    [
        _discs(300, 200, (40, 60, 20), (200, 150, 30)),
        _discs(300, 200, (0, 0, 30), (299, 199, 30)),
        _discs(40, 50, (20, 30, 6)),
        _mask(2500, 1300, slice(1001, 1340), slice(600, 702)),
    ],
    ids=["two discs", "at the border", "small", "in blocks"],
)
def test_only_the_part_with_the_mask_is_traced_and_the_outlines_are_those_of_the_whole(
    mask: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    from iterprime_xai.visualize import contours as module

    cut = contours(mask, 0)
    monkeypatch.setattr(module, "_inside", lambda traced: (traced, (0, 0)))
    whole = contours(mask, 0)
    assert len(cut) == len(whole)
    for one, other in zip(cut, whole, strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def test_without_tolerance_every_point_is_kept_and_none_strays_from_the_simpler_outline() -> None:
    mask = _discs(300, 200, (150, 100, 60))
    (every,), (few,) = contours(mask, 0), contours(mask)
    assert len(every) > 4 * len(few)
    assert {tuple(point) for point in few} <= {tuple(point) for point in every}
    radius = np.hypot(*(every - np.array([100, 150])).T)
    assert np.abs(radius - 60).max() < 1
