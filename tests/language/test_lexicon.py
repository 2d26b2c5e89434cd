"""What single words can be, and what their form says when no list has them."""

from __future__ import annotations

import pytest

from iterprime_xai.language.lexicon import lookup, singular, verb_base
from iterprime_xai.language.spelling import one_slip, repair


@pytest.mark.parametrize(
    ("word", "tag"),
    [
        ("umbrella", "N"), ("puppies", "N"), ("leftmost", "POS"), ("btm", "POS"), ("bottomleft", "POS"), ("17th", "ORD"),
        ("#23", "NUM"), ("12:30", "NUM"), ("greenest", "ADJ"), ("half-eaten", "PART"), ("red-haired", "ADJ"), ("t-shirt", "N"),
        ("cheesy", "ADJ"), ("hatless", "ADJ"), ("crouched", "PART"), ("held", "PART"), ("wearing", "ING"), ("building", "N"),
        ("bed", "N"), ("moped", "N"), ("forest", "N"), ("w/", "ADP"), ("someone", "PRON"),
    ],
)  # fmt: skip
def test_listed_words_and_their_forms_have_their_reading(word: str, tag: str) -> None:
    assert tag in lookup(word).tags
    assert lookup(word).known


@pytest.mark.parametrize(
    ("word", "tag"),
    [
        ("zorbing", "ING"),
        ("blorped", "PART"),
        ("frobly", "ADV"),
        ("snarkous", "ADJ"),
        ("wug", "N"),
        ("wugs", "N"),
        ("собака", "N"),
    ],
)
def test_unlisted_words_are_guessed_from_their_form(word: str, tag: str) -> None:
    entry = lookup(word)
    assert entry.tags == (tag,)
    assert not entry.known


def test_plurals_and_verb_forms_are_reduced() -> None:
    assert [singular(w) for w in ("men", "knives", "ponies", "glasses", "boxes", "bus")] == [
        "man", "knife", "pony", "glasses", "box", "bus",
    ]  # fmt: skip
    assert [verb_base(w) for w in ("sitting", "lying", "carries", "riding", "umbrella")] == [
        "sit",
        "lie",
        "carry",
        "ride",
        "",
    ]


def test_one_slip_is_repaired_and_listed_words_are_not() -> None:
    assert [repair(w) for w in ("secnd", "yelow", "leftt", "bhind", "table")] == [
        "second",
        "yellow",
        "left",
        "behind",
        "",
    ]
    assert lookup("secodn").repaired == "second"
    assert lookup("tower").repaired == ""


@pytest.mark.parametrize(
    ("word", "slip"), [("rihgt", True), ("rght", True), ("rigght", True), ("night", False), ("rights", False)]
)
def test_a_slip_is_one_letter_swapped_missing_or_added(word: str, slip: bool) -> None:
    assert one_slip(word, "right") is slip
