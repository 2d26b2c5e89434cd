from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from handmade_grounding import expression, grounding
from hypothesis import given
from hypothesis import strategies as st

from iterprime_xai.records import Expression, Selection, WordMap
from iterprime_xai.records.expression import Word
from iterprime_xai.saliency.refinement import BLANK
from iterprime_xai.visualize import describe


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.4321, "0.432"),
        (-0.5, "−0.5"),
        (123.4, "123"),
        (2500.0, "2500"),
        (3.14e-10, "3.1×10⁻¹⁰"),
        (-2e-38, "−2.0×10⁻³⁸"),
        (1e30, "1.0×10³⁰"),
        (float("nan"), "not a number"),
        (float("inf"), "∞"),
    ],
)
def test_number_is_short_at_any_magnitude(value: float, shown: str) -> None:
    assert describe.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0.00"),
        (0.001, "< 0.01"),
        (0.5, "0.50"),
        (0.994, "0.99"),
        (0.9999, "> 0.99"),
        (1.0, "1.00"),
        (float("nan"), "not a number"),
    ],
)
def test_probability_is_never_rounded_to_certainty(value: float, shown: str) -> None:
    assert describe.probability(value) == shown


@pytest.mark.parametrize(("share", "shown"), [(0, "0 %"), (0.0001, "< 0.1 %"), (0.036, "3.6 %"), (0.5, "50 %")])
def test_percent_keeps_small_shares_visible(share: float, shown: str) -> None:
    assert describe.percent(share) == shown


@given(st.lists(st.text("ab ,’🐕א", max_size=4), max_size=6), st.data())
def test_pieces_put_together_are_the_phrase(parts: list[str], data: st.DataObject) -> None:
    text = "x" + "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False)) or [(0, 1)]
    words = tuple(Word(text[start:end], (start, end), True, "X") for start, end in spans)
    found = describe.pieces(Expression(text, words, 0, spans[0]))
    assert "".join(piece.text for piece in found) == text
    assert [piece.word for piece in found if piece.word is not None] == list(range(len(words)))


def _word(text: str, span: tuple[int, int], *values: float) -> WordMap:
    return WordMap(text, span, np.array([values], np.float32))


def test_shares_split_the_positive_heat_and_sum_to_one() -> None:
    words = [_word("a", (0, 1), 1e-10, 2e-10), _word("b", (2, 3), 1e-10, -5e-10), _word("c", (4, 5), 0, 0)]
    assert describe.shares(words) == pytest.approx((0.75, 0.25, 0.0))


def test_shares_of_blank_words_are_zero() -> None:
    assert describe.shares([_word("a", (0, 1), 0, 0)]) == (0.0,)


def test_shading_is_relative_to_the_hottest_word_and_none_without_a_map() -> None:
    phrase = expression("red ball here", "ball")
    words = [_word("red", (0, 3), 1, 1), _word("ball", (4, 8), 2, 2)]
    assert describe.shading(phrase, words) == (0.5, 1.0, None)


def test_headline_says_match_peak_and_mask() -> None:
    match, peak, mask = describe.headline(grounding())
    assert match == "Match probability 0.94."
    assert peak == "The heat peaks at pixel (85, 270)."
    assert mask == "The mask covers 3.6 % of the picture (6,276 px); margin 0.59 (0 is a toss-up, 1 no rival)."


def test_headline_says_that_a_blank_map_is_no_evidence() -> None:
    blank = replace(grounding(), heatmap=np.zeros((14, 14), np.float32), point=None)
    assert describe.headline(blank)[1] == "No evidence: the map is blank."


def test_evidence_tells_blank_broken_and_negative_maps_apart() -> None:
    assert describe.evidence(np.array([[0.0, 1e-12]])) is None
    assert describe.evidence(np.array([[2.0, 2.0]])) == describe.BLANK
    assert describe.evidence(np.array([[np.nan, 1.0]])) == describe.BROKEN
    assert describe.evidence(np.array([[-2.0, -1.0]])) == describe.NEGATIVE


def test_mask_sentence_tells_abstention_from_saliency_only() -> None:
    assert describe.mask_sentence(grounding(mask=False)) == "No mask: saliency only."
    abstained = grounding(mask=False, selection=Selection((), None, 0.0, "heat", "The match is unlikely."))
    assert describe.mask_sentence(abstained) == "No mask: the selection abstained (The match is unlikely)."


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((0.94, 0.87), ("0.94", "0.87")),
        ((0.1084, 0.1141, 0.1062), ("0.108", "0.114", "0.106")),
        ((0.99997, 0.99991), ("> 0.9999", "0.9999")),
        ((0.5, 0.5), ("0.50", "0.50")),
        ((float("nan"), 0.5), ("not a number", "0.50")),
    ],
)
def test_probabilities_of_passes_show_which_is_larger(values: tuple[float, ...], shown: tuple[str, ...]) -> None:
    look = grounding(passes=1).passes[0]
    assert describe.probabilities([replace(look, probability=value) for value in values]) == shown


