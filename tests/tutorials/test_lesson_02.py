"""Lesson 2: right answers pass, likely mistakes get their own hint, dots are open."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from iterprime_xai.tutorials.lesson_02 import (
    check_counter_example,
    check_gradcam,
    check_score_gradient,
    check_told_apart,
)

ATTENTION = [[0.6, 0.3, 0.0, 0.1], [0.6, 0.3, 0.0, 0.1]]
GRADIENT = [[-1.0, 2.0, 5.0, 0.0], [-1.0, 2.0, 5.0, 0.0]]


def test_a_counter_example_passes():
    assert check_counter_example(ATTENTION, GRADIENT).passed
    assert check_counter_example(..., ...).status == "open"


@pytest.mark.parametrize(
    ("attention", "gradient", "said"),
    [
        ([0.6, 0.4], [1.0, 2.0], "two axes"),
        (ATTENTION, [[1.0, 2.0]], "same shape"),
        ([[1.5, -0.5, 0.0, 0.0]] * 2, GRADIENT, "negative"),
        ([[0.6, 0.3, 0.0, 0.0]] * 2, GRADIENT, "adds up to 0.900"),
        (ATTENTION, [[-1.0, -2.0, 5.0, -3.0]] * 2, "dark everywhere"),
        (ATTENTION, [[3.0, 2.0, 1.0, 0.0]] * 2, "at the same patch"),
        (ATTENTION, [[2.0, 2.5, 5.0, 0.0]] * 2, "still peaks where attention does"),
        ([[0.6, 0.2, 0.2, 0.0]] * 2, GRADIENT, "still peaks where the gradient does"),
        ([[0.4, 0.4, 0.0, 0.2]] * 2, GRADIENT, "more than one highest patch"),
    ],
)
def test_what_a_counter_example_lacks_is_named(attention, gradient, said):
    verdict = check_counter_example(attention, gradient)
    assert verdict.status == "wrong"
    assert said in verdict.sentence


def gradcam(c, g):
    return (g.clamp(min=0) * c).mean(0)[:, 1:]


def test_the_formula_passes():
    assert check_gradcam(gradcam).passed
    assert check_gradcam(lambda c, g: gradcam(c, g).numpy()).passed
    assert check_gradcam(lambda c, g: ...).status == "open"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda c, g: (g.clamp(min=0) * c).mean(0), "One column too many"),
        (lambda c, g: (g.clamp(min=0) * c)[..., 1:], "heads are all still there"),
        (lambda c, g: (g.clamp(min=0) * c).mean(1)[:, 1:], "should come (tokens, patches)"),
        (lambda c, g: (g.mean(0).clamp(min=0) * c.mean(0))[:, 1:], "came before max(0, ·)"),
        (lambda c, g: (g * c).mean(0).clamp(min=0)[:, 1:], "came last"),
        (lambda c, g: (g * c).mean(0)[:, 1:], "Negative gradients still count"),
        (lambda c, g: (g.abs() * c).mean(0)[:, 1:], "whatever its sign"),
        (lambda c, g: (g.clamp(min=0) * c).sum(0)[:, 1:], "were added up"),
        (lambda c, g: c.mean(0)[:, 1:], "attention alone"),
        (lambda c, g: g.clamp(min=0).mean(0)[:, 1:], "gradient alone"),
        (lambda c, g: (g.clamp(min=0) * c).mean(0)[:, :-1], "dropped the last column"),
        (lambda c, g: gradcam(c, g) + 1, "values differ"),
        (lambda c, g: "a map", "A tensor was expected"),
    ],
)
def test_each_likely_mistake_of_the_formula_has_its_hint(function, said):
    verdict = check_gradcam(function)
    assert verdict.status == "wrong"
    assert said in verdict.sentence


def score_gradient(c, g):
    return c * (g - (c * g).sum(-1, keepdim=True) / c.sum(-1, keepdim=True))


def test_the_gradient_at_the_scores_passes():
    assert check_score_gradient(score_gradient).passed
    assert check_score_gradient(lambda c, g: None).status == "open"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda c, g: c * (g - g.mean(-1, keepdim=True)), "plain mean"),
        (lambda c, g: c * g, "Nothing was taken off"),
        (lambda c, g: g - (c * g).sum(-1, keepdim=True) / c.sum(-1, keepdim=True), "in front of the bracket"),
        (lambda c, g: score_gradient(c, g).clamp(min=0), "may be negative"),
        (lambda c, g: -score_gradient(c, g), "turned round"),
        (lambda c, g: c * (g - (c * g).sum() / c.sum()), "Every row"),
        (lambda c, g: c * (g - (c * g).sum(-1, keepdim=True)), "keeps some of it"),
        (lambda c, g: score_gradient(c, g).mean(0), "shape of the attention"),
        (lambda c, g: 2 * score_gradient(c, g), "autograd"),
    ],
)
def test_each_likely_mistake_at_the_scores_has_its_hint(function, said):
    verdict = check_score_gradient(function)
    assert verdict.status == "wrong"
    assert said in verdict.sentence


def told_apart(present, absent):
    pairs = [(a, b) for a in present for b in absent]
    return sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs)


def test_telling_apart_passes():
    assert check_told_apart(told_apart).passed
    assert check_told_apart(lambda a, b: ...).status == "open"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda a, b: sum(a) > sum(b), "not a yes or no"),
        (lambda a, b: 1 - told_apart(a, b), "Count the pairs"),
        (lambda a, b: sum(x > y for x in a for y in b) / len(a) / len(b), "Look at ties"),
        (lambda a, b: sum(x > y for x in a for y in b), "Did you divide"),
        (lambda a, b: sum(x > y for x, y in zip(a, b, strict=True)) / len(a), "numbers may differ"),
        (lambda a, b: abs(sum(x > y for x in a for y in b) / len(a) / len(b) - 0.5) * 2, "low when absent"),
    ],
)
def test_each_likely_mistake_of_telling_apart_has_its_hint(function, said):
    verdict = check_told_apart(function)
    assert verdict.status == "wrong"
    assert said in verdict.sentence
