"""Many pictures and many phrases: what each gives alone, in order, one tower a picture, and memory that does not grow."""

from __future__ import annotations

import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from random_models import SHAPES, build_model, build_processor

import iterprime_xai as ix
from iterprime_xai.records import ImageInputError, LayerError, OptionError, PhraseError
from iterprime_xai.saliency import RECIPES
from iterprime_xai.visualize import renderer

PHRASES = (
    "dog",
    "the red dog left of the tree",
    "man in black",
    "the second blue ball from right",
    "large cat",
    "left",
    "a small bike next to the bear",
)
GOING_ON = replace(RECIPES["default"], stop_on_fall=False, threshold=1.0)
"""Masks the hottest patch only and does not mind a fall, so that every phrase is asked three times."""


@pytest.fixture(scope="module")
def grounder(tokenizer):
    return ix.load(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))


@pytest.fixture
def towers(grounder):
    """How many pictures each run of the image tower saw."""
    seen = []
    hook = grounder.matcher.model.vision_model.embeddings.register_forward_hook(
        lambda module, given, made: seen.append(len(made))
    )
    yield seen
    hook.remove()


def a_picture(seed):
    return np.random.default_rng(seed).integers(0, 255, (40, 50, 3), dtype=np.uint8)


def assert_same(ours, alone):
    assert ours.expression == alone.expression
    assert np.array_equal(np.asarray(ours.image), np.asarray(alone.image))
    assert alone.heatmap.max() > 0
    assert np.abs(ours.heatmap - alone.heatmap).max() <= 1e-5 * np.abs(alone.heatmap).max()
    assert [each.stopped for each in ours.passes] == [each.stopped for each in alone.passes]
    assert [each.probability for each in ours.passes] == pytest.approx(
        [each.probability for each in alone.passes], rel=1e-5
    )
    assert all(np.array_equal(one.keep, other.keep) for one, other in zip(ours.passes, alone.passes, strict=True))
    assert (ours.box, ours.point, ours.parameters) == (alone.box, alone.point, alone.parameters)
    assert (ours.mask is None) == (alone.mask is None)
    assert ours.mask is None or np.array_equal(ours.mask, alone.mask)


def test_seven_phrases_of_three_passes_cost_one_tower(grounder, towers):
    found = grounder.ground_many(a_picture(0), PHRASES, layer=1, recipe=GOING_ON, proposals=False)
    assert [g.expression.text for g in found] == list(PHRASES)
    assert sum(len(g.passes) for g in found) == 21
    assert towers == [1]


def test_a_live_picture_is_encoded_once_and_answers_as_if_alone(grounder, towers, monkeypatch):
    asked = []
    monkeypatch.setattr(renderer, "live", lambda grounding, ask: asked.append(ask) or grounding)
    first = grounder.live(a_picture(0), PHRASES[0], layer=1, recipe=GOING_ON)
    again = asked[0](PHRASES[1])
    assert towers == [1]
    for ours, text in ((first, PHRASES[0]), (again, PHRASES[1])):
        assert_same(ours, grounder.ground(a_picture(0), text, layer=1, recipe=GOING_ON))
    with pytest.raises(PhraseError):
        asked[0]("")


@pytest.mark.parametrize("at_once", [1, 3])
def test_each_is_as_it_is_alone_and_in_order(grounder, towers, tmp_path, at_once):
    Image.fromarray(a_picture(5)).save(tmp_path / "five.png")
    pictures = [a_picture(0), str(tmp_path / "five.png"), a_picture(2), Image.fromarray(a_picture(3))]
    asked = [(0, 1), (0, 2), (1, 0), (2, 3), (2, 1), (2, 4), (3, 1), (0, 6)]
    pairs = [(pictures[picture], PHRASES[phrase]) for picture, phrase in asked]
    found = list(grounder.ground_each(iter(pairs), layer=1, images_at_once=at_once))
    # On a CPU the first picture of a window is seen alone: it tells how many more the cache holds.
    assert towers == {1: [1, 1, 1, 1, 1], 3: [1, 2, 1, 1]}[at_once]
    assert len(found) == len(pairs)
    for ours, (image, text) in zip(found, pairs, strict=True):
        assert_same(ours, grounder.ground(image, text, layer=1))
    assert found[0].proposals is found[1].proposals


def test_beside_a_gpu_pixels_are_prepared_ahead_in_other_threads(grounder, towers, monkeypatch):
    threads, prepare = set(), grounder.matcher.pixels_of

    def noted(images):
        threads.add(threading.get_ident())
        return prepare(images)

    pairs = [(image, phrase) for image in map(a_picture, range(5)) for phrase in PHRASES[:2]]
    expected = list(grounder.ground_each(pairs, layer=1))
    towers.clear()
    monkeypatch.setattr("iterprime_xai.systems.grounder.on_cpu", lambda matcher: False)
    monkeypatch.setattr(grounder.matcher, "pixels_of", noted)
    found = list(grounder.ground_each(pairs, layer=1))
    assert sum(towers) == 5
    assert len(towers) == 2  # all five in one window, as many as the cache holds at once
    assert threads
    assert threading.get_ident() not in threads
    for ours, alone in zip(found, expected, strict=True):
        assert_same(ours, alone)


