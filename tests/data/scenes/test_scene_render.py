"""Pictures and masks agree to the pixel."""

from __future__ import annotations

import numpy as np
import pytest
from scenes_by_hand import PLAIN, TWO_BIKES

from iterprime_xai.data.scenes import SPLITS, Thing, compose, generate, render, render_image
from iterprime_xai.data.scenes.sprites import ATLASES, aspect, tile, tinted
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUNS


@pytest.mark.parametrize("size", [64, 112, 336])
def test_shapes_and_types(size: int) -> None:
    drawn = render(TWO_BIKES, size)
    assert drawn.image.shape == (size, size, 3)
    assert drawn.image.dtype == np.uint8
    assert drawn.masks.shape == (3, size, size)
    assert drawn.masks.dtype == np.bool_


@pytest.mark.parametrize("split", SPLITS)
def test_a_mask_is_the_whole_thing_minus_what_lies_in_front_of_it(split: str) -> None:
    for index in range(25):
        scene = generate(8, index, split)
        masks = render(scene, 112).masks
        alone = [render(compose([thing], scene.background, scene.atlas), 112).masks[0] for thing in scene.things]
        for place, whole in enumerate(alone):
            in_front = np.any(alone[place + 1 :], axis=0) if alone[place + 1 :] else np.zeros_like(whole)
            np.testing.assert_array_equal(masks[place], whole & ~in_front)


@pytest.mark.parametrize("split", SPLITS)
def test_everything_stays_at_least_45_percent_visible(split: str) -> None:
    for index in range(40):
        scene = generate(9, index, split)
        for size in (64, 150):
            masks = render(scene, size).masks
            for thing, mask in zip(scene.things, masks, strict=True):
                whole = render(compose([thing], scene.background, scene.atlas), size).masks[0]
                assert mask.sum() >= 0.45 * whole.sum()


def test_some_things_hide_each_other_and_the_scene_knows_how_much() -> None:
    checked = 0
    for index in range(60):
        scene = generate(10, index, "val")
        alone = [render(compose([thing], scene.background), 256).masks[0] for thing in scene.things]
        for front, back, share in scene.hidden:
            assert front > back
            measured = (alone[front] & alone[back]).sum() / alone[back].sum()
            assert share == pytest.approx(measured, abs=0.06)
            checked += 1
    assert checked > 15


def test_pixels_outside_every_thing_are_background() -> None:
    drawn = render(TWO_BIKES, 200)
    empty = render_image(compose([], PLAIN), 200)
    changed = (drawn.image != empty).any(axis=-1)
    assert changed[drawn.masks.any(axis=0)].all()
    for thing, (width, height) in zip(TWO_BIKES.things, TWO_BIKES.spans, strict=True):
        half_width, half_height = 100 * width + 3, 100 * height + 3
        rows = slice(int(200 * thing.y - half_height), int(200 * thing.y + half_height) + 1)
        changed[rows, int(200 * thing.x - half_width) : int(200 * thing.x + half_width) + 1] = False
    assert not changed.any()


def test_the_picture_alone_has_the_same_pixels() -> None:
    for split in SPLITS:
        scene = generate(4, 1, split)
        np.testing.assert_array_equal(render(scene, 112).image, render_image(scene, 112))


def test_rendering_twice_gives_the_same_and_does_not_touch_the_sprites() -> None:
    scene = generate(4, 2, "train")
    first = render(scene, 112)
    second = render(scene, 112)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.masks, second.masks)


def test_a_size_is_the_share_of_the_picture_that_its_longest_side_takes() -> None:
    for size in (112, 336):
        rows, columns = np.nonzero(
            render(compose([Thing("ball", "red", "large", 0.5, 0.5, 0.4)], PLAIN), size).masks[0]
        )
        assert np.ptp(rows) + 1 == pytest.approx(0.4 * size, rel=0.06)
        assert np.ptp(columns) + 1 == pytest.approx(0.4 * size, rel=0.06)


def test_small_and_large_pictures_of_a_scene_agree() -> None:
    scene = generate(4, 3, "val")
    small, large = render(scene, 112), render(scene, 336)
    shrunk = large.image.reshape(112, 3, 112, 3, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small.image).mean() < 8


def test_a_flipped_thing_is_its_mirror_image() -> None:
    plain, mirrored = (
        render(compose([Thing("car", "red", "large", 0.5, 0.5, 0.5, flipped)], PLAIN), 128).image
        for flipped in (False, True)
    )
    np.testing.assert_array_equal(plain, mirrored[:, ::-1])
    assert (plain != mirrored).any()


@pytest.mark.parametrize("atlas", ATLASES)
def test_every_noun_has_a_drawing_that_fills_its_tile(atlas: str) -> None:
    for noun in NOUNS:
        assert max(aspect(atlas, noun.name)) > 0.93
        assert tile(atlas, noun.name)[..., 1].mean() > 20


@pytest.mark.parametrize("atlas", ATLASES)
def test_tints_tell_the_colours_apart_on_every_drawing(atlas: str) -> None:
    """The mean colour of a tinted drawing is nearest to that of the same colour over all other drawings."""
    means = {}
    for noun in NOUNS:
        for colour in COLOURS:
            pixels = np.asarray(tinted(atlas, noun.name, colour), dtype=float)
            weight = pixels[..., 3:]
            means[noun.name, colour] = (pixels[..., :3] * weight).sum(axis=(0, 1)) / weight.sum()
    typical = {colour: np.mean([means[noun.name, colour] for noun in NOUNS], axis=0) for colour in COLOURS}
    right = sum(
        min(COLOURS, key=lambda other: float(np.linalg.norm(means[noun.name, colour] - typical[other]))) == colour
        for noun in NOUNS
        for colour in COLOURS
    )
    assert right >= 0.95 * len(means)
