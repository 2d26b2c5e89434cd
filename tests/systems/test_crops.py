"""Crops: what stands outside the mask, their box and square, and that they are made when asked for."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.records.packed import pack
from iterprime_xai.systems.crops import Crops, blur, blurred, filled, squared


@pytest.fixture
def pixels():
    return np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)


@pytest.fixture
def masks():
    found = np.zeros((2, 6, 8), bool)
    found[0, 1:3, 2:6] = True
    found[0, 1, 2] = False
    return found


def test_outside_the_mask_is_the_colour_and_the_crop_is_the_box(pixels, masks):
    crop = np.asarray(Crops(pixels, masks, filled((1, 2, 3)))[0])
    assert crop.shape == (2, 4, 3)
    assert crop[0, 0].tolist() == [1, 2, 3]
    assert (crop[1] == pixels[2, 2:6]).all()


def test_a_square_has_the_crop_in_its_middle_and_black_around(pixels, masks):
    crop = np.asarray(Crops(pixels, masks, squared)[0])
    assert crop.shape == (4, 4, 3)
    assert not crop[0].any()
    assert not crop[3].any()
    assert not crop[1, 0].any()  # outside the mask
    assert (crop[2] == pixels[2, 2:6]).all()


def test_outside_the_mask_is_the_blurred_picture(pixels, masks):
    behind = np.full_like(pixels, 77)
    crop = np.asarray(Crops(pixels, masks, blurred(behind))[0])
    assert crop[1, 0].tolist() == [77, 77, 77]
    assert (crop[2] == pixels[2, 2:6]).all()


def test_a_mask_without_a_pixel_is_the_whole_picture_filled(pixels, masks):
    crop = np.asarray(Crops(pixels, masks, filled((9, 9, 9)))[1])
    assert crop.shape == pixels.shape
    assert (crop == 9).all()


def test_packed_masks_give_the_same_crops(pixels, masks):
    packed = pack(masks, masks.shape[1:])
    for one, other in zip(Crops(pixels, masks, squared), Crops(pixels, packed, squared), strict=True):
        assert (np.asarray(one) == np.asarray(other)).all()


def test_a_crop_is_made_when_it_is_asked_for(pixels, masks):
    made = []

    def make(cut, inside, box):
        made.append(box)
        return cut

    crops = Crops(pixels, masks, make)
    assert len(crops) == 2
    assert made == []
    crops[0]
    assert made == [(2, 1, 6, 3)]
    assert len(crops[0:2]) == 2
    with pytest.raises(IndexError):
        crops[2]


def test_the_blur_is_a_gaussian_that_leaves_a_flat_picture_and_keeps_the_mean_of_a_stripe():
    flat = np.full((90, 100, 3), 200, np.uint8)
    assert (blur(flat) == 200).all()
    stripe = np.zeros((1, 301, 3), np.uint8)
    stripe[0, 150] = 255
    found = blur(stripe, 5)[0, :, 0].astype(int)
    # Deviation 0.3 (2 - 1) + 0.8 = 1.1 pixels, five of them.
    weights = np.exp(-0.5 * (np.arange(-2, 3) / 1.1) ** 2)
    assert found[148:153].tolist() == np.rint(255 * weights / weights.sum()).astype(int).tolist()
    assert found[147] == found[153] == 0
