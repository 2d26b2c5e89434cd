"""Specks, holes and masks within masks are taken out by the stated rules."""

from __future__ import annotations

import numpy as np

from iterprime_xai.data import rle
from iterprime_xai.masks.sifting import largest_apart, without_small_regions


def test_small_holes_are_filled_and_small_islands_dropped() -> None:
    mask = np.zeros((12, 20), bool)
    mask[1:9, 1:9] = True
    mask[3, 3] = False  # a hole of 1 pixel
    mask[5:8, 5:7] = False  # one of 6
    mask[10, 15:18] = True  # an island of 3
    expected = np.zeros((12, 20), bool)
    expected[1:9, 1:9] = True
    expected[5:8, 5:7] = False
    np.testing.assert_array_equal(without_small_regions(mask, 4), expected)


def test_pieces_that_touch_at_a_corner_are_one_and_the_largest_of_only_small_ones_stays() -> None:
    mask = np.zeros((9, 9), bool)
    mask[0, 0] = mask[1, 1] = mask[2, 2] = True
    np.testing.assert_array_equal(without_small_regions(mask, 3), mask)
    mask[6, 5:7] = True
    kept = without_small_regions(mask, 5)
    assert np.argwhere(kept).tolist() == [[0, 0], [1, 1], [2, 2]]
    assert not without_small_regions(np.zeros((3, 3), bool), 5).any()


def _strips(*spans: tuple[int, int]) -> list[dict]:
    """RLEs of 1 x 100 masks that cover the pixels of each span."""
    masks = np.zeros((len(spans), 1, 100), bool)
    for mask, (start, end) in zip(masks, spans, strict=True):
        mask[0, start:end] = True
    return [rle.encode(mask) for mask in masks]


def test_of_two_masks_that_share_more_than_the_limit_of_the_smaller_the_larger_stays() -> None:
    """20 pixels and 10 pixels share 4, which is 0.4 of the smaller: both stay; with 5 shared only the larger does."""
    assert largest_apart(_strips((6, 16), (12, 32)), 0, 0.4) == [0, 1]
    assert largest_apart(_strips((7, 17), (12, 32)), 0, 0.4) == [1]
    assert largest_apart(_strips((12, 32), (7, 17)), 0, 0.4) == [0]


def test_a_mask_that_was_dropped_drops_none() -> None:
    """The second lies in the first; the third overlaps only the second."""
    assert largest_apart(_strips((0, 40), (20, 50), (42, 52)), 0, 0.4) == [0, 2]


def test_small_masks_are_dropped_and_equal_ones_keep_the_first() -> None:
    assert largest_apart(_strips((0, 9), (20, 30), (20, 30)), 10, 0.4) == [1]
    assert largest_apart(_strips((0, 9)), 10, 0.4) == []
    assert largest_apart([], 10, 0.4) == []
