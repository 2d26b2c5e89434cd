"""Metrics of where a map lies, on maps whose figures can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from iterprime_xai.evaluation.explanation import (
    ThresholdIou,
    best_threshold_iou,
    energy_in_mask,
    pointing_game,
    relevance_mass_accuracy,
    relevance_rank_accuracy,
)
from iterprime_xai.evaluation.heat import heat_in_object, peak_in_object
from iterprime_xai.records import OptionError

FIGURES = (
    pointing_game,
    energy_in_mask,
    relevance_mass_accuracy,
    relevance_rank_accuracy,
    lambda heatmap, mask: best_threshold_iou(heatmap, mask).iou,
)
NAMES = ("pointing", "energy", "mass", "rank", "iou")
# At the picture's own size nothing is interpolated, so a map of four pixels is a case to do by hand.
HAND = np.array([[4.0, 3.0], [2.0, 1.0]], np.float32)
LEFT = np.array([[True, False], [True, False]])


def _corner(side: int) -> np.ndarray:
    mask = np.zeros((8, 8), bool)
    mask[:side, :side] = True
    return mask


def test_four_pixels_by_hand():
    assert pointing_game(HAND, LEFT) == 1.0
    assert energy_in_mask(HAND, LEFT) == pytest.approx(6 / 10)
    assert relevance_mass_accuracy(HAND, LEFT) == pytest.approx(6 / 10)
    assert relevance_rank_accuracy(HAND, LEFT) == 1 / 2  # of 4 and 3 one is on the left
    assert best_threshold_iou(HAND, LEFT) == ThresholdIou(pytest.approx(2 / 3), pytest.approx(2.0))  # {4, 3, 2}


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
def test_an_empty_mask_is_neither_hit_nor_missed(figure):
    assert math.isnan(figure(HAND, np.zeros((2, 2), bool)))


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
@pytest.mark.parametrize("blank", [0.0, -1.0, np.nan, np.inf])
def test_a_map_without_evidence_has_nothing(figure, blank):
    heatmap = np.full((2, 2), blank, np.float32)
    assert figure(heatmap, LEFT) == 0.0
    assert figure(heatmap * [[1], [2]], LEFT) == 0.0
    assert math.isnan(best_threshold_iou(heatmap, LEFT).threshold)


def test_one_broken_value_breaks_the_map():
    broken = HAND.copy()
    broken[1, 1] = np.nan
    assert [figure(broken, LEFT) for figure in FIGURES] == [0.0] * 5


def test_a_flat_map_has_the_masks_share_but_no_peak():
    flat = np.full((4, 4), 0.3, np.float32)
    mask = _corner(4)
    assert [figure(flat, mask) for figure in FIGURES] == [0.0, *[pytest.approx(0.25)] * 4]


@pytest.mark.parametrize("scale", [1e-30, 1e-10, 1e10])
def test_magnitude_does_not_matter(scale):
    small = (HAND.astype(np.float64) * scale).astype(np.float32)
    assert [figure(small, LEFT) for figure in FIGURES] == pytest.approx([figure(HAND, LEFT) for figure in FIGURES])


def test_a_tie_for_the_peak_goes_to_the_first_patch_in_reading_order():
    tie = np.array([[0, 1], [1, 0]], np.float32)
    assert pointing_game(tie, np.array([[False, True], [False, False]])) == 1.0
    assert pointing_game(tie, np.array([[False, False], [True, False]])) == 0.0


def test_tolerance_is_a_straight_distance_in_pixels():
    heatmap = np.zeros((2, 2), np.float32)
    heatmap[1, 1] = 1  # its middle is the pixel (6, 6) of eight by eight
    mask = _corner(4)  # whose nearest pixel, (3, 3), is 3 * sqrt(2) = 4.24 away
    assert [pointing_game(heatmap, mask, tolerance=each) for each in (0, 4, 4.2, 4.25)] == [0, 0, 0, 1]


def test_pointing_and_energy_are_those_of_the_heat_tables():
    rng = np.random.default_rng(0)
    for _ in range(20):
        heatmap, mask = rng.normal(size=(3, 4)).astype(np.float32), rng.random((24, 30)) < 0.4
        assert pointing_game(heatmap, mask) == peak_in_object(heatmap, mask)
        assert energy_in_mask(heatmap, mask) == heat_in_object(heatmap, mask)


def test_energy_in_the_box_counts_what_the_mask_leaves_out():
    corners = np.array([[True, False], [False, True]])
    assert energy_in_mask(HAND, corners) == pytest.approx(0.5)
    assert energy_in_mask(HAND, corners, region="box") == pytest.approx(1.0)


def test_mass_takes_the_covered_share_of_a_patch():
    heatmap = np.array([[8.0, 0], [0, 8.0]], np.float32)
    mask = np.zeros((8, 8), bool)
    mask[:4, :1] = True  # a quarter of the first hot patch
    assert relevance_mass_accuracy(heatmap, mask) == pytest.approx(1 / 8)


def test_negative_relevance_has_no_mass():
    heatmap = np.array([[4.0, -100], [1, -3]], np.float32)
    assert relevance_mass_accuracy(heatmap, ~LEFT) == 0.0
    assert relevance_mass_accuracy(heatmap, LEFT) == 1.0


def test_ties_for_the_last_rank_count_by_their_share():
    heatmap = np.array([[3.0, 1], [1, 1]], np.float32)
    # Two places: 3 has one, and the three ones share the other; one of them is in the mask.
    assert relevance_rank_accuracy(heatmap, LEFT) == pytest.approx((1 + 1 / 3) / 2)


def test_best_threshold_is_the_best_of_all_tried_one_by_one():
    rng = np.random.default_rng(1)
    for _ in range(30):
        heatmap = rng.integers(-2, 6, (6, 5)).astype(np.float32)  # many ties
        mask = rng.random((6, 5)) < 0.4
        mask[0, 0] = True
        values = sorted((value for value in np.unique(heatmap) if value > 0), reverse=True)
        tried = {float(v): (mask & (heatmap >= v)).sum() / (mask | (heatmap >= v)).sum() for v in values}
        found = best_threshold_iou(heatmap, mask)
        best = max(tried, key=lambda value: tried[value])  # the highest of equals comes first
        assert (found.iou, found.threshold) == (pytest.approx(tried[best]), pytest.approx(best, abs=1e-5))


def test_the_threshold_told_makes_the_region_that_was_measured():
    from iterprime_xai.records.heatmap import resize

    rng = np.random.default_rng(2)
    heatmap, mask = rng.random((4, 4)).astype(np.float32), _corner(3)
    found = best_threshold_iou(heatmap, mask)
    region = resize(heatmap, (8, 8)) >= np.float32(found.threshold)
    assert found.iou == pytest.approx((mask & region).sum() / (mask | region).sum())


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
@pytest.mark.parametrize(
    ("heatmap", "mask", "said"),
    [
        (HAND, LEFT.astype(np.uint8), "mask must be bool.*uint8"),
        (HAND, LEFT[None], r"mask must be bool.*\(1, 2, 2\)"),
        (HAND.astype(int), LEFT, "heatmap must be float"),
        (HAND[None], LEFT, r"heatmap must be float.*\(1, 2, 2\)"),
        (HAND.tolist(), LEFT, "heatmap must be a NumPy array.*list"),
        (HAND[:0], LEFT, r"\(0, 2\)"),
    ],
)
def test_what_is_no_map_or_mask_is_refused(figure, heatmap, mask, said):
    with pytest.raises(OptionError, match=said):
        figure(heatmap, mask)


def test_unknown_options_are_refused():
    with pytest.raises(OptionError, match="tolerance"):
        pointing_game(HAND, LEFT, tolerance=-1)
    with pytest.raises(OptionError, match="'mask', 'box'"):
        energy_in_mask(HAND, LEFT, region="boxes")  # type: ignore[arg-type]
