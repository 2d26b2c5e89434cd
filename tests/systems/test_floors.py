"""The floors: no pixel and no word decides but through the seed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.systems import load_system


def test_random_is_the_same_for_the_same_picture_phrase_and_seed_and_else_another(picture):
    masks = np.zeros((200, 96, 128), bool)
    for place in range(200):
        masks[place, place % 96, place % 128] = True

    def answers(texts, image=picture, **settings):
        found = load_system("random", settings).segment_many(image, texts, proposals=masks)
        return [each.selection.answer for each in found]

    texts = [f"dog {place}" for place in range(8)]
    first = answers(texts)
    assert len(set(first)) > 4
    assert answers(texts[::-1]) == first[::-1]
    assert answers(texts, seed=1) != first
    other = picture.copy()
    other.putpixel((0, 0), (1, 2, 3))
    assert answers(texts, image=other) != first


def test_random_draws_the_same_on_every_machine():
    masks = np.zeros((50, 10, 20), bool)
    masks[np.arange(50), np.arange(50) % 10, np.arange(50) % 20] = True
    found = load_system("random").segment_many(Image.new("RGB", (20, 10)), ["a", "b", "c", "d"], proposals=masks)
    assert [each.selection.answer for each in found] == [8, 21, 36, 47]


def test_random_draws_every_mask_about_as_often(picture, boxes):
    texts = [f"dog {place}" for place in range(300)]
    found = load_system("random").segment_many(picture, texts, proposals=boxes)
    counts = np.bincount([each.selection.answer for each in found], minlength=3)
    assert counts.min() > 70


def test_centre_takes_the_smallest_mask_that_covers_the_centre_else_the_nearest():
    masks = np.zeros((4, 10, 20), bool)
    masks[0] = True
    masks[1, 3:7, 8:12] = True
    masks[2, :, :9] = True
    masks[3, :, :2] = True
    picture = Image.new("RGB", (20, 10))
    found = load_system("centre").segment(picture, "a dog", proposals=masks)
    assert [each.index for each in found.selection.ranking] == [1, 0, 2, 3]
    assert found.selection.ranking[0].terms["covers_centre"] == 1


def test_largest_takes_the_largest(picture, boxes):
    found = load_system("largest").segment(picture, "a dog", proposals=boxes[:2])
    assert found.selection.answer == 1
    assert found.selection.ranking[0].score == pytest.approx(2000 / (96 * 128))
