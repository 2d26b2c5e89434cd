"""Statements about scenes are what they claim to be: one true, one false, and only the picture tells which."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from plain_reading import Reader
from scenes_by_hand import TWO_BIKES

from iterprime_xai.data.scenes import Description, Relation, StatementPair, generate, statement_pairs, vocabulary_words
from iterprime_xai.data.scenes.changes import mentions_unseen
from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.statements import KINDS, holds, tell
from iterprime_xai.data.scenes.vocabulary import COLOURS, SPLITS


def pairs_of(split: str, scenes: int, count: int = 4) -> list[StatementPair]:
    rng = np.random.default_rng(1)
    return [pair for index in range(scenes) for pair in statement_pairs(generate(5, index, split), rng, count)]


@pytest.mark.parametrize("split", SPLITS)
def test_proved_statements_agree_with_an_independent_plain_reading(split: str) -> None:
    rng = np.random.default_rng(0)
    checked = 0
    for index in range(60):
        scene = generate(11, index, split)
        for lenient in (False, True):
            reader = Reader(scene, lenient)
            for pair in statement_pairs(scene, rng, 6):
                assert reader.holds(pair.true_statement), (scene, pair)
                assert reader.nothing_fits(pair.false_statement), (scene, pair)
                checked += 1
    assert checked > 600


def test_the_independent_reading_would_notice_wrong_statements() -> None:
    reader = Reader(TWO_BIKES, lenient=False)
    left = Statement(Description("bike", place="left"), Description(colour="blue"))
    assert not reader.holds(left)
    assert not reader.nothing_fits(Statement(Description("bike", place="left"), Description(colour="red")))


def test_a_statement_about_the_referent_is_false_when_the_other_one_has_the_colour() -> None:
    tree = Description("tree")
    subject = Description("bike", relations=(Relation("left of", tree),))
    assert holds(TWO_BIKES, Statement(subject, Description(colour="red"))) is True
    assert holds(TWO_BIKES, Statement(subject, Description(colour="blue"))) is False
    assert holds(TWO_BIKES, Statement(Description("bike"), Description(colour="red"))) is None


def test_a_pair_differs_and_names_a_known_kind() -> None:
    for pair in pairs_of("val", 50):
        assert pair.true != pair.false
        assert pair.kind in dict(KINDS)


def test_position_and_relation_dominate() -> None:
    kinds = Counter(pair.kind for pair in pairs_of("train", 400))
    share = (kinds["position"] + kinds["relation"]) / kinds.total()
    assert 0.52 < share < 0.65
    assert set(kinds) == {kind for kind, _ in KINDS}


@pytest.mark.parametrize("split", ["train", "val", "testA", "ood"])
def test_texts_never_name_the_combinations_kept_for_testb(split: str) -> None:
    for pair in pairs_of(split, 150):
        assert not mentions_unseen(pair.false_statement)
        assert not mentions_unseen(pair.true_statement)


def test_a_predicate_colour_counts_as_a_combination_with_the_subject() -> None:
    assert mentions_unseen(Statement(Description("dog"), Description(colour="red")))
    assert not mentions_unseen(Statement(Description("dog"), Description(colour="blue")))


@pytest.mark.parametrize("split", SPLITS)
def test_every_word_is_in_the_vocabulary(split: str) -> None:
    known = set(vocabulary_words())
    for pair in pairs_of(split, 150):
        assert set(f"{pair.true} {pair.false}".split()) <= known


def test_the_vocabulary_is_sorted_lower_case_and_without_doubles() -> None:
    words = vocabulary_words()
    assert words == sorted(set(words))
    assert all(word == word.lower() for word in words)
    assert set(COLOURS) <= set(words)


def test_true_and_false_texts_use_each_colour_and_place_word_equally_often() -> None:
    """A text-only reader must be no better than chance: no word may give a false text away."""
    pairs = pairs_of("train", 1600)
    true = Counter(word for pair in pairs for word in set(pair.true.split()))
    false = Counter(word for pair in pairs for word in set(pair.false.split()))
    for word in (*COLOURS, "left", "right", "top", "bottom", "above", "below", "small", "medium", "large", "second"):
        seen = true[word] + false[word]
        assert seen > 60, word
        assert abs(true[word] / seen - 0.5) < max(0.06, 2.6 * 0.5 / seen**0.5), (word, true[word], false[word])


def test_pairs_are_the_same_for_the_same_generator_and_differ_for_another() -> None:
    scene = generate(0, 3, "val")

    def texts(seed: int) -> list[tuple[str, str]]:
        return [(pair.true, pair.false) for pair in statement_pairs(scene, np.random.default_rng(seed), 5)]

    assert texts(4) == texts(4)
    assert texts(4) != texts(5)


def test_one_voice_says_two_statements_alike() -> None:
    tree = Description("tree")
    left = Statement(Description("bike", relations=(Relation("left of", tree),)), Description(colour="red"))
    right = Statement(Description("bike", relations=(Relation("right of", tree),)), Description(colour="red"))
    for seed in range(20):
        texts = [tell(each, Dice(seed), seed / 20) for each in (left, right)]
        assert texts[0].replace("left", "right") == texts[1]
