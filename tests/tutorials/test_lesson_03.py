"""Checks of lesson 3: right answers pass, likely mistakes get a hint of their own, what is not begun is open."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation.bootstrap import difference, interval
from iterprime_xai.tutorials.lesson_03 import (
    check_choose_and_report,
    check_counter_example,
    check_pooled_score,
    check_tied,
)


def pooled(hidden, head):
    return head(hidden.mean(1))[0, 1]


POOLED_MISTAKES = {
    "[CLS] alone": lambda hidden, head: head(hidden[:, 0])[0, 1],
    "does not match": lambda hidden, head: head(hidden.mean(1))[0, 0],
    "before the softmax": lambda hidden, head: head(hidden.mean(1)).softmax(-1)[0, 1],
    "sum over the tokens": lambda hidden, head: head(hidden.sum(1))[0, 1],
    "left out": lambda hidden, head: head(hidden[:, 1:].mean(1))[0, 1],
    "One number": lambda hidden, head: head(hidden.mean(1)),
    "graph is cut": lambda hidden, head: head(hidden.mean(1))[0, 1].detach(),
    "Return a tensor": lambda hidden, head: float(head(hidden.mean(1))[0, 1]),
}


def test_the_mean_over_tokens_passes():
    assert check_pooled_score(pooled).passed


@pytest.mark.parametrize("said", POOLED_MISTAKES)
def test_each_mistake_about_the_score_has_its_own_hint(said):
    found = check_pooled_score(POOLED_MISTAKES[said])
    assert found.status == "wrong"
    assert said in found.sentence


HITS = np.array([[1, 1, 0, 0], [1, 0, 1, 0]], bool)


def test_a_phrase_where_only_the_worse_choice_hits_is_a_counter_example():
    assert check_counter_example(2, HITS, best=0, other=1).passed
    assert check_counter_example(np.int64(2), HITS, best=0, other=1).passed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (0, "both choices point"),
        (3, "both choices miss"),
        (1, "other way round"),
        (9, "4 phrases"),
        ("2", "whole number"),
    ],
)
def test_each_wrong_phrase_says_why(answer, said):
    found = check_counter_example(answer, HITS, best=0, other=1)
    assert found.status == "wrong"
    assert said in found.sentence


def tied(hits, pictures):
    best = int(hits.mean(1).argmax())
    return [each for each in range(len(hits)) if difference(hits[best], hits[each], pictures).low <= 0]


def overlapping(hits, pictures):
    spans = [interval(each, pictures) for each in hits]
    best = max(spans, key=lambda span: span.mean)
    return [place for place, span in enumerate(spans) if span.high >= best.low]


def without_pictures(hits, pictures):
    return tied(hits, list(range(hits.shape[1])))


TIED_MISTAKES = {
    "Only the best is left": lambda hits, pictures: [int(hits.mean(1).argmax())],
    "separate intervals": overlapping,
    "far behind": lambda hits, pictures: [0, 1, 3],
    "pass `pictures` on": without_pictures,
    "best choice itself": lambda hits, pictures: tied(hits, pictures)[1:],
    "list of places": lambda hits, pictures: 3,
}


def test_the_paired_interval_over_pictures_passes():
    assert check_tied(tied).passed


@pytest.mark.parametrize("said", TIED_MISTAKES)
def test_each_mistake_about_ties_has_its_own_hint(said):
    found = check_tied(TIED_MISTAKES[said])
    assert found.status == "wrong"
    assert said in found.sentence


def reported(val, test):
    best = int(val.mean(1).argmax())
    return best, float(test[best].mean())


REPORT_MISTAKES = {
    "seen the answers": lambda val, test: (int(test.mean(1).argmax()), float(test.mean(1).max())),
    "flatters": lambda val, test: (int(val.mean(1).argmax()), float(val.mean(1).max())),
    "another one": lambda val, test: (int(np.argsort(val.mean(1))[1]), 0.5),
    "share of the test phrases": lambda val, test: (int(val.mean(1).argmax()), 0.123),
    "number of a row": lambda val, test: (5, 0.5),
    "Two things": lambda val, test: 1,
}


def test_chosen_on_val_and_reported_on_test_passes():
    assert check_choose_and_report(reported).passed


@pytest.mark.parametrize("said", REPORT_MISTAKES)
def test_each_mistake_about_the_report_has_its_own_hint(said):
    found = check_choose_and_report(REPORT_MISTAKES[said])
    assert found.status == "wrong"
    assert said in found.sentence


@pytest.mark.parametrize("check", [check_pooled_score, check_tied, check_choose_and_report])
def test_what_is_not_begun_is_open(check):
    assert check(...).status == "open"
    assert check(lambda *_: ...).status == "open"
    assert check_counter_example(..., HITS, best=0, other=1).status == "open"
