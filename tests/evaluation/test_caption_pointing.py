"""What a caption's words name, and where their maps' peaks lie on scenes that are known."""

from __future__ import annotations

import numpy as np
import pytest

import iterprime_xai as ix
from iterprime_xai.data.scenes.scene import Background, Scene, Thing
from iterprime_xai.evaluation import caption_pointing
from iterprime_xai.evaluation.caption_pointing import Naming, WordPointing, measure, namings, point, pointing_rows
from iterprime_xai.records import CaptionWord

WAY = ("log_probability", "attention")


def test_nouns_and_their_colours_are_found():
    assert namings("a Red puppy above two small wine glass".split()) == [
        Naming((2,), "noun", "dog", "red"),
        Naming((1,), "colour", "dog", "red"),
        Naming((6, 7), "noun", "wine glass", None),
    ]
    assert namings("white tiny shoe and woman in blue in front".split()) == [
        Naming((2,), "noun", "shoe", "white"),
        Naming((0,), "colour", "shoe", "white"),
        Naming((4,), "noun", "woman", "blue"),
        Naming((6,), "colour", "woman", "blue"),
    ]
    assert namings("nothing is left".split()) == []
    assert namings(["red"]) == []


@pytest.fixture
def scene():
    """A red dog left, a blue dog right, a red car at the bottom."""
    things = (
        Thing("dog", "red", "medium", 0.2, 0.3, 0.26),
        Thing("dog", "blue", "medium", 0.8, 0.3, 0.26),
        Thing("car", "red", "medium", 0.5, 0.8, 0.26),
    )
    return Scene(things, Background("flat", ((200, 200, 200),), 0))


def hot(x, y):
    """A map whose peak is at this place, in tenths of the picture."""
    grid = np.zeros((10, 10), np.float32)
    grid[y, x] = 1
    return grid


def test_a_peak_counts_for_the_thing_it_lies_on(scene, monkeypatch):
    spots = {"blue": hot(8, 3), "dog": hot(2, 3), "red": hot(2, 3), "car": hot(0, 9), "cat": hot(5, 8)}

    def maps(read, telling, layer, gradient):
        return tuple(
            CaptionWord(word, (0, 1), spots.get(word, np.zeros((10, 10), np.float32)), 0.5, ()) for word in said
        )

    said = "a blue dog above a red car and a purple cat and a dog".split()
    monkeypatch.setattr(caption_pointing, "look", lambda *_: None)
    monkeypatch.setattr(caption_pointing, "word_maps", maps)
    found = point(ix.load_captioner("tiny", device="cpu"), scene, (3,), [WAY], " ".join(said))
    assert [(each.kind, each.named, each.meant, each.other, each.blank) for each in found] == [
        ("noun", True, False, False, False),  # "dog": on a dog, but the red one
        ("colour", True, True, False, False),  # "blue"
        ("noun", False, False, False, False),  # "car": in a corner
        ("colour", True, False, False, False),  # "red": on the red dog, where the car is meant
        ("noun", True, True, False, False),  # the last "dog" may be any; no cat is there, so nothing is asked of it
    ]
    assert [each.guess for each in found] == pytest.approx([2 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert all(0.005 < each.area < 0.12 for each in found)
    spots["dog"] = hot(5, 8)
    assert point(ix.load_captioner("tiny", device="cpu"), scene, (3,), [WAY], " ".join(said))[0].other
    del spots["dog"]
    blank = point(ix.load_captioner("tiny", device="cpu"), scene, (3,), [WAY], " ".join(said))[0]
    assert (blank.blank, blank.named, blank.other) == (True, False, False)


def test_rows_are_means_a_kind_way_and_layer():
    words = [
        WordPointing("one", "w", 1, "noun", True, True, False, False, 0.1, 0.5),
        WordPointing("two", "w", 1, "noun", False, False, True, False, 0.3, 1.0),
        WordPointing("one", "w", 0, "noun", False, False, False, True, 0.1, 0.5),
        WordPointing("one", "w", 1, "colour", True, False, False, False, 0.2, 0.25),
    ]
    colour, low, high = pointing_rows(words)
    assert (colour.kind, colour.layer, colour.named.mean, colour.meant.mean, colour.count) == ("colour", 1, 1, 0, 1)
    assert (low.layer, low.blank, low.named.mean) == (0, 1, 0)
    assert (high.layer, high.named.mean, high.other, high.count) == (1, 0.5, 0.5, 2)
    assert (high.area, high.guess) == (pytest.approx(0.2), pytest.approx(0.75))


def test_the_layer_of_the_bundled_profile_points_and_its_neighbours_do_not():
    captioner = ix.load_captioner("tiny", device="cpu")
    rows = measure(captioner, (2, 3, 4), [WAY], count=12)
    nouns = {row.layer: row.named.mean for row in rows if row.kind == "noun"}
    assert captioner.profile.layer == 3 == max(nouns, key=nouns.get)
    assert nouns[3] > 0.35
    assert max(nouns[2], nouns[4]) < 0.1
