"""Area under the ROC curve and the balanced threshold, on groups that can be counted by hand."""

from __future__ import annotations

import math

import pytest

from iterprime_xai.evaluation.auroc import auroc, auroc_interval, balanced_threshold
from iterprime_xai.records import OptionError


def test_area_counts_the_pairs_in_the_right_order():
    # present 0.9 and 0.4 against absent 0.5 and 0.1: three of four pairs are in order
    assert auroc([0.9, 0.5, 0.4, 0.1], [True, False, True, False]) == 0.75


def test_a_tie_counts_half():
    assert auroc([0.5, 0.5], [True, False]) == 0.5
    assert auroc([0.7, 0.7, 0.7, 0.2], [True, True, False, False]) == 0.75


def test_order_of_rows_and_scale_of_scores_do_not_matter():
    assert auroc([1e-9, 4e-9, 5e-9, 9e-9], [False, True, False, True]) == 0.75


def test_perfect_and_reversed():
    assert auroc([3, 2, 1, 0], [True, True, False, False]) == 1.0
    assert auroc([3, 2, 1, 0], [False, False, True, True]) == 0.0


def test_one_group_alone_has_no_area():
    assert math.isnan(auroc([0.1, 0.2], [True, True]))
    assert math.isnan(auroc([], []))
    assert math.isnan(auroc_interval([0.1], [False], ["a"]).mean)


def test_interval_of_one_picture_has_no_width_and_many_pictures_give_one():
    alone = auroc_interval([0.9, 0.5, 0.4, 0.1], [True, False, True, False], ["a"] * 4)
    assert (alone.mean, alone.low, alone.high) == (0.75, 0.75, 0.75)
    scores = [0.9, 0.5, 0.4, 0.1] * 30
    many = auroc_interval(scores, [True, False, True, False] * 30, [place // 4 for place in range(120)])
    assert many == alone  # every picture holds the same rows
    apart = auroc_interval(scores, [True, False, True, False] * 30, range(120))
    assert apart.low < 0.7 < 0.75 < 0.8 < apart.high


def test_interval_is_that_of_rows_drawn_again():
    # With one present (0.5) and two absent rows in pictures of their own, a draw is 0, 0.5 or 1 or has one group only.
    found = auroc_interval([0.5, 0.1, 0.9], [True, False, False], "abc")
    assert (found.mean, found.low, found.high) == (0.5, 0.0, 1.0)


def test_threshold_lies_between_the_groups():
    assert balanced_threshold([0.9, 0.8, 0.2, 0.1], [True, True, False, False]) == (0.5, 1.0)


def test_threshold_weighs_both_groups_alike_whatever_their_size():
    # one present at 0.9 against nine absent: 0.85 refuses all but finds it; its accuracy is balanced, not counted by rows
    scores, present = [0.9, 0.8, *[0.1] * 8], [True, *[False] * 9]
    assert balanced_threshold(scores, present) == (pytest.approx(0.85), 1.0)


def test_of_equally_good_thresholds_the_widest_gap_wins():
    # 0.05 and 0.65 both decide three of four rightly; the gap around 0.65 is wider
    threshold, balanced = balanced_threshold([0.9, 0.1, 0.4, 0.0], [True, True, False, False])
    assert (threshold, balanced) == (pytest.approx(0.65), 0.75)


def test_a_row_on_the_threshold_side_counts_as_present():
    threshold, _ = balanced_threshold([1.0, 0.0], [True, False])
    assert threshold == 0.5


@pytest.mark.parametrize(("scores", "present"), [([0.5, 0.5], [True, False]), ([0.1, 0.9], [True, True])])
def test_what_cannot_be_parted_is_refused(scores, present):
    with pytest.raises(OptionError, match="measure more rows"):
        balanced_threshold(scores, present)


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(OptionError, match="1 of them not finite"):
        auroc([float("nan"), 0.5], [True, False])
