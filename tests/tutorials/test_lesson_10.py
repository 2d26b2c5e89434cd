"""Lesson 10: right answers pass, likely mistakes get the hint that is meant for them, dots stay open."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation.bootstrap import difference
from iterprime_xai.tutorials.lesson_10 import (
    check_in_the_left_part,
    check_mask_vectors,
    check_nth_from,
    check_verdict,
)


def unit(vectors):
    return vectors / vectors.norm(dim=-1, keepdim=True)


def vectors(inside, crops, alpha):
    return alpha * unit(inside) + (1 - alpha) * unit(crops)


def centres(masks, axis=1):
    return np.array([np.nonzero(mask)[axis].mean() for mask in masks])


def left(masks):
    return centres(masks) < np.median(centres(masks))


def nth(columns, fits, number, side):
    places = [place for place in np.argsort(columns) if fits[place]]
    places = places if side == "left" else places[::-1]
    return places[min(number, len(places)) - 1]


def verdict(before, after, pictures):
    found = difference(after, before, pictures)
    return "helps" if found.low > 0 else "hurts" if found.high < 0 else "cannot tell"


RIGHT = [
    (check_mask_vectors, vectors),
    (check_mask_vectors, lambda *given: unit(vectors(*given))),
    (check_in_the_left_part, left),
    (check_nth_from, nth),
    (check_verdict, verdict),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_a_right_answer_passes(check, answer):
    assert check(answer).status == "passed", check(answer).sentence


@pytest.mark.parametrize("check", [check for check, _ in RIGHT])
@pytest.mark.parametrize("answer", [..., lambda *_: ...])
def test_dots_are_open(check, answer):
    assert check(answer).status == "open"


def said(check, answer) -> str:
    found = check(answer)
    assert found.status == "wrong"
    return found.sentence


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda inside, crops, alpha: alpha * inside + (1 - alpha) * crops, "the longer one wins"),
        (lambda inside, crops, alpha: unit(alpha * inside + (1 - alpha) * crops), "the longer one wins"),
        (lambda inside, crops, alpha: vectors(inside, crops, 1 - alpha), "the wrong vector"),
        (lambda i, c, alpha: alpha * i / i.norm() + (1 - alpha) * c / c.norm(), "the whole table"),
        (lambda inside, crops, alpha: alpha * unit(inside) + (1 - alpha) * crops, "One of the two"),
        (lambda inside, crops, alpha: unit(inside) + unit(crops), "Alpha is missing"),
        (lambda inside, crops, alpha: vectors(inside, crops, alpha).mean(0), "one vector for every mask"),
        (lambda inside, crops, alpha: vectors(inside, crops, alpha) + 1, "weighted sum"),
    ],
)
def test_hints_for_the_vectors(answer, hint):
    assert hint in said(check_mask_vectors, answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda masks: centres(masks) < masks.shape[2] / 2, "half of the *picture*"),
        (lambda masks: centres(masks) > np.median(centres(masks)), "the other side"),
        (lambda masks: centres(masks, 0) < np.median(centres(masks, 0)), "upper part"),
        (lambda masks: centres(masks) <= np.median(centres(masks)), "at* the median"),
        (lambda masks: centres(masks) < centres(masks).mean(), "the mean"),
        (lambda masks: left(masks).astype(int), "True or False"),
        (lambda masks: left(masks)[:2], "One answer a mask"),
        (lambda masks: np.zeros(len(masks), bool), "Not yet"),
    ],
)
def test_hints_for_the_left_part(answer, hint):
    assert hint in said(check_in_the_left_part, answer)


def in_list_order(columns, fits, number, side):
    places = np.flatnonzero(fits)
    return places[min(number, len(places)) - 1]


def without_an_end(columns, fits, number, side):
    places = [place for place in np.argsort(columns) if fits[place]]
    return (places if side == "left" else places[::-1])[number - 1]


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda columns, fits, number, side: nth(columns, fits | True, number, side), "count every mask"),
        (lambda columns, fits, number, side: nth(-columns, fits, number, side), "wrong side"),
        (lambda columns, fits, number, side: nth(columns, fits, number + 1, side), "one too far"),
        (in_list_order, "order of the list"),
        (without_an_end, "fewer masks fit"),
        (lambda columns, fits, number, side: columns[nth(columns, fits, number, side)] + 0.5, "not its column"),
        (lambda columns, fits, number, side: columns, "One number"),
        (lambda columns, fits, number, side: nth(columns[fits], fits[fits], number, side), "among those that fit"),
        (lambda columns, fits, number, side: nth(columns, fits, number, "left"), "From the left it is right"),
        (lambda columns, fits, number, side: 1, "Which masks fit"),
    ],
)
def test_hints_for_counting(answer, hint):
    assert hint in said(check_nth_from, answer)


def by_the_mean(before, after, pictures):
    mean = np.mean(after) - np.mean(before)
    return "helps" if mean > 0 else "hurts" if mean < 0 else "cannot tell"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (by_the_mean, "holds 0"),
        (lambda before, after, pictures: verdict(after, before, pictures), "other way round"),
        (lambda before, after, pictures: verdict(before, after, range(len(pictures))), "hand over the pictures"),
        (lambda before, after, pictures: "cannot tell", "That can be told"),
        (lambda before, after, pictures: True, "was expected"),
    ],
)
def test_hints_for_the_verdict(answer, hint):
    assert hint in said(check_verdict, answer)
