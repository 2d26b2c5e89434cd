"""RLE and polygons become exact masks, and nothing is made up where data is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from iterprime_xai.data import rle

MASK = np.array([[0, 1, 1], [0, 0, 1]], bool)  # down the columns: 0 0 | 1 0 | 1 1


def test_runs_are_counted_down_the_columns() -> None:
    np.testing.assert_array_equal(rle.decode({"size": [2, 3], "counts": [2, 1, 1, 2]}, (2, 3)), MASK)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_any_mask_comes_back_exactly(height: int, width: int, share: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    encoded = rle.encode(mask)
    assert isinstance(encoded["counts"], str)
    np.testing.assert_array_equal(rle.decode(encoded, (height, width)), mask)
    np.testing.assert_array_equal(coco.decode(encoded) > 0, mask)


@pytest.mark.parametrize("mask", [np.zeros((500, 700), bool), np.ones((500, 700), bool)])
def test_long_runs_come_back_exactly(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(rle.decode(rle.encode(mask), (500, 700)), mask)


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_counts_that_were_cut_are_refused(cut: int) -> None:
    encoded = rle.encode(MASK)
    assert cut < len(encoded["counts"])
    with pytest.raises(ValueError, match="of 6 pixels"):
        rle.decode(encoded | {"counts": encoded["counts"][:cut]}, (2, 3))


def test_counts_of_another_picture_are_refused() -> None:
    large = rle.encode(np.ones((50, 60), bool))
    with pytest.raises(ValueError, match="cover 3000 of 6 pixels"):
        rle.decode({"size": [2, 3], "counts": large["counts"]}, (2, 3))
    with pytest.raises(ValueError, match="not \\[2, 3\\]"):
        rle.decode(large, (2, 3))


@pytest.mark.parametrize("counts", ["\x7f\x7f", "ooooooooooooooooooooo", "o"])
def test_text_that_is_no_rle_is_refused(counts: str) -> None:
    with pytest.raises(ValueError, match="counts"):
        rle.decode({"size": [2, 3], "counts": counts}, (2, 3))


def test_overlapping_polygons_are_united() -> None:
    one, other = [0, 0, 4, 0, 4, 4, 0, 4], [2, 2, 6, 2, 6, 6, 2, 6]
    mask = rle.fill([one, other], (8, 8))
    assert mask[3, 3]
    np.testing.assert_array_equal(mask, rle.fill([one], (8, 8)) | rle.fill([other], (8, 8)))
    assert rle.fill([one], (8, 8)).sum() == 16


def test_polygons_without_area_cover_nothing() -> None:
    # Four numbers first would make pycocotools read every polygon as a box.
    np.testing.assert_array_equal(
        rle.fill([[1, 1, 5, 5], [0, 0, 4, 0, 4, 4, 0, 4]], (8, 8)), rle.fill([[0, 0, 4, 0, 4, 4, 0, 4]], (8, 8))
    )
    assert not rle.fill([], (8, 8)).any()
    with pytest.raises(ValueError, match="odd"):
        rle.fill([[0, 0, 4, 0, 4]], (8, 8))
