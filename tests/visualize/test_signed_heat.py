"""Misplaced and missing heat, by values done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.records import OptionError
from iterprime_xai.visualize.signed_heat import SCALE, signed_heat

LEFT = np.array([[True, False], [True, False]])


def test_heat_beside_the_target_is_positive_and_cold_on_it_is_negative():
    heatmap = np.array([[4.0, 2.0], [1.0, 0.0]])
    found = signed_heat(heatmap, LEFT)
    assert found.dtype == np.float32
    # x = [[1, .5], [.25, 0]]: inside x - 1, outside x.
    np.testing.assert_array_equal(found, np.array([[0, 0.5], [-0.75, 0]], np.float32))


def test_negative_heat_counts_as_none():
    found = signed_heat(np.array([[-8.0, -8.0], [2.0, 1.0]]), LEFT)
    np.testing.assert_array_equal(found, np.array([[-1, 0], [0, 0.5]], np.float32))


@pytest.mark.parametrize("value", [0.0, 3.0, -1.0, np.nan, np.inf])
def test_a_map_without_evidence_is_cold_inside_and_nothing_outside(value):
    found = signed_heat(np.full((2, 2), value), LEFT)
    np.testing.assert_array_equal(found, np.array([[-1, 0], [-1, 0]], np.float32))


def test_tiny_magnitudes_read_as_large_ones_do():
    heatmap = np.array([[4.0, 2.0], [1.0, 0.0]])
    for scale in (1e-10, 1e-38, 1e30):
        np.testing.assert_allclose(signed_heat(heatmap * scale, LEFT), signed_heat(heatmap, LEFT), atol=1e-6)


def test_nothing_meant_makes_all_heat_misplaced_and_everything_meant_makes_none():
    heatmap = np.array([[4.0, 2.0], [1.0, 0.0]])
    assert signed_heat(heatmap, np.zeros((2, 2), bool)).min() == 0
    assert signed_heat(heatmap, np.ones((2, 2), bool)).max() == 0


def test_the_map_has_the_picture_s_size_and_stays_within_its_scale():
    gold = np.zeros((30, 50), bool)
    gold[5:20, 10:30] = True
    found = signed_heat(np.random.default_rng(0).random((3, 5)), gold)
    assert found.shape == (30, 50)
    assert (SCALE.low, SCALE.high, SCALE.signed) == (-1, 1, True)
    assert (found[gold] <= 0).all()
    assert (found[gold] >= -1).all()
    assert (found[~gold] >= 0).all()
    assert (found[~gold] <= 1).all()


def test_arrays_of_other_dimensions_are_refused_with_both_shapes():
    with pytest.raises(OptionError, match=r"\(4,\) and \(2, 2\)"):
        signed_heat(np.zeros(4), LEFT)
