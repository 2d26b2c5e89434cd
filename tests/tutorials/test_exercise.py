"""A check never raises: it passes, gives a hint, or says that nothing is there yet."""

from __future__ import annotations

import pytest

from iterprime_xai.tutorials.exercise import MIME, Hint, exercise, expect, result_of


@exercise("3.2", "Both agree.")
def check_double(function):
    found = result_of(function, 3)
    expect(found != 3, "Nothing was doubled.")
    if found != 6:
        raise Hint(f"Of 3 came {found}.")


def test_a_right_answer_passes_and_says_what_was_learned():
    verdict = check_double(lambda x: 2 * x)
    assert verdict.passed
    assert repr(verdict) == "✓ Exercise 3.2: Both agree."


@pytest.mark.parametrize("answer", [..., lambda x: ..., lambda x: None])
def test_dots_and_nothing_are_open_and_not_wrong(answer):
    assert check_double(answer).status == "open"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: x, "Nothing was doubled."),
        (lambda x: 7, "Of 3 came 7."),
        (6, "without brackets"),
        (lambda: 6, "TypeError"),
        (lambda x: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_wrong_answer_gets_a_hint_and_no_traceback(answer, said):
    verdict = check_double(answer)
    assert verdict.status == "wrong"
    assert said in verdict.sentence


def test_a_notebook_keeps_the_verdict_for_people_and_for_programs():
    bundle = check_double(lambda x: "<b>")._repr_mimebundle_()
    assert bundle[MIME] == {"exercise": "3.2", "status": "wrong", "sentence": "Of 3 came <b>."}
    assert "&lt;b&gt;" in bundle["text/html"]
