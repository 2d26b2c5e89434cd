"""Scenes come out the same every time, in every order, and keep to their split."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from iterprime_xai.data.scenes import SPLITS, compose, generate, render
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUNS, is_unseen
from iterprime_xai.records import OptionError

GOLDEN = [("guitar", "red", "medium"), ("truck", "blue", "medium"), ("truck", "purple", "small")]


def test_a_scene_depends_on_seed_index_and_split_only() -> None:
    forward = [generate(3, index, "val") for index in range(20)]
    backward = [generate(3, index, "val") for index in reversed(range(20))][::-1]
    assert forward == backward
    assert generate(3, 0, "val") != generate(4, 0, "val")
    assert generate(3, 0, "val").things != generate(3, 0, "testA").things


def test_a_known_scene_stays_as_it_is() -> None:
    """Changing the generator on purpose changes this; a new version of Python, NumPy or Pillow must not."""
    scene = generate(0, 0, "val")
    assert [(thing.noun, thing.colour, thing.size) for thing in scene.things] == GOLDEN


def test_an_unknown_split_is_refused_with_the_list() -> None:
    with pytest.raises(OptionError, match="train, val, testA, testB, ood"):
        generate(0, 0, "test")


@pytest.mark.parametrize("split", SPLITS)
def test_scenes_hold_two_to_eight_things_and_mostly_repeat_a_noun(split: str) -> None:
    scenes = [generate(1, index, split) for index in range(300)]
    counts = Counter(len(scene.things) for scene in scenes)
    assert min(counts) == 2
    assert max(counts) <= 8
    repeated = sum(max(Counter(thing.noun for thing in scene.things).values()) > 1 for scene in scenes)
    assert repeated > 0.75 * len(scenes)


@pytest.mark.parametrize("split", ["train", "val", "testA", "ood"])
def test_combinations_kept_for_testb_appear_nowhere_else(split: str) -> None:
    for index in range(300):
        for thing in generate(2, index, split).things:
            assert not is_unseen(thing.noun, thing.colour)


def test_testb_shows_mostly_unseen_combinations() -> None:
    things = [thing for index in range(200) for thing in generate(2, index, "testB").things]
    assert sum(is_unseen(thing.noun, thing.colour) for thing in things) > 0.6 * len(things)


def test_two_colours_of_every_noun_are_unseen_and_every_colour_is_seen_often() -> None:
    unseen = Counter(colour for noun in NOUNS for colour in COLOURS if is_unseen(noun.name, colour))
    assert all(sum(is_unseen(noun.name, colour) for colour in COLOURS) == 2 for noun in NOUNS)
    assert max(unseen.values()) <= 16


def test_only_ood_is_drawn_by_the_other_artist() -> None:
    assert {split: generate(0, 0, split).atlas for split in SPLITS} == {
        "train": "main",
        "val": "main",
        "testA": "main",
        "testB": "main",
        "ood": "ood",
    }


def test_another_hand_draws_the_scene_with_this_number_and_nothing_is_hidden_too_far() -> None:
    for index in range(12):
        scene, plain = (generate(0, index, "train", atlas) for atlas in (f"main/{index}", None))
        assert (scene.atlas, plain.atlas) == (f"main/{index}", "main")
        assert (scene.background, scene.name) == (plain.background, plain.name)
        visible = render(scene, 112).masks
        for place, thing in enumerate(scene.things):
            alone = render(compose([thing], scene.background, scene.atlas), 112).masks[0]
            assert visible[place].sum() > 0.45 * alone.sum()


def test_all_nouns_colours_sizes_and_backgrounds_come_up() -> None:
    scenes = [generate(0, index, "train") for index in range(500)]
    things = [thing for scene in scenes for thing in scene.things]
    assert {thing.noun for thing in things} == {noun.name for noun in NOUNS}
    assert {thing.colour for thing in things} == set(COLOURS)
    assert {thing.size for thing in things} == {"small", "medium", "large"}
    assert {scene.background.kind for scene in scenes} == {"flat", "gradient", "texture", "clutter"}


def test_things_stay_inside_the_picture() -> None:
    for index in range(100):
        scene = generate(6, index, "train")
        for thing, (width, height) in zip(scene.things, scene.spans, strict=True):
            assert width / 2 < thing.x < 1 - width / 2
            assert height / 2 < thing.y < 1 - height / 2


def test_dice_follow_the_stream_that_python_keeps() -> None:
    dice = Dice(1, 2)
    first = [dice.below(6) for _ in range(8)]
    assert first == [Dice(1, 2).below(6), *first[1:]]
    assert sorted(dice.shuffled(range(9))) == list(range(9))
    assert np.mean([dice.chance(0.25) for _ in range(4000)]) == pytest.approx(0.25, abs=0.03)
    assert {dice.weighted((("a", 1.0), ("b", 0.0))) for _ in range(20)} == {"a"}
