"""Drawings by other hands: always the same, still the thing, within bounds of tone and shape."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.data.scenes.restyle import HANDS, redraw
from iterprime_xai.data.scenes.sprites import TILE, aspect, sprite, tile
from iterprime_xai.data.scenes.vocabulary import NOUN_INDEX, NOUNS

DARKEST, LIGHTEST = 0.38, 0.66
"""Between these the middle brightness of a drawing lies, whoever draws it."""


def _disc(light: int) -> np.ndarray:
    """A disc of one brightness, 100 pixels across."""
    down, across = np.indices((TILE, TILE)) - (TILE - 1) / 2
    opacity = np.where(np.hypot(down, across) <= 50, 255, 0)
    return np.stack([np.where(opacity > 0, light, 0), opacity], axis=-1).astype(np.uint8)


def test_a_hand_draws_a_noun_the_same_way_each_time_and_hands_and_nouns_differ() -> None:
    dog = tile("main", "dog")
    first = redraw(dog, 3, NOUN_INDEX["dog"])
    assert first.dtype == np.uint8
    assert first.shape == dog.shape == (TILE, TILE, 2)
    assert np.array_equal(first, redraw(dog, 3, NOUN_INDEX["dog"]))
    assert not np.array_equal(first, redraw(dog, 4, NOUN_INDEX["dog"]))
    assert not np.array_equal(first, redraw(dog, 3, NOUN_INDEX["cat"]))


def test_redrawing_leaves_the_drawing_itself_alone() -> None:
    disc = _disc(90)
    before = disc.copy()
    redraw(disc, 0, 0)
    assert np.array_equal(disc, before)


@pytest.mark.parametrize("light", [0, 128, 255])
def test_the_middle_brightness_stays_in_the_middle_so_that_the_tint_stays_the_colour(light: int) -> None:
    disc, middles = _disc(light), []
    for hand in range(HANDS):
        drawn = redraw(disc, hand, 0)
        middles.append(float(np.median(drawn[..., 0][drawn[..., 1] > 127])) / 255)
    assert min(middles) >= DARKEST - 0.01
    assert max(middles) <= LIGHTEST + 0.01
    assert max(middles) - min(middles) > 0.15, "hands differ in tone"


def test_a_drawing_fills_the_tile_to_a_pixel_at_its_longer_side_and_is_not_squeezed_flat() -> None:
    disc, flat = _disc(128), []
    for hand in range(HANDS):
        solid = redraw(disc, hand, 0)[..., 1] > 127
        high, wide = (int(np.ptp(np.flatnonzero(solid.any(axis=axis)))) + 1 for axis in (1, 0))
        assert TILE - 6 <= max(high, wide) <= TILE - 2
        assert not any(edge.any() for edge in (solid[0], solid[-1], solid[:, 0], solid[:, -1]))
        flat.append(min(high, wide) / max(high, wide))
    # Stretched by at most 1.25 and slanted by at most 0.18.
    assert min(flat) > 0.65
    assert max(flat) > 0.95


def test_every_noun_stays_a_drawing_of_about_its_own_size() -> None:
    for place, noun in enumerate(NOUNS):
        atlas = f"main/{place}"
        ours, theirs = ((tile(name, noun.name)[..., 1] > 127).mean() for name in (atlas, "main"))
        assert 0.55 * theirs < ours < 1.6 * theirs, noun.name
        assert max(aspect(atlas, noun.name)) > 0.9


def test_an_atlas_with_a_hand_is_drawn_by_that_hand() -> None:
    expected = redraw(tile("main", "cat"), 7, NOUN_INDEX["cat"])
    assert np.array_equal(tile("main/7", "cat"), expected)
    assert not np.array_equal(expected, tile("main", "cat"))
    plain, other = (sprite(atlas, "cat", "red", 40, False)[2] for atlas in ("main", "main/7"))
    assert (plain != other).any()
    assert (plain & other).sum() > 0.4 * plain.sum()
