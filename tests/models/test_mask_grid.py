"""Masks on a grid: values worked out by hand, and agreement with PyTorch's resizing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from iterprime_xai.models.mask_grid import on_grid
from iterprime_xai.records import OptionError, ProposalError


def masks_of(*shape, seed=0):
    return np.random.default_rng(seed).random(shape) < 0.5


@pytest.mark.parametrize(("height", "width"), [(96, 128), (37, 53), (7, 3), (5, 5), (1, 40)])
def test_bilinear_is_pytorchs_without_antialiasing(height, width):
    masks = masks_of(4, height, width)
    theirs = interpolate(torch.from_numpy(masks)[:, None].double(), (5, 6), mode="bilinear")[:, 0]
    assert np.abs(on_grid(masks, (5, 6)) - theirs.numpy()).max() < 1e-6


def test_area_is_the_share_of_each_patch_that_is_covered():
    mask = np.zeros((1, 4, 6), bool)
    mask[0, :3, :2] = True
    assert on_grid(mask, (2, 3), "area").tolist() == [[[1, 0, 0], [0.5, 0, 0]]]
    # Three pixels on two cells: the middle one counts half for each.
    assert on_grid(np.array([[[True, False, False]]]), (1, 2), "area")[0, 0] == pytest.approx([2 / 3, 0])
    assert on_grid(np.array([[[False, True, False]]]), (1, 2), "area")[0, 0] == pytest.approx([1 / 3, 1 / 3])


def test_a_mask_between_the_middles_of_patches_vanishes_in_bilinear_only():
    mask = np.zeros((1, 64, 64), bool)
    mask[0, :6, :6] = True
    assert on_grid(mask, (4, 4)).max() == 0
    assert on_grid(mask, (4, 4), "area")[0, 0, 0] == pytest.approx(36 / 256)


@pytest.mark.parametrize("resize", ["bilinear", "area"])
@pytest.mark.parametrize("size", [(427, 640), (33, 47), (3, 2)])
def test_all_ones_stay_exactly_that_and_shapes_and_types_hold(size, resize):
    found = on_grid(np.ones((2, *size), bool), (7, 9), resize)
    assert found.dtype == np.float32
    assert found.shape == (2, 7, 9)
    assert (found == 1).all()
    assert on_grid(np.ones((0, *size), bool), (7, 9), resize).shape == (0, 7, 9)


def test_what_is_no_stack_of_boolean_masks_is_refused():
    with pytest.raises(ProposalError, match=r"uint8 of shape \(1, 4, 4\)"):
        on_grid(np.ones((1, 4, 4), np.uint8), (2, 2))
    with pytest.raises(ProposalError, match=r"shape \(4, 4\)"):
        on_grid(np.ones((4, 4), bool), (2, 2))
    with pytest.raises(OptionError, match="'bilinear', 'area'"):
        on_grid(np.ones((1, 4, 4), bool), (2, 2), "nearest")
