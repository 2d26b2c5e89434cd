"""Pairs of referring phrases: the true one means one thing, the false one fits nothing, and only the picture tells which."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from plain_reading import Reader
from scenes_by_hand import PLAIN, TWO_BIKES

from iterprime_xai.data.scenes import (
    Description,
    Thing,
    compose,
    generate,
    phrase_pairs,
    referent,
    statements,
    vocabulary_words,
)
from iterprime_xai.data.scenes.changes import mentions_unseen
from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.expressions import KINDS, SceneExpression
from iterprime_xai.data.scenes.vocabulary import COLOURS
from iterprime_xai.data.scenes.wording import Said


@pytest.fixture
def meanings(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Description]]:
    """What every phrase that is said meant, written down as it is said."""
    noted: dict[str, list[Description]] = {}

    def noting_say(description: Description, voice: Dice, *articles: str) -> Said:
        said = say(description, voice, *articles)
        noted.setdefault(said.text, []).append(description)
        return said

    def noting_expression(*asked) -> SceneExpression | None:
        found = expression_of_kind(*asked)
        if found is not None:
            noted.setdefault(found.text, []).append(found.description)
        return found

    say, say_headless, expression_of_kind = statements.say, statements.say_headless, statements.expression_of_kind
    monkeypatch.setattr(statements, "say", noting_say)
    monkeypatch.setattr(statements, "expression_of_kind", noting_expression)

    def noting_headless(description: Description, voice: Dice) -> Said:
        said = say_headless(description, voice)
        noted.setdefault(said.text, []).append(description)
        return said

    monkeypatch.setattr(statements, "say_headless", noting_headless)
    return noted


@pytest.mark.parametrize("split", ["train", "ood"])
def test_a_true_phrase_means_its_target_and_a_false_one_nothing_in_an_independent_reading(split, meanings) -> None:
    rng, checked = np.random.default_rng(0), 0
    for index in range(40):
        scene = generate(21, index, split)
        meanings.clear()
        pairs = phrase_pairs(scene, rng, 4)
        readers = [Reader(scene, lenient) for lenient in (False, True)]
        for pair in pairs:
            assert all(referent(scene, meant) == pair.target for meant in meanings[pair.true]), (scene.name, pair)
            for reader in readers:
                assert all(reader.matching(meant) == [pair.target] for meant in meanings[pair.true]), pair
                assert all(reader.nothing_fits(Statement(meant)) for meant in meanings[pair.false]), pair
            assert not any(mentions_unseen(Statement(meant)) for meant in meanings[pair.false])
            checked += 1
    assert checked > 120


def test_what_is_true_in_one_pair_of_a_scene_is_false_in_none() -> None:
    for index in range(60):
        pairs = phrase_pairs(generate(22, index, "train"), np.random.default_rng(index), 8)
        assert {pair.true for pair in pairs}.isdisjoint(pair.false for pair in pairs)


def test_phrases_of_a_scene_made_by_hand() -> None:
    pairs = phrase_pairs(TWO_BIKES, np.random.default_rng(0), 60)
    meant = {pair.true: pair.target for pair in pairs}
    assert meant["red bike"] == 1
    assert {text: target for text, target in meant.items() if text in ("tree", "the tree", "blue bike")}.items() <= {
        ("tree", 0),
        ("the tree", 0),
        ("blue bike", 2),
    }
    assert {pair.target for pair in pairs} == {0, 1, 2}
    assert "bike" not in meant, "there are two"
    said = {pair.false for pair in pairs}
    assert not said & {"red bike", "blue bike", "tree", "the tree", "bike"}


def test_a_phrase_without_a_noun_gets_a_twin_without_one() -> None:
    scene = compose(
        [Thing("cat", "red", "small", 0.15, 0.5, 0.16), Thing("dog", "red", "small", 0.85, 0.5, 0.16)], PLAIN
    )
    pairs = phrase_pairs(scene, np.random.default_rng(0), 800, ("position",))
    headless = {(pair.true, pair.target): pair.false for pair in pairs if len(pair.true.split()) == 1}
    assert set(headless) == {("left", 0), ("right", 1)}
    assert not {word for text in headless.values() for word in text.split()} & {"thing", "one", "object", "cat", "dog"}


def test_asked_for_kinds_only_and_all_of_them_otherwise() -> None:
    kinds: Counter[str] = Counter()
    for index in range(150):
        scene = generate(23, index, "train")
        kinds.update(pair.kind for pair in phrase_pairs(scene, np.random.default_rng(index), 4))
        few = phrase_pairs(scene, np.random.default_rng(index), 4, ("category", "attribute"))
        assert {pair.kind for pair in few} <= {"category", "attribute"}
    assert set(kinds) == {kind for kind, _ in KINDS}


def test_no_more_than_asked_for_and_the_same_for_the_same_generator() -> None:
    scene = generate(24, 1, "train")
    one, two, other = (phrase_pairs(scene, np.random.default_rng(seed), 5) for seed in (3, 3, 4))
    assert one == two != other
    assert 0 < len(one) <= 5


def test_no_word_gives_a_false_phrase_away() -> None:
    true: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for index in range(500):
        for pair in phrase_pairs(generate(5, index, "train"), np.random.default_rng(index), 4):
            true.update({*pair.true.split(), f"{len(pair.true.split())} words"})
            false.update({*pair.false.split(), f"{len(pair.false.split())} words"})
    words = {
        *COLOURS,
        "the",
        "left",
        "right",
        "top",
        "of",
        "in",
        "on",
        "near",
        "second",
        "1 words",
        "2 words",
        "3 words",
    }
    for word in words:
        seen = true[word] + false[word]
        assert seen > 60, word
        assert abs(true[word] / seen - 0.5) < max(0.06, 2.6 * 0.5 / seen**0.5), (word, true[word], false[word])
    assert {word for word in {*true, *false} if not word.endswith(" words")} <= set(vocabulary_words())
