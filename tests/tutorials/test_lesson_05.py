"""Lesson 5's checks: the right answer passes, and each likely mistake gets the hint for it."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.tutorials.lesson_05 import check_break_even, check_counted, check_stubborn, check_weights


def weights(n, a):
    return np.array([(1 - a) ** (n - 1), *(a * (1 - a) ** (n - 1 - look) for look in range(1, n))])


def counted(probabilities, keep_rejected):
    numbers = [0]
    for number in range(1, len(probabilities)):
        fell = probabilities[number] < probabilities[number - 1]
        if not fell or keep_rejected:
            numbers.append(number)
        if fell:
            break
    return numbers


def break_even(first, after):
    repaired, spoiled = after[~first].mean(), (~after[first]).mean()
    return repaired / (repaired + spoiled)


def stubborn(values, elsewhere=0.0):
    heat = np.full((4, 4), elsewhere)
    heat[:2, :2] = values
    return heat


@pytest.mark.parametrize(
    "verdict",
    [
        lambda: check_weights(weights),
        lambda: check_weights(lambda n, a: list(weights(n, a))),
        lambda: check_counted(counted),
        lambda: check_stubborn(stubborn([[1.0, 0.4], [0.4, 0.4]])),
        lambda: check_stubborn(stubborn([[3e-9, 1e-9], [1e-9, 1e-9]]).tolist()),
        lambda: check_break_even(break_even),
    ],
)
def test_a_right_answer_passes(verdict):
    assert verdict().status == "passed", verdict().sentence


@pytest.mark.parametrize(
    "verdict",
    [
        lambda: check_weights(lambda n, a: ...),
        lambda: check_counted(lambda probabilities, keep_rejected: ...),
        lambda: check_stubborn(...),
        lambda: check_break_even(lambda first, after: ...),
    ],
)
def test_dots_are_open(verdict):
    assert verdict().status == "open"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda n, a: weights(n, a)[::-1], "the first look comes first"),
        (lambda n, a: weights(n, 1 - a), "the other way round"),
        (lambda n, a: np.array([a * (1 - a) ** (n - 1 - look) for look in range(n)]), "nothing to blend|sum to"),
        (lambda n, a: np.ones(n) / n, "are not those of the blend"),
        (lambda n, a: weights(n + 1, a), "there should be 3 numbers"),
    ],
)
def test_weights_that_are_wrong_get_their_own_hint(answer, hint):
    check = check_weights(answer)
    assert check.status == "wrong"
    assert any(each in check.sentence for each in hint.split("|")), check.sentence


def against_the_first(probabilities, keep_rejected):
    numbers = [0]
    for number in range(1, len(probabilities)):
        fell = probabilities[number] < probabilities[0]
        if not fell or keep_rejected:
            numbers.append(number)
        if fell:
            break
    return numbers


def never_stops(probabilities, keep_rejected):
    fell = [False, *(np.diff(probabilities) < 0)]
    return [number for number, each in enumerate(fell) if keep_rejected or not each]


def equal_is_a_fall(probabilities, keep_rejected):
    numbers = [0]
    for number in range(1, len(probabilities)):
        fell = probabilities[number] <= probabilities[number - 1]
        if not fell or keep_rejected:
            numbers.append(number)
        if fell:
            break
    return numbers


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (against_the_first, "not with the first one"),
        (never_stops, "nobody looks any more"),
        (equal_is_a_fall, "An equal probability is not a fall"),
        (lambda probabilities, keep_rejected: counted(probabilities, False), "the look that fell is in the map, too"),
        (lambda probabilities, keep_rejected: counted(probabilities, True), "the look that fell is left out"),
        (
            lambda probabilities, keep_rejected: [n + 1 for n in counted(probabilities, keep_rejected)],
            "its number is 0",
        ),
    ],
)
def test_a_stop_rule_that_is_wrong_gets_its_own_hint(answer, hint):
    check = check_counted(answer)
    assert check.status == "wrong"
    assert hint in check.sentence


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (np.ones((4, 4)), "flat"),
        (np.zeros((4, 4)), "blank"),
        (np.ones((2, 2)), "shape (4, 4)"),
        (stubborn([[1, 1], [1, 1]]), "4 patches are hidden"),
        (stubborn([[1, 0], [0, 0]]), "colder than a tenth"),
        (stubborn([[1, 0.4], [0.4, 0.4]], elsewhere=0.3), "of the heat lies on the target"),
    ],
)
def test_a_map_that_is_no_counter_example_gets_its_own_hint(answer, hint):
    check = check_stubborn(answer)
    assert check.status == "wrong"
    assert hint in check.sentence


def counts(first, after):
    repaired, spoiled = (after & ~first).sum(), (first & ~after).sum()
    return repaired / (repaired + spoiled)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda first, after: 1 - break_even(first, after), "share of *wrong* first looks"),
        (counts, "You divided counts"),
        (lambda first, after: after[~first].mean() / (~after[first]).mean(), "between 0 and 1"),
        (lambda first, after: after.mean(), "solve for x"),
    ],
)
def test_a_break_even_that_is_wrong_gets_its_own_hint(answer, hint):
    check = check_break_even(answer)
    assert check.status == "wrong"
    assert hint in check.sentence
