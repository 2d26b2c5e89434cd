"""Words that a closed vocabulary lacks, and which known word is named for them."""

from __future__ import annotations

import pytest

from iterprime_xai.models.finding import BUNDLED_FOLDER
from iterprime_xai.models.vocabulary import known_words, nearest_word, unknown_words

KNOWN = frozenset(
    "a the bike horse dog cat blue below beneath pig sheep kitty woman child under umbrella t-shirt shirt left bear".split()
)


def test_single_letters_pieces_marks_and_special_tokens_are_no_words():
    assert known_words(["a", "b", "##b", "[CLS]", "!", "7", "dog", "2nd", "t-shirt"]) == {"a", "dog", "2nd", "t-shirt"}


def test_numbers_clitics_and_known_parts_are_passed_over():
    words = ("dog", "'s", "n't", "’s", "7", "12", "dog's", "blue-left", "t-shirt", "the", "x", "doggg")
    assert set(unknown_words(words, KNOWN, str.lower)) == {"x", "doggg"}


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("horses", "horse"),
        ("horsee", "horse"),
        ("bikes", "bike"),
        ("children", "child"),
        ("women", "woman"),
        ("undr", "under"),
        ("kitten", "kitty"),
        ("motorbike", "bike"),
        ("umbrela", "umbrella"),
        ("table", None),
        ("bench", None),
        ("bowl", None),
        ("pink", None),
        ("beard", "bear"),
        ("xylophone", None),
        ("carpet", None),
        ("hotdog", None),
        ("左边", None),
    ],
)
def test_the_nearest_word_is_a_form_or_a_neighbour_or_none(word, nearest):
    assert nearest_word(word, KNOWN) == nearest


def test_words_of_the_bundled_model_are_known_whatever_their_case():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(BUNDLED_FOLDER / "tiny")
    known = known_words(tokenizer.get_vocab())
    assert {"a", "bike", "tree", "left"} <= known
    assert not known & set("bcdefghijklmnopqrstuvwxyz")
