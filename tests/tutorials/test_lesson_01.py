"""Lesson 1: right answers pass, likely mistakes get their own hint, dots are open."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from iterprime_xai.tutorials.lesson_01 import check_against, check_attention, check_place


def attend(queries, keys):
    return (queries @ keys.T / queries.shape[-1] ** 0.5).softmax(-1)


def test_the_formula_of_attention_passes():
    assert check_attention(attend).passed
    assert check_attention(lambda q, k: ...).status == "open"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda q, k: q @ k.T / q.shape[-1] ** 0.5, "go through a softmax"),
        (lambda q, k: (q @ k.T).softmax(-1), "not divided by √width"),
        (lambda q, k: (q @ k.T / q.shape[-1]).softmax(-1), "its square root"),
        (lambda q, k: (q @ k.T / q.shape[-1] ** 0.5).softmax(0), "runs over the tokens"),
        (lambda q, k: attend(q, k).T, "changed places"),
        (lambda q, k: attend(q, k)[None], "should come (3, 5)"),
        (lambda q, k: 1 - attend(q, k), "values differ"),
        (lambda q, k: q @ k, "RuntimeError"),
    ],
)
def test_each_likely_mistake_of_attention_has_its_hint(function, said):
    verdict = check_attention(function)
    assert verdict.status == "wrong"
    assert said in verdict.sentence


def place(values, rows, columns, width, height):
    row, column = divmod(int(values[1:].argmax()), columns)
    return (column + 0.5) * width / columns, (row + 0.5) * height / rows


def off_by_one(values, rows, columns, width, height):
    row, column = divmod(int(values[2:].argmax()) + 2, columns)
    return (column + 0.5) * width / columns, (row + 0.5) * height / rows


def grid_turned(values, rows, columns, width, height):
    column, row = divmod(int(values[1:].argmax()), rows)
    return (column + 0.5) * width / columns, (row + 0.5) * height / rows


def corner(values, rows, columns, width, height):
    row, column = divmod(int(values[1:].argmax()), columns)
    return column * width / columns, row * height / rows


def test_the_middle_of_the_hottest_patch_passes():
    assert check_place(place).passed
    assert check_place(lambda *given: tuple(int(each) for each in place(*given))).passed
    assert check_place(lambda *given: None).status == "open"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (off_by_one, "moved on by one"),
        (lambda *given: place(*given)[::-1], "first number is x"),
        (corner, "corner of the patch"),
        (lambda v, r, c, w, h: divmod(int(v[1:].argmax()), c)[::-1], "not yet a pixel"),
        (grid_turned, "how many does each row have?"),
        (lambda *given: 7, "Two numbers"),
        (lambda *given: (0.0, 1.0), "Not there yet"),
    ],
)
def test_each_likely_mistake_of_the_place_has_its_hint(function, said):
    verdict = check_place(function)
    assert verdict.status == "wrong"
    assert said in verdict.sentence


def made(from_gradient):
    """A student's function that works out the gradient rightly and then does something with G and C."""

    def function(score, attention):
        (gradient,) = torch.autograd.grad(score, attention)
        return from_gradient(gradient[0], attention[0])

    return function


def against(g, c):
    return ((-g).clamp(min=0) * c).mean(0)[:, 1:]


def test_what_speaks_against_passes():
    assert check_against(made(against)).passed
    assert check_against(made(lambda g, c: against(g, c).detach().numpy())).passed
    assert check_against(lambda score, attention: ...).status == "open"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (made(lambda g, c: (g.clamp(min=0) * c).mean(0)[:, 1:]), "speaks *for* the match"),
        (made(lambda g, c: (g.clamp(max=0) * c).mean(0)[:, 1:]), "Right, but negative"),
        (made(lambda g, c: (-g * c).mean(0)[:, 1:]), "Both signs"),
        (made(lambda g, c: (g.abs() * c).mean(0)[:, 1:]), "absolute value"),
        (made(lambda g, c: (-g).clamp(min=0).mean(0)[:, 1:]), "gradient alone"),
        (made(lambda g, c: ((-g.mean(0)).clamp(min=0) * c.mean(0))[:, 1:]), "came before max(0, ·)"),
        (made(lambda g, c: ((-g).clamp(min=0) * c).sum(0)[:, 1:]), "were added up"),
        (made(lambda g, c: ((-g).clamp(min=0) * c).mean(0)), "One column too many"),
        (made(lambda g, c: ((-g).clamp(min=0) * c)[..., 1:]), "should come (tokens, patches)"),
        (made(lambda g, c: against(g, c) + 1), "values differ"),
        (lambda score, attention: torch.autograd.grad(score, attention[0])[0], "Autograd found no way"),
    ],
)
def test_each_likely_mistake_of_what_speaks_against_has_its_hint(function, said):
    verdict = check_against(function)
    assert verdict.status == "wrong"
    assert said in verdict.sentence
