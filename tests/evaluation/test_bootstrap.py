"""Bootstrap intervals over pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from iterprime_xai.evaluation.bootstrap import difference, interval
from iterprime_xai.records import OptionError


def test_mean_is_over_rows_and_a_constant_has_no_width():
    found = interval([1.0, 1.0, 1.0], ["a", "a", "b"])
    assert (found.mean, found.low, found.high) == (1.0, 1.0, 1.0)
    assert interval([0.0, 1.0, 1.0, 1.0], list("abcd")).mean == 0.75


def test_one_picture_has_no_width_whatever_its_rows():
    found = interval([0.0, 1.0], ["a", "a"])
    assert (found.low, found.high) == (0.5, 0.5)


def test_width_is_that_of_the_binomial_when_every_row_is_its_own_picture():
    values = [1.0] * 200 + [0.0] * 200
    found = interval(values, range(400))
    half = 1.96 * math.sqrt(0.25 / 400)
    assert found.low == pytest.approx(0.5 - half, abs=0.01)
    assert found.high == pytest.approx(0.5 + half, abs=0.01)


def test_rows_of_one_picture_are_drawn_together():
    values = [1.0] * 200 + [0.0] * 200
    together = interval(values, np.repeat(np.arange(40), 10).tolist())
    apart = interval(values, range(400))
    assert together.high - together.low > 2.5 * (apart.high - apart.low)


def test_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).random(50).tolist()
    assert interval(values, range(50), seed=1) == interval(values, range(50), seed=1)
    assert interval(values, range(50), seed=1) != interval(values, range(50), seed=2)


def test_nothing_measured_is_not_a_number():
    assert math.isnan(interval([], []).mean)


def test_text_shows_mean_and_bounds():
    assert str(interval([1.0], ["a"])) == "1.000 [1.000, 1.000]"


def test_paired_difference_is_that_of_the_rows_not_of_the_means():
    before = np.random.default_rng(0).random(200).tolist()
    found = difference([value + 0.01 for value in before], before, range(200))
    assert found.mean == pytest.approx(0.01)
    assert found.high - found.low == pytest.approx(0, abs=1e-12)
    assert interval(before, range(200)).high - interval(before, range(200)).low > 0.05


def test_paired_difference_draws_whole_pictures():
    assert difference([1.0, 0.0], [0.0, 0.0], ["a", "a"]) == interval([1.0, 0.0], ["a", "a"])


def test_rows_that_do_not_pair_up_are_refused():
    with pytest.raises(OptionError, match="2 values against 1"):
        difference([1.0, 2.0], [1.0], ["a", "b"])
