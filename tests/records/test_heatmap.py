"""What counts as a blank map, and where the peak of any other lies."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.records.heatmap import blank_each, is_blank, minmax, minmax_each, peak


@pytest.mark.parametrize(
    ("values", "blank"),
    [
        ([0, 0], True),
        ([7, 7], True),
        ([-3, -1], True),
        ([-1, 0], True),
        ([-1, 1e-30], False),
        ([0, 1e-10], False),
        ([1, 2], False),
        ([np.nan, 1], True),
        ([0, np.inf], True),
        ([-np.inf, 1], True),
    ],
)
def test_a_map_is_blank_when_it_is_flat_nowhere_positive_or_not_finite(values: list[float], blank: bool) -> None:
    heatmap = np.array([values], np.float32)
    assert is_blank(heatmap) is blank
    assert (peak(heatmap, (2, 4)) is None) is blank


def test_the_peak_is_the_centre_of_the_first_hottest_patch() -> None:
    assert peak(np.array([[0, 2, 2], [2, 1, 0]], np.float32), (4, 12)) == (6, 1)


def test_several_maps_are_scaled_and_judged_as_each_alone():
    maps = np.array(
        [[[1, 2], [3, 5]], [[2, 2], [2, 2]], [[-3, -1], [-2, -2]], [[0, np.nan], [1, 2]], [[1e-10, 0], [3e-10, 0]]]
    )
    assert np.array_equal(minmax_each(maps), np.stack([minmax(each) for each in maps]))
    assert blank_each(maps).tolist() == [is_blank(each) for each in maps] == [False, True, True, True, False]
    assert minmax_each(maps)[3].tolist() == [[0, 0], [0, 0]]
