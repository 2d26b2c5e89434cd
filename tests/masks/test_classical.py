"""Classical proposals cover whole things on any background, at the picture's own resolution, within their limits."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.render import render
from iterprime_xai.masks import classical, classical_proposals
from iterprime_xai.records import OptionError, Proposals, packed
from iterprime_xai.records.packed import PackedMasks


def _best_iou(proposals: Proposals, gold: np.ndarray) -> float:
    shared = (proposals.masks & gold).sum(axis=(1, 2))
    return float((shared / (proposals.masks | gold).sum(axis=(1, 2))).max())


def _disc(image: Image.Image, box: tuple[int, int, int, int], colour: str) -> np.ndarray:
    ImageDraw.Draw(image).ellipse(box, fill=colour)
    mask = Image.new("1", image.size)
    ImageDraw.Draw(mask).ellipse(box, fill=1)
    return np.asarray(mask)


def test_a_disc_on_a_gradient_is_found_exactly() -> None:
    ramp = np.linspace(100, 200, 160, dtype=np.uint8)
    image = Image.fromarray(np.dstack([np.tile(ramp, (120, 1))] * 3))
    gold = _disc(image, (40, 30, 90, 80), "red")
    assert _best_iou(classical_proposals(image), gold) > 0.97


def test_two_things_that_touch_come_apart_and_are_also_found_together() -> None:
    image = Image.new("RGB", (160, 120), "lightgrey")
    left = _disc(image, (30, 40, 80, 90), "red")
    right = _disc(image, (70, 40, 120, 90), "blue")
    proposals = classical_proposals(image)
    assert _best_iou(proposals, left & ~right) > 0.9
    assert _best_iou(proposals, right) > 0.9
    assert _best_iou(proposals, left | right) > 0.9


def test_a_thing_of_two_colours_is_found_whole_and_in_parts() -> None:
    image = Image.new("RGB", (160, 120), "lightgrey")
    outer = _disc(image, (30, 20, 110, 100), "green")
    inner = _disc(image, (50, 40, 90, 80), "yellow")
    proposals = classical_proposals(image)
    assert _best_iou(proposals, outer) > 0.95
    assert _best_iou(proposals, inner) > 0.95


def test_a_ring_is_found_with_its_hole_and_without() -> None:
    image = Image.new("RGB", (160, 120), "lightgrey")
    outer = _disc(image, (30, 20, 110, 100), "green")
    hole = _disc(image, (50, 40, 90, 80), "lightgrey")
    proposals = classical_proposals(image)
    assert _best_iou(proposals, outer) > 0.95
    assert _best_iou(proposals, outer & ~hole) > 0.95


@pytest.mark.parametrize("split", ["val", "ood"])
def test_the_things_of_generated_scenes_are_covered(split: str) -> None:
    found = []
    for index in range(3):
        drawn = render(generate(3, index, split), 336)
        proposals = classical_proposals(Image.fromarray(drawn.image))
        assert len(proposals) <= classical.LIMIT
        found += [_best_iou(proposals, mask) for mask in drawn.masks]
    assert np.mean(found) > 0.85
    assert np.mean(np.array(found) > 0.5) > 0.95


def test_the_same_picture_gives_the_same_proposals() -> None:
    image = Image.fromarray(render(generate(3, 0, "val"), 224).image)
    one, two = classical_proposals(image), classical_proposals(image)
    np.testing.assert_array_equal(one.masks, two.masks)
    np.testing.assert_array_equal(one.scores, two.scores)


def test_no_two_proposals_are_the_same_mask() -> None:
    masks = classical_proposals(Image.fromarray(render(generate(3, 1, "val"), 224).image)).masks
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    shared = flat @ flat.T
    areas = flat.sum(axis=1)
    iou = shared / (areas[:, None] + areas - shared)
    assert iou[~np.eye(len(masks), dtype=bool)].max() < 0.95


def test_proposals_are_filled_specks_are_dropped_and_scores_fall() -> None:
    image = Image.new("RGB", (200, 200), "lightgrey")
    _disc(image, (60, 60, 140, 140), "red")
    _disc(image, (10, 10, 14, 14), "red")
    proposals = classical_proposals(image)
    assert (proposals.masks.mean(axis=(1, 2)) > 0.001).all()
    holders = proposals.masks[proposals.masks[:, 12, 12]]
    assert (holders.mean(axis=(1, 2)) > 0.5).all()  # the background and the whole picture, never the speck
    assert (np.diff(proposals.scores) <= 0).all()
    assert proposals.scores.min() >= 0
    assert proposals.scores.max() <= 1
    assert "skimage" in proposals.source


def test_the_limit_keeps_the_likeliest() -> None:
    image = Image.fromarray(render(generate(3, 2, "val"), 224).image)
    few, many = classical_proposals(image, limit=5), classical_proposals(image)
    assert len(few) == 5 < len(many)
    np.testing.assert_array_equal(few.masks, many.masks[:5])
    with pytest.raises(OptionError, match="at least 1"):
        classical_proposals(image, limit=0)


def test_a_large_picture_is_worked_on_small_and_its_masks_are_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.new("RGB", (1600, 1200), "lightgrey")
    gold = _disc(image, (400, 300, 900, 800), "red")
    as_array = classical_proposals(image)
    assert as_array.masks.shape[1:] == (1200, 1600)
    assert _best_iou(as_array, gold) > 0.97
    monkeypatch.setattr(packed, "DENSE_BYTES", 3 * 1600 * 1200)
    proposals = classical_proposals(image)
    assert isinstance(proposals.masks, PackedMasks)
    assert len(proposals) > 3
    assert proposals.masks.nbytes < 1600 * 1200
    np.testing.assert_array_equal(np.asarray(proposals.masks), as_array.masks)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 40), (3, 3), (900, 4)])
def test_tiny_and_thin_pictures_have_proposals(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    proposals = classical_proposals(Image.fromarray(noise))
    assert len(proposals) >= 1
    assert proposals.masks.shape[1:] == (size[1], size[0])
    assert proposals.masks.any(axis=(1, 2)).all()


def test_a_picture_of_one_colour_gives_the_whole_picture() -> None:
    proposals = classical_proposals(Image.new("RGB", (30, 20), "teal"))
    assert proposals.masks.all()
    assert len(proposals) == 1


def test_a_scene_takes_less_than_two_seconds() -> None:
    image = Image.fromarray(render(generate(3, 3, "val"), 336).image)
    classical_proposals(image)
    start = time.process_time()
    classical_proposals(image)
    assert time.process_time() - start < 2  # about 0.4 on one quiet core
