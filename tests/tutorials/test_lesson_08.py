"""The checks of lesson 8: a right answer passes, and each likely mistake gets a hint of its own."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.tutorials.lesson_08 import check_hearing, check_hypothesis, check_price, check_to_blame

FUNCTIONS = (check_to_blame, check_price, check_hearing)


@pytest.mark.parametrize("check", FUNCTIONS)
@pytest.mark.parametrize("answer", [..., lambda *_: ..., lambda *_: None])
def test_an_answer_that_was_not_begun_is_open(check, answer):
    assert check(answer).status == "open"


def told(check, answer) -> str:
    verdict = check(answer)
    assert verdict.status == "wrong", verdict
    return verdict.sentence


def blame(iou, best, peak, half=0.5):
    if iou >= half:
        return "nobody"
    if best < half:
        return "proposals"
    return "choice" if peak else "heat"


def test_the_rules_in_their_order_pass():
    assert check_to_blame(blame).passed


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda iou, best, peak: blame(iou, best, not peak), "exchanged"),
        (lambda iou, best, peak: "nobody" if iou > 0.5 else blame(min(iou, 0.49), best, peak), "0.5 itself counts"),
        (lambda iou, best, peak: "proposals" if iou < 0.5 and best <= 0.5 else blame(iou, best, peak), "0.5 itself"),
        (lambda iou, best, peak: "heat" if not peak else blame(iou, best, peak), "before heat and choice"),
        (lambda iou, best, peak: blame(iou, best, peak) if best < 0.5 or peak else "heat", "nobody's fault"),
        (lambda iou, best, peak: "nobody" if iou >= 0.5 else "proposals", "not for want of one"),
        (lambda iou, best, peak: "the parser", "'the parser' came"),
    ],
)
def test_each_other_order_of_rules_has_its_hint(answer, hint):
    assert hint in told(check_to_blame, answer)


def price(ious, repaired, types, name):
    return 100 * (np.where(types == name, repaired, ious).mean() - ious.mean())


def test_the_gain_of_one_repair_over_all_phrases_passes():
    assert check_price(price).passed


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda i, r, t, n: price(i, r, t, n) / 100, "That is a share"),
        (lambda i, r, t, n: 100 * (r - i)[t == n].mean() if (t == n).any() else 0, "mean over the phrases of the type"),
        (lambda i, r, t, n: 100 * (r - i)[t == n].sum(), "sum over the phrases"),
        (lambda i, r, t, n: 100 * (r - i).mean(), "Every phrase was repaired"),
        (lambda i, r, t, n: 100 * ((r - i) * (t != "right")).mean(), "repairs every failure"),
        (lambda i, r, t, n: 100 * np.where(t == n, r, i).mean(), "mean IoU after the repair"),
        (lambda i, r, t, n: -price(i, r, t, n), "sign is turned round"),
        (lambda i, r, t, n: 100 * (r - i) * (t == n), "One number"),
        (lambda i, r, t, n: 3.0, "points were expected here"),
    ],
)
def test_each_other_price_has_its_hint(answer, hint):
    assert hint in told(check_price, answer)


def hears(ask, phrase, rewordings, changed):
    there = ask(phrase)
    return all(ask(each) == there for each in rewordings) and any(ask(each) != there for each in changed)


def moves(ask, phrase, changed):
    return any(ask(each) != ask(phrase) for each in changed)


def test_a_test_with_a_control_passes():
    assert check_hearing(hears).passed


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda ask, phrase, same, changed: moves(ask, phrase, changed), "what are the rewordings for"),
        (lambda ask, phrase, same, changed: not moves(ask, phrase, same), "hears nothing"),
        (
            lambda ask, phrase, same, changed: (
                not moves(ask, phrase, same) and all(ask(each) != ask(phrase) for each in changed)
            ),
            "is enough",
        ),
        (
            lambda ask, phrase, same, changed: (
                any(ask(each) == ask(phrase) for each in same) and moves(ask, phrase, changed)
            ),
            "None may",
        ),
        (lambda ask, phrase, same, changed: "yes", "True or false"),
    ],
)
def test_each_test_that_can_be_fooled_has_its_hint(answer, hint):
    assert hint in told(check_hearing, answer)


def hypothesis(change="proposals", to="perfect", refuted_if=lambda hit, iou: iou < 0.5):
    return {"change": change, "to": to, "refuted_if": refuted_if}


@pytest.mark.parametrize(
    ("change", "to"),
    [("proposals", "perfect"), ("phrase", "the green zebra"), ("picture", "orange zebra"), ("layer", 2)],
)
def test_one_change_that_an_outcome_can_refute_passes(change, to):
    assert check_hypothesis(hypothesis(change, to)).passed


def test_a_hypothesis_that_was_not_begun_is_open():
    assert check_hypothesis(...).status == "open"
    assert check_hypothesis(hypothesis(refuted_if=lambda hit, iou: ...)).status == "open"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (hypothesis(refuted_if=lambda hit, iou: False), "forbids nothing"),
        (hypothesis(refuted_if=lambda hit, iou: iou > 1), "forbids nothing"),
        (hypothesis(refuted_if=lambda hit, iou: True), "Which outcome would you survive"),
        (hypothesis(refuted_if=True), "A function was expected"),
        (hypothesis(("phrase", "layer")), "Change one thing at a time"),
        (hypothesis("colour"), "change is one of"),
        (hypothesis("phrase", "Right zebra near orange zebra "), "nothing is changed"),
        (hypothesis("phrase", 3), "is a text"),
        (hypothesis("picture", "green zebra"), "nothing is left that could be meant"),
        (hypothesis("picture", "zebra"), "one other thing"),
        (hypothesis("proposals", "gold"), '"perfect"'),
        (hypothesis("layer", 3), "nothing is changed"),
        (hypothesis("layer", 4), "blank"),
        (hypothesis("layer", 7), "from 0 to 4"),
        ({"chance": "phrase"}, "did you mean change?"),
        ({"change": "phrase", "to": "the zebra"}, "refuted_if is missing"),
        ("the masks", "A dictionary was expected"),
    ],
)
def test_each_hypothesis_that_is_none_has_its_hint(answer, hint):
    assert hint in told(check_hypothesis, answer)
