"""Likeness of two maps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from iterprime_xai.evaluation.explanation import paraphrase_consistency, pearson, spearman, ssim
from iterprime_xai.records import OptionError

RNG = np.random.default_rng(0)
A = RNG.random((9, 8)).astype(np.float32)
B = RNG.random((9, 8)).astype(np.float32)
MEASURES = (spearman, pearson, ssim)


def test_four_patches_by_hand():
    first = np.array([[1, 2], [3, 4]], np.float32)
    second = np.array([[1, 2], [4, 3]], np.float32)
    assert spearman(first, second) == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert pearson(first, second) == pytest.approx(4 / 5)
    assert spearman(first, first**5) == pytest.approx(1.0)
    assert pearson(first, first**5) < 0.95
    # Ranks 1.5, 1.5, 3, 4 against 1, 2, 3, 4, from the means: (-1, -1, .5, 1.5) and (-1.5, -.5, .5, 1.5).
    tied = np.array([[1, 1], [3, 4]], np.float32)
    assert spearman(tied, first) == pytest.approx(4.5 / math.sqrt(4.5 * 5))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_map_is_like_itself_and_order_does_not_matter(measure):
    assert measure(A, A) == pytest.approx(1.0)
    assert measure(A, B) == pytest.approx(measure(B, A))
    assert abs(measure(A, B)) < 0.4


@pytest.mark.parametrize("measure", MEASURES)
def test_scale_and_offset_do_not_matter(measure):
    assert measure(A, B * 1e-10) == pytest.approx(measure(A, B), abs=1e-5)
    assert measure(A, B * 4 + 2) == pytest.approx(measure(A, B), abs=1e-5)


def test_correlations_are_scipys():
    from scipy import stats

    assert spearman(A, B) == pytest.approx(stats.spearmanr(A.ravel(), B.ravel()).statistic)
    assert pearson(A, B) == pytest.approx(stats.pearsonr(A.ravel(), B.ravel()).statistic, abs=1e-6)


@pytest.mark.parametrize("measure", [spearman, pearson])
def test_a_map_turned_around_is_the_opposite(measure):
    assert measure(A, -A) == pytest.approx(-1.0)


def test_ssim_of_one_window_is_its_formula():
    first, second = A[:7, :7], B[:7, :7]
    x, y = ((each - each.min()) / (each.max() - each.min()) for each in (first, second))
    covariance = np.cov(x.ravel(), y.ravel())
    c1, c2 = 0.01**2, 0.03**2
    level = (2 * x.mean() * y.mean() + c1) / (x.mean() ** 2 + y.mean() ** 2 + c1)
    shape = (2 * covariance[0, 1] + c2) / (covariance[0, 0] + covariance[1, 1] + c2)
    assert ssim(first, second) == pytest.approx(level * shape, rel=1e-4)


def test_ssim_takes_the_largest_odd_window_that_fits():
    assert ssim(A[:6, :6], B[:6, :6]) == ssim(A[:6, :6], B[:6, :6], window=5)
    assert ssim(A, B) == ssim(A, B, window=7)
    with pytest.raises(OptionError, match="from 3 to 2"):
        ssim(A[:2], B[:2])
    with pytest.raises(OptionError, match="odd number of patches from 3 to 8, but got 4"):
        ssim(A, B, window=4)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("value", [0.0, 0.7, np.nan])
def test_a_constant_or_broken_map_is_like_nothing(measure, value):
    flat = np.full_like(A, value)
    assert math.isnan(measure(A, flat))
    assert math.isnan(measure(flat, A))
    assert math.isnan(measure(flat, flat))


@pytest.mark.parametrize("measure", MEASURES)
def test_maps_on_other_grids_are_refused(measure):
    with pytest.raises(OptionError, match=r"\(9, 8\) and \(8, 8\)"):
        measure(A, B[:8])
    with pytest.raises(OptionError, match="list"):
        measure(A, A.tolist())
    with pytest.raises(OptionError, match="int64"):
        measure(A, np.ones((9, 8), np.int64))


MAPS = {"red dog": A, "dog that is red": A**2, "crimson dog": -A, "nothing": np.zeros_like(A)}


def test_consistency_is_the_mean_over_paraphrases_and_the_phrase_is_asked_once():
    asked = []

    def explain(text):
        asked.append(text)
        return MAPS[text]

    assert paraphrase_consistency(explain, "red dog", ["dog that is red"]) == pytest.approx(1.0)
    assert asked == ["red dog", "dog that is red"]
    assert paraphrase_consistency(explain, "red dog", ["dog that is red", "nothing"]) == pytest.approx(0.5)
    pearsons = (pearson(A, A**2) + 1) / 2
    assert paraphrase_consistency(explain, "red dog", ["dog that is red", "red dog"], alike="pearson") == pytest.approx(
        pearsons
    )


def test_a_blank_map_of_the_phrase_cannot_be_consistent():
    assert math.isnan(paraphrase_consistency(MAPS.__getitem__, "nothing", ["red dog"]))


@pytest.mark.parametrize("wrong", [[], "a text"])
def test_paraphrases_must_be_there(wrong):
    with pytest.raises(OptionError, match="paraphrases"):
        paraphrase_consistency(MAPS.__getitem__, "red dog", wrong)


def test_an_unknown_measure_is_refused_before_any_pass():
    with pytest.raises(OptionError, match="'spearman', 'pearson', 'ssim'"):
        paraphrase_consistency(lambda text: pytest.fail("asked"), "red dog", ["x"], alike="kendall")  # type: ignore[arg-type]