def test_settings_and_no_proposals_reach_every_phrase(grounder):
    pairs = [(a_picture(0), "dog"), (a_picture(1), "the red dog left of the tree")]
    options = {
        "layer": 0,
        "recipe": "paper",
        "passes": 2,
        "emphasis": "local",
        "answer": "may_abstain",
        "proposals": False,
    }
    for ours, (image, text) in zip(grounder.ground_each(pairs, **options), pairs, strict=True):
        assert ours.mask is None
        assert ours.proposals is None
        assert_same(ours, grounder.ground(image, text, **options))


def test_nothing_asked_is_nothing_found(grounder, towers):
    assert list(grounder.ground_each([])) == []
    assert towers == []


def test_little_is_taken_before_the_first_answer(grounder):
    taken = []

    def endless():
        picture = 0
        while True:
            taken.append(picture)
            yield a_picture(picture), "dog"
            picture += 1

    stream = grounder.ground_each(endless(), layer=1, proposals=False, images_at_once=2)
    assert taken == []
    next(stream)
    assert len(taken) <= 5  # two windows, and the picture that ends the second
    stream.close()


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("bad", ["picture", "phrase", "long phrase"])
def test_what_cannot_be_used_is_told_after_all_before_it(grounder, tmp_path, at_once, bad):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    middle = a_picture(4)

    def pairs():
        for place in range(4):
            yield a_picture(place), "dog"
        yield middle, "large cat"
        yield {
            "picture": (broken, "dog"),
            "phrase": (middle, " "),
            "long phrase": (middle, "dog " * 100),
        }[bad]
        yield a_picture(6), "dog"

    error, words = {
        "picture": (ImageInputError, "broken.png"),
        "phrase": (PhraseError, "phrase"),
        "long phrase": (PhraseError, "102 tokens"),
    }[bad]
    stream = grounder.ground_each(pairs(), layer=1, proposals=False, images_at_once=at_once)
    assert [next(stream).expression.text for _ in range(5)] == ["dog", "dog", "dog", "dog", "large cat"]
    with pytest.raises(error, match=words):
        next(stream)


def test_wrong_options_are_refused(grounder):
    pairs = [(a_picture(0), "dog")]
    for options, words in (
        ({"images_at_once": 0}, "images_at_once must be .*0"),
        ({"images_at_once": -3}, "images_at_once must be .*-3"),
        ({"images_at_once": 1.5}, "images_at_once must be .*1.5"),
        ({"proposals": np.ones((1, 40, 50), bool)}, "proposals must be a proposer .* or False"),
        ({"proposals": True}, "proposals must be a proposer .* or False"),
        ({"method": "rolout"}, "method must be one of gradcam.* Did you mean 'rollout'"),
        ({"answer": "never"}, "answer must be one of always"),
        ({"recipe": "papr"}, "recipe must be one of"),
        ({"emphasis": "loud"}, "emphasis must be one of"),
        ({"passes": 0}, "at least 1"),
    ):
        with pytest.raises(OptionError, match=words):
            list(grounder.ground_each(pairs, **options))
    with pytest.raises(LayerError, match="0, 1, 2"):
        list(grounder.ground_each(pairs, layer=3))
    with pytest.raises(OptionError, match="list of phrases, but got one string"):
        grounder.ground_many(a_picture(0), "dog")
    with pytest.raises(OptionError, match="list of phrases, but got NoneType"):
        grounder.ground_many(a_picture(0), None)


def test_memory_does_not_grow_with_the_number_of_pictures(grounder, monkeypatch):
    """Encoded pictures with their keys and values are let go, also where every grounding is kept: two windows live at most."""
    encoded, alive, encode = [], [], grounder.matcher.encode_images

    def noted(images):
        tokens = encode(images)
        encoded.extend(weakref.ref(each) for each in tokens)
        alive.append(sum(each() is not None for each in encoded))
        return tokens

    monkeypatch.setattr(grounder.matcher, "encode_images", noted)
    found = []
    pairs = [(image, phrase) for image in map(a_picture, range(12)) for phrase in PHRASES[:2]]
    for g in grounder.ground_each(pairs, layer=1, proposals=False, images_at_once=2):
        found.append(g)
        assert sum(each() is not None for each in encoded) <= 2
    assert len(found) == 24
    assert len(encoded) == 12
    assert max(alive) <= 4
    assert not any(each() is not None for each in encoded)


def test_the_error_of_the_pairs_themselves_comes_after_all_answers_before_it(grounder):
    def failing():
        yield a_picture(0), "dog"
        yield a_picture(1), "cat"
        raise ConnectionError("the list broke off")

    found = grounder.ground_each(failing(), layer=1, proposals=False)
    assert [next(found).expression.text for _ in range(2)] == ["dog", "cat"]
    with pytest.raises(ConnectionError, match="broke off"):
        next(found)


def test_wrong_options_are_told_at_once(grounder):
    with pytest.raises(OptionError, match="method"):
        grounder.ground_each([], method="nonsense")
