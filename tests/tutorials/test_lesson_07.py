"""The checks of lesson 7: a right answer passes, and each likely mistake gets a hint of its own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from iterprime_xai.tutorials.lesson_07 import check_best_guess, check_cheat, check_deletion, check_rank_correlation

DICE = np.random.default_rng(0)
CHECKS = (check_rank_correlation, check_cheat, check_best_guess, check_deletion)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("answer", [..., lambda *_: ..., lambda *_: None])
def test_an_answer_that_was_not_begun_is_open(check, answer):
    assert check(answer).status == "open"


def told(check, answer) -> str:
    verdict = check(answer)
    assert verdict.status == "wrong", verdict
    return verdict.sentence


def passes(check, answer) -> None:
    verdict = check(answer)
    assert verdict.passed, verdict


def ranks(values):
    return values.ravel().argsort().argsort()


def correlated(first, second):
    return float(np.corrcoef(np.ravel(first), np.ravel(second))[0, 1])


def test_spearmans_correlation_passes_written_either_way():
    def by_distance(first, second):
        apart = (ranks(first) - ranks(second)).astype(float)
        return 1 - 6 * (apart**2).sum() / (len(apart) * (len(apart) ** 2 - 1))

    passes(check_rank_correlation, lambda a, b: correlated(ranks(a), ranks(b)))
    passes(check_rank_correlation, by_distance)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (correlated, "Pearson"),
        (lambda a, b: correlated(a.ravel().argsort(), b.ravel().argsort()), "A rank is the reverse"),
        (lambda a, b: correlated(a.argsort().argsort(), b.argsort().argsort()), "within each row"),
        (lambda a, b: correlated(ranks(a), b), "Only one of the maps"),
        (lambda a, b: -correlated(ranks(a), ranks(b)), "sign is turned round"),
        (lambda a, b: np.corrcoef(ranks(a), ranks(b)), "matrix of 2 x 2"),
        (lambda a, b: ranks(a) * ranks(b), "One number"),
        (lambda a, b: 0.5, "their orders correlate with"),
        (lambda a, b: abs(correlated(ranks(a), ranks(b))), "opposite orders"),
    ],
)
def test_each_mistake_about_ranks_has_its_hint(answer, hint):
    assert hint in told(check_rank_correlation, answer)


def seeded(pixels, phrase):
    return np.random.default_rng(int.from_bytes(phrase.encode(), "big") % 2**32).random((14, 14))


def test_noise_with_the_phrase_for_its_seed_is_the_cheat():
    passes(check_cheat, seeded)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda pixels, phrase: DICE.random((14, 14)), "asking again"),
        (lambda pixels, phrase: np.random.default_rng(0).random((14, 14)), "whatever is asked"),
        (lambda pixels, phrase: np.full((14, 14), float(len(phrase))), "flat map"),
        (lambda pixels, phrase: seeded(pixels, phrase) + np.arange(196.0).reshape(14, 14) / 130, "still alike by"),
        (lambda pixels, phrase: seeded(pixels, phrase).tolist(), "a list came"),
        (lambda pixels, phrase: seeded(pixels, phrase) * np.nan, "not finite"),
    ],
)
def test_each_weak_cheat_has_its_hint(answer, hint):
    assert hint in told(check_cheat, answer)


def guess(masks):
    share = masks.mean(0)
    row, column = np.unravel_index(share.argmax(), share.shape)
    return row, column, share.max()


def test_the_pixel_on_most_targets_passes():
    passes(check_best_guess, guess)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda masks: (guess(masks)[1], guess(masks)[0], guess(masks)[2]), "exchanged"),
        (lambda masks: (masks.shape[1] // 2, masks.shape[2] // 2, 0.5), "middle of the picture"),
        (lambda masks: (*np.mean([np.argwhere(mask).mean(0) for mask in masks], 0), 0.5), "mean of the targets"),
        (lambda masks: (guess(masks)[0], guess(masks)[1], masks.sum(0).max()), "the number of targets"),
        (lambda masks: (0, 0, 0.5), "another one lies on"),
        (lambda masks: (99, 99, 0.5), "outside the picture"),
        (lambda masks: guess(masks)[2], "Three values"),
    ],
)
def test_each_other_guess_has_its_hint(answer, hint):
    assert hint in told(check_best_guess, answer)


def curve(score, heatmap, order=None, keep_it=False):
    places = heatmap.ravel().argsort()[::-1] if order is None else order(heatmap)
    kept = np.ones(heatmap.size, bool)
    found = [score(kept.reshape(heatmap.shape) ^ keep_it)]
    for place in places:
        kept[place] = False
        found.append(score(kept.reshape(heatmap.shape) ^ keep_it))
    return np.array(found)


def alone(score, heatmap):
    found = [score(np.ones(heatmap.shape, bool))]
    for place in heatmap.ravel().argsort()[::-1]:
        keep = np.ones(heatmap.size, bool)
        keep[place] = False
        found.append(score(keep.reshape(heatmap.shape)))
    return np.array(found)


def test_hiding_the_hottest_patches_one_more_each_time_passes():
    passes(check_deletion, curve)
    passes(check_deletion, lambda score, heatmap: curve(score, heatmap).tolist())


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda score, heatmap: curve(score, heatmap)[1:], "The beginning is missing"),
        (lambda score, heatmap: curve(score, heatmap)[:-1], "The end is missing"),
        (
            lambda score, heatmap: curve(score, heatmap, lambda heat: heat.ravel().argsort()),
            "coldest patches went first",
        ),
        (lambda score, heatmap: curve(score, heatmap, keep_it=True), "Hidden and kept are exchanged"),
        (alone, "hidden alone"),
        (lambda score, heatmap: curve(score, heatmap, lambda heat: np.arange(heat.size)), "not those of hiding"),
        (lambda score, heatmap: [score(np.ones(heatmap.size, bool))], "rows, columns"),
        (lambda score, heatmap: [score(np.ones(heatmap.shape))], "bool array"),
        (lambda score, heatmap: [1.0, 0.0], "values, from nothing hidden"),
    ],
)
def test_each_other_curve_has_its_hint(answer, hint):
    assert hint in told(check_deletion, answer)


def test_hints_of_one_exercise_are_all_different():
    hints = [told(check_deletion, answer) for answer in (alone, lambda score, heatmap: curve(score, heatmap)[1:])]
    assert all(one != other for one, other in itertools.combinations(hints, 2))