def test_words_note_explains_a_row_of_blank_maps() -> None:
    whole = grounding(passes=1)
    look = whole.passes[0]
    blank = tuple(replace(word, heatmap=np.zeros((14, 14), np.float32)) for word in look.words)
    assert "in pass 1, on its own colour scale" in describe.words_note(whole)
    assert "no word has heat" in describe.words_note(replace(whole, passes=(replace(look, words=blank),)))


def test_final_pass_is_the_last_that_was_used() -> None:
    assert describe.final_pass(grounding(passes=3)) == 1
    assert describe.final_pass(grounding(passes=1)) == 0


def test_hidden_counts_the_patches_that_a_pass_did_not_see() -> None:
    first, second, _ = grounding().passes
    assert describe.hidden(first) == "whole picture"
    assert describe.hidden(second) == f"{int((~second.keep).sum())} of 196 patches hidden"


def test_main_settings_show_the_name_of_a_record_and_look_inside_the_recipe() -> None:
    line = describe.main_settings(grounding())
    assert line == (
        "model handmade  ·  method gradcam  ·  recipe default  ·  layer 2  ·  emphasis both  ·  "
        "proposals classical (by hand)  ·  answer always"
    )


def test_caveats_are_the_sentences_that_limit_what_may_be_read() -> None:
    assert describe.caveats(grounding().trace) == (
        "layer 2, two thirds of the depth: not validated for this checkpoint",
    )


@pytest.mark.parametrize(
    "note",
    [
        "headless phrase: no noun names the target, 'blank' stands in for it",
        "iterprime-tiny never saw the word 'blank'; the nearest word that it knows is 'blanket'",
        """C:\\models\\mine never saw the word "dog's"; no word that it knows is near""",
        "layer 8, as in LAVIS's notebook: not validated for this checkpoint",
        "layer 3, from the checkpoint's profile (not validated for this checkpoint)",
        "pass 1: match probability 0.0011 (logit -6.8), 576 of 576 patches seen; stopped: the map is blank",
        "abstained: the match probability 0.100 is below 0.5",
        "the heatmap is nowhere positive and tells nothing: the mask with the highest proposer score stands first",
        "iterprime-tiny was trained on synthetic scenes only: do not trust it on photographs. For those: `hf download x`",
    ],
)
def test_every_note_that_limits_a_finding_is_a_caveat(note: str) -> None:
    assert describe.caveats([note]) == (note,)


@pytest.mark.parametrize(
    "note",
    [
        "primary word 'blank' from parser rules (confidence 0.92)",
        "primary word 'headless' from parser rules (confidence 0.92)",
        "primary word \"abstained: x never saw the word 'y'\" from parser rules (confidence 0.92)",
        "primary word 'it\\'s \"blank\" never saw the word' from parser rules (confidence 0.92)",
        "3 proposals from the blank headless abstained set",
        "blank-model, frame 2 of 3 taken",
        "layer 3, from the checkpoint's profile (chosen on 800 scenes; do not trust blindly)",
        "pass 2: match probability 0.9000 (logit 2.2), 400 of 576 patches seen; stopped: the match probability fell",
    ],
)
def test_words_of_the_user_in_a_note_raise_no_false_alarm(note: str) -> None:
    assert describe.caveats([note]) == ()


def test_a_pass_that_stops_at_a_blank_map_is_known_by_the_words_of_the_refinement() -> None:
    assert describe.caveats([f"pass 1: 9 of 9 patches seen; stopped: {BLANK}"])


def test_alt_text_says_phrase_primary_word_match_and_passes() -> None:
    text = describe.alt_text(grounding())
    assert "“the red ball left of the tree”" in text
    assert "Primary word: ball." in text
    assert text.endswith("3 passes, match 0.94, 0.87, 0.80.")


def test_one_line_drops_breaks_controls_and_reordering() -> None:
    assert describe.one_line("a\n\tb\x07c\u202ed\u200be") == "a b cde"


@pytest.mark.parametrize(("text", "expected"), [("a כ", False), ("3 כדור", True), ("الكرة", True), ("12 !", False)])
def test_direction_follows_the_first_letter_that_has_one(text: str, expected: bool) -> None:
    assert describe.right_to_left(text) is expected


def test_a_map_that_is_nowhere_positive_is_blank_too() -> None:
    assert describe.blank(np.array([[-2.0, -1.0]]))
    assert describe.blank(np.array([[0.0, -1.0]]))
    assert not describe.blank(np.array([[-2.0, 1e-30]]))
