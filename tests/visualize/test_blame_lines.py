"""What passes and words did is said in short lines, and only where it is worth a sentence."""

from __future__ import annotations

import pytest

from iterprime_xai.evaluation.failures.blame import MapAnswer, PassChange, WordBlame
from iterprime_xai.visualize.blame_lines import pass_lines, verdict_lines, word_lines


def answer(iou: float | None) -> MapAnswer:
    return MapAnswer(0, iou, (1, 1), None)


def a_pass(number=1, change="first", iou=0.5, **more) -> PassChange:
    return PassChange(number, more.pop("used", True), answer(iou), change, **more)


def word(text="left", before=0.5, after=0.5, moved=None) -> WordBlame:
    return WordBlame(text, (0, 4), answer(before), answer(after), moved, 0.9, 0.9)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (a_pass(), "IoU 0.50"),
        (a_pass(2, "fixed", 0.75), "IoU 0.75, fixed the answer"),
        (a_pass(2, "broke", 0.125), "IoU 0.12, broke the answer"),
        (a_pass(2, "neither", 0.5), "IoU 0.50"),
        (a_pass(2, "unknown", None), ""),
        (
            a_pass(2, "not used", used=False, instead=answer(0.9), would="fixed"),
            "had it counted: IoU 0.90, would have fixed it",
        ),
        (
            a_pass(2, "not used", used=False, instead=answer(0.1), would="broke"),
            "had it counted: IoU 0.10, would have broken it",
        ),
        (a_pass(2, "not used", used=False, instead=answer(0.5), would="neither"), "had it counted: IoU 0.50"),
        (a_pass(2, "not used", used=False), ""),
        (a_pass(2, "not used", used=False, instead=answer(None), would="unknown"), ""),
    ],
)
def test_a_line_a_pass(change, line):
    assert pass_lines([change]) == (line,)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (word(after=0.75), "without it: IoU +0.25"),
        (word(after=0.25), "without it: IoU -0.25"),
        (word(after=0.504), "without it: the same answer"),
        (word(after=0.506), "without it: IoU +0.01"),
        (word(before=None, after=None, moved=0.25), "without it the peak moves by 25% of the diagonal"),
        (word(before=None, after=None, moved=0.0), ""),
        (word(before=None, after=None, moved=None), ""),
    ],
)
def test_a_line_a_word(found, line):
    assert word_lines([found]) == (line,)


def test_passes_that_turned_the_answer_are_named_in_order():
    changes = [a_pass(), a_pass(2, "broke", 0.1), a_pass(3, "neither"), a_pass(4, "fixed", 0.9)]
    assert verdict_lines(changes, []) == ["Pass 2 broke the answer. Pass 4 fixed the answer."]


@pytest.mark.parametrize(("would", "verb"), [("fixed", "fixed"), ("broke", "broken")])
def test_a_pass_that_was_left_out_is_named_where_it_would_have_turned_the_answer(would, verb):
    left_out = a_pass(3, "not used", used=False, instead=answer(0.9), would=would)
    assert verdict_lines([a_pass(), a_pass(2, "neither"), left_out], []) == [
        f"Pass 3 was left out; it would have {verb} the answer."
    ]
    assert verdict_lines([a_pass(), a_pass(2, "fixed"), left_out], []) == ["Pass 2 fixed the answer."]


def test_the_word_that_changes_the_answer_most_is_named_with_both_figures():
    words = [word("the", 0.25, 0.3), word("left", 0.25, 0.75), word("dog", 0.25, 0.125)]
    assert verdict_lines([], words) == [
        "The word “left” is most to blame: without its map the IoU goes from 0.25 to 0.75."
    ]
    assert verdict_lines([], [word("dog", 0.75, 0.25)]) == [
        "The word “dog” holds the answer: without its map the IoU goes from 0.75 to 0.25."
    ]


def test_what_changes_little_or_is_not_known_is_no_verdict():
    assert verdict_lines([a_pass(), a_pass(2, "neither")], [word(after=0.54)]) == []
    assert verdict_lines([a_pass(), a_pass(2, "neither")], [word(after=0.56)]) != []
    assert verdict_lines([a_pass(1, "unknown", None)], [word(before=None, after=None, moved=0.5)]) == []
    assert verdict_lines([], []) == []
