"""Every expression means one thing of its scene, and says truly which word and which things matter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from plain_reading import Reader
from scenes_by_hand import TWO_BIKES

from iterprime_xai.data.scenes import SPLITS, Description, Relation, expressions, generate, vocabulary_words
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.expressions import KINDS
from iterprime_xai.data.scenes.vocabulary import IMPLICIT, is_unseen
from iterprime_xai.data.scenes.wording import say, say_headless


@pytest.mark.parametrize("split", SPLITS)
def test_an_expression_means_its_target_and_nothing_else_in_an_independent_reading(split: str) -> None:
    rng = np.random.default_rng(0)
    checked = 0
    for index in range(40):
        scene = generate(12, index, split)
        found = expressions(scene, rng, 4)
        for lenient in (False, True):
            reader = Reader(scene, lenient)
            for expression in found:
                assert reader.matching(expression.description) == [expression.target], (scene, expression)
                for relation, (_, other) in zip(expression.description.relations, expression.contexts, strict=True):
                    assert reader.matching(relation.anchor) == [other]
                    assert reader.related(expression.target, relation.name, other)
                checked += 1
    assert checked > 200


def test_the_words_that_make_the_kind_are_needed() -> None:
    rng = np.random.default_rng(1)
    for index in range(80):
        scene = generate(13, index, "val")
        for expression in expressions(scene, rng, 4):
            if expression.kind in ("position", "relation", "ordinal", "comparison"):
                bare = replace(expression.description, place=None, relations=(), order=None, rank=1)
                assert len(Reader(scene, lenient=True).matching(bare)) > 1


def test_every_kind_comes_up_and_spatial_ones_lead() -> None:
    rng = np.random.default_rng(2)
    kinds = Counter(each.kind for index in range(300) for each in expressions(generate(14, index, "val"), rng, 3))
    assert set(kinds) == {kind for kind, _ in KINDS}
    assert kinds["position"] + kinds["relation"] > 0.3 * kinds.total()


def test_primary_and_context_words_stand_in_the_text_as_written() -> None:
    rng = np.random.default_rng(3)
    for index in range(100):
        for expression in expressions(generate(15, index, "ood"), rng, 4):
            words = expression.text.split()
            assert expression.primary in words
            assert all(word in words for word, _ in expression.contexts)
            assert all(other != expression.target for _, other in expression.contexts)


@pytest.mark.parametrize("split", SPLITS)
def test_expressions_use_known_words_only(split: str) -> None:
    rng, known = np.random.default_rng(4), set(vocabulary_words())
    for index in range(100):
        for expression in expressions(generate(16, index, split), rng, 4):
            assert set(expression.text.split()) <= known


def test_testb_asks_for_unseen_combinations_only() -> None:
    rng = np.random.default_rng(5)
    for index in range(60):
        scene = generate(17, index, "testB")
        for expression in expressions(scene, rng, 3):
            assert is_unseen(scene.things[expression.target].noun, scene.things[expression.target].colour)


def test_the_bike_left_of_the_tree_is_said_in_these_ways() -> None:
    description = Description("bike", relations=(Relation("left of", Description("tree")),))
    texts = {say(description, Dice(seed)).text for seed in range(200)}
    assert {"the bike left of the tree", "the bike to the left of the tree", "the bicycle left of the tree"} <= texts
    assert len(texts) < 30


@pytest.mark.parametrize(
    ("description", "texts"),
    [
        (Description("dog", colour="red"), {"the red dog", "the red puppy"}),
        (Description("apple", place="left"), {"the left apple", "the apple on the left", "the apple left"}),
        (Description("cat", order="left", rank=2), {"the second cat from the left", "the 2nd cat from left"}),
        (Description("hat", order="largest"), {"the largest hat", "the biggest hat"}),
        (Description("man", colour="black"), {"the man in black", "the black man", "the guy in black"}),
        (Description("sit"), {"something to sit on", "the thing to sit on"}),
        (Description("sit", colour="red"), {"something red to sit on", "the red thing to sit on"}),
    ],
)
def test_wordings(description: Description, texts: set[str]) -> None:
    assert texts <= {say(description, Dice(seed)).text for seed in range(400)}


@pytest.mark.parametrize(
    ("noun", "heads"),
    [
        ("teddy bear", {"teddy bear": "bear", "teddy": "teddy", "bear": "bear"}),
        ("pizza", {"pizza": "pizza", "pizza slice": "slice", "slice of pizza": "slice"}),
        ("wine glass", {"wine glass": "glass", "glass": "glass"}),
        ("furniture", {"piece of furniture": "piece"}),
    ],
)
def test_the_head_is_the_single_word_that_names_the_target(noun: str, heads: dict[str, str]) -> None:
    said = {each.text: each.head for each in (say(Description(noun), Dice(seed), "") for seed in range(200))}
    assert said == heads


def test_articles_sound_right() -> None:
    def texts(description: Description) -> set[str]:
        return {say(description, Dice(seed), "a").text.split()[0] for seed in range(50)}

    assert texts(Description("umbrella")) == {"an"}
    assert texts(Description("dog", colour="orange")) == {"an"}
    assert texts(Description("car")) == {"a"}
    assert texts(Description("car", order="left")) == {"the"}


def test_headless_phrases_give_their_first_content_word() -> None:
    left = {
        (each.text, each.head) for each in (say_headless(Description(place="left"), Dice(seed)) for seed in range(99))
    }
    assert ("left", "left") in left
    assert ("on the left", "left") in left
    third = {say_headless(Description(order="right", rank=3), Dice(seed)).head for seed in range(99)}
    assert third == {"third", "3rd"}


def test_no_expression_where_nothing_can_be_told_apart() -> None:
    found = expressions(TWO_BIKES, np.random.default_rng(0), 40)
    assert {each.target for each in found} == {0, 1, 2}
    assert "bike" not in {each.text for each in found}
    assert not {each.text for each in found if each.description.noun in IMPLICIT and each.target == 0}
