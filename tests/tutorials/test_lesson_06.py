"""Lesson 6's checks: the right answer passes, and each likely mistake gets the hint for it."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.masks.selection import matches
from iterprime_xai.tutorials.lesson_06 import check_disagree, check_fit, check_fool, check_redraw


def fit(shares, heat):
    covers = shares.reshape(len(shares), -1)
    covers = covers - covers.mean(axis=1, keepdims=True)
    values = heat.ravel() - heat.mean()
    return covers @ values / np.sqrt((covers**2).sum(axis=1) * (values**2).sum())


def cosine(shares, heat):
    covers, values = shares.reshape(len(shares), -1), heat.ravel()
    return covers @ values / np.sqrt((covers**2).sum(1) * (values**2).sum())


def one_mean(shares, heat):
    covers, values = (shares - shares.mean()).reshape(len(shares), -1), heat.ravel() - heat.mean()
    return covers @ values / np.sqrt((covers**2).sum(1) * (values**2).sum())


def covariance(shares, heat):
    covers = shares.reshape(len(shares), -1)
    return (covers - covers.mean(1, keepdims=True)) @ (heat.ravel() - heat.mean())


def box(top, left, height, width, side=40):
    mask = np.zeros((side, side), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def redraw(intersections, unions, pictures, random):
    names = np.unique(pictures)
    drawn = random.choice(names, len(names))
    rows = np.concatenate([np.flatnonzero(pictures == name) for name in drawn])
    return intersections[rows].sum() / unions[rows].sum()


HEAT = np.zeros((8, 8), np.float32)
HEAT[2:4, 2:4] = [[0.5, 0.6], [0.7, 1.0]]
TRUTH = box(8, 8, 14, 14)
FOOL = box(15, 15, 4, 4)
THINGS = [box(18, 18, 4, 4)] * 4
HALVES = [box(18, 18, 4, 2)] * 4
FLOOD = [*THINGS[:3], box(0, 0, 40, 40)]


@pytest.mark.parametrize(
    "verdict",
    [
        lambda: check_fit(fit),
        lambda: check_fit(matches),
        lambda: check_fit(lambda shares, heat: [np.corrcoef(each.ravel(), heat.ravel())[0, 1] for each in shares]),
        lambda: check_fool(FOOL, HEAT, TRUTH),
        lambda: check_disagree(THINGS, HALVES, FLOOD),
        lambda: check_redraw(redraw),
    ],
)
def test_a_right_answer_passes(verdict):
    assert verdict().status == "passed", verdict().sentence


@pytest.mark.parametrize(
    "verdict",
    [
        lambda: check_fit(lambda shares, heat: ...),
        lambda: check_fool(..., HEAT, TRUTH),
        lambda: check_disagree(..., ..., ...),
        lambda: check_redraw(lambda intersections, unions, pictures, random: ...),
    ],
)
def test_dots_are_open(verdict):
    assert verdict().status == "open"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda shares, heat: (shares * heat).sum((1, 2)), "sum of the heat inside"),
        (lambda shares, heat: (shares * heat).sum((1, 2)) / shares.sum((1, 2)), "mean heat inside"),
        (cosine, "That is the cosine"),
        (covariance, "the lengths are missing"),
        (one_mean, "Each mask has its own"),
        (lambda shares, heat: fit(shares, heat)[:2], "there should be 6 numbers"),
        (lambda shares, heat: 3 + fit(shares, heat), "between -1 and 1"),
        (lambda shares, heat: np.abs(fit(shares, heat)), "not the correlation"),
    ],
)
def test_a_fit_that_is_wrong_gets_its_own_hint(answer, hint):
    check = check_fit(answer)
    assert check.status == "wrong"
    assert hint in check.sentence


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (TRUTH, "that is a hit"),
        (np.zeros((40, 40), bool), "empty"),
        (FOOL.astype(float), "A mask is bool"),
        (FOOL[:5], "picture's size"),
        (box(0, 0, 4, 4), "hottest pixel"),
        (box(0, 0, 40, 40), "pull a mean down"),
    ],
)
def test_a_mask_that_fools_nobody_gets_its_own_hint(answer, hint):
    check = check_fool(answer, HEAT, TRUTH)
    assert check.status == "wrong"
    assert hint in check.sentence


@pytest.mark.parametrize(
    ("lists", "hint"),
    [
        ((THINGS[:2], HALVES[:2], FLOOD[:2]), "At least three"),
        ((THINGS, HALVES[:3], FLOOD), "one mask a picture"),
        (([box(4, 4, 30, 30), *THINGS[1:]], HALVES, FLOOD), "different sizes"),
        ((THINGS, FLOOD, HALVES), "the other way round"),
        ((THINGS, HALVES, [box(0, 0, 40, 40)] * 4), "behind in mIoU"),
        ((THINGS, HALVES, THINGS), "ahead in oIoU"),
        (([box(0, 0, 0, 0)] * 4, HALVES, FLOOD), "empty"),
        (([mask * 1.0 for mask in THINGS], HALVES, FLOOD), "must be bool"),
    ],
)
def test_metrics_that_agree_get_their_own_hint(lists, hint):
    check = check_disagree(*lists)
    assert check.status == "wrong"
    assert hint in check.sentence


def of_phrases(intersections, unions, pictures, random):
    rows = random.integers(0, len(unions), len(unions))
    return intersections[rows].sum() / unions[rows].sum()


def without_replacement(intersections, unions, pictures, random):
    names = np.unique(pictures)
    rows = np.isin(pictures, random.choice(names, len(names), replace=False))
    return intersections[rows].sum() / unions[rows].sum()


def each_once(intersections, unions, pictures, random):
    names = np.unique(pictures)
    rows = np.isin(pictures, random.choice(names, len(names)))
    return intersections[rows].sum() / unions[rows].sum()


def mean_of_ious(intersections, unions, pictures, random):
    names = np.unique(pictures)
    rows = np.concatenate([np.flatnonzero(pictures == name) for name in random.choice(names, len(names))])
    return (intersections[rows] / unions[rows]).mean()


def weighted_by_phrases(intersections, unions, pictures, random):
    names = np.unique(pictures)
    drawn = random.choice(names, 2 * len(names))
    rows = np.concatenate([np.flatnonzero(pictures == name) for name in drawn])
    return intersections[rows].sum() / unions[rows].sum()


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (of_phrases, "torn apart"),
        (without_replacement, "*with* replacement"),
        (each_once, "counted once"),
        (mean_of_ious, "mean of the IoUs"),
        (weighted_by_phrases, "torn apart|as many pictures|counted once"),
    ],
)
def test_a_redraw_that_is_wrong_gets_its_own_hint(answer, hint):
    check = check_redraw(answer)
    assert check.status == "wrong"
    assert any(each in check.sentence for each in hint.split("|")), check.sentence
