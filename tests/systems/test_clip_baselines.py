"""The baselines on CLIP: exact values on a hand-made encoder whose vectors are colours."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from handmade_encoder import ColourEncoder
from PIL import Image

from iterprime_xai.masks import select
from iterprime_xai.records import Proposals
from iterprime_xai.systems import load_system
from iterprime_xai.systems.clip_baselines import mean_inside


@pytest.fixture
def flat():
    """Left half red, right half blue, on a 4x4 grid of 2x2 pixels."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4, 0] = 255
    pixels[:, 4:, 2] = 255
    masks = np.zeros((3, 8, 8), bool)
    masks[0, :, :4] = masks[1, :, 4:] = masks[2] = True
    return Image.fromarray(pixels), masks


def _scores(name, flat, text="red", **settings):
    found = load_system(name, {"model": ColourEncoder()} | settings).segment(flat[0], text, proposals=flat[1])
    return found, [each.score for each in sorted(found.selection.ranking, key=lambda each: each.index)]


NEAR, FAR = 1.1 / 1.23**0.5, 0.1 / 1.23**0.5
"""Cosines of red and of blue with the text "red", (1.1, 0.1, 0.1)."""


def test_the_crop_alone_is_the_cosine_of_the_crop(flat):
    found, scores = _scores("clip_crop", flat)
    assert scores == pytest.approx([NEAR, FAR, 1.2 / (2 * 1.23) ** 0.5], rel=1e-5)
    assert found.selection.answer == 0


def test_the_score_map_is_the_cosine_of_every_patch_and_its_mean_inside_a_mask_the_score(flat):
    found, scores = _scores("clip_score_map", flat)
    assert found.heatmap.shape == (4, 4)
    assert found.heatmap[:, :2] == pytest.approx(NEAR, rel=1e-5)
    assert found.heatmap[:, 2:] == pytest.approx(FAR, rel=1e-5)
    assert scores == pytest.approx([1, 0, 0])  # the shape of the first mask is that of the heat
    _, scores = _scores("clip_score_map", flat, selection="mean")
    assert scores == pytest.approx([NEAR, FAR, (NEAR + FAR) / 2], rel=1e-5)


def test_grad_cam_picks_by_our_rule_or_by_the_mean_inside(flat):
    masks = flat[1]
    heat = np.maximum(np.array([1.1, 0.1])[[0, 0, 1, 1]] - 0.2, 0)[None].repeat(4, 0)
    found, _ = _scores("clip_gradcam", flat)
    assert found.heatmap == pytest.approx(heat, rel=1e-5)
    proposals = Proposals(masks, np.ones(3, np.float32), "given masks")
    assert found.selection.answer == select(proposals, found.heatmap).answer == 0
    assert found.selection.rule == "default"
    found, scores = _scores("clip_gradcam", flat, selection="mean")
    assert scores == pytest.approx([0.9, 0.0, 0.45], rel=1e-5)
    assert found.selection.rule == "clip_gradcam"


@pytest.mark.parametrize("name", ["clip_score_map", "clip_gradcam"])
def test_the_share_shown_is_that_of_the_mask_picked_not_of_the_one_with_the_highest_mean(name, flat):
    _, masks = flat
    masks[2] = False
    masks[2, 1:2, 1:2] = True  # one hot pixel: as high a mean as the red half has
    masks[0, :, 4:6] = True  # and the half with a strip of blue has a lower one
    by_mean, means = _scores(name, flat, selection="mean")
    by_rule, _ = _scores(name, flat)
    assert by_mean.selection.answer == 2
    assert by_rule.selection.answer == 0
    shares = {each.index: each.terms["share"] for each in by_mean.selection.ranking}
    assert by_mean.probability == pytest.approx(shares[2])
    assert by_rule.probability == pytest.approx(shares[0])
    assert by_rule.probability < by_mean.probability
    assert by_rule.passes[0].logit == pytest.approx(means[0] * by_mean.passes[0].logit / means[2])
    assert any("by which it was not chosen" in line for line in by_rule.trace)
    assert not any("by which it was not chosen" in line for line in by_mean.trace)


def test_an_answer_below_the_threshold_names_the_figure_that_it_has(flat):
    system = load_system("clip_score_map", {"model": ColourEncoder(), "abstain_below": 0.999})
    found = system.segment(flat[0], "red", proposals=flat[1], answer="may_abstain")
    assert found.selection.reason == "abstained: the highest mean of the map inside a mask 0.992 is below 0.999"


def test_the_region_token_is_the_masked_tower_or_the_mean_of_patches(flat):
    for token in ("masked", "patches"):
        _, scores = _scores("clip_region_token", flat, token=token)
        assert scores == pytest.approx([NEAR, FAR, 1.2 / (2 * 1.23) ** 0.5], rel=1e-5)


def test_every_block_is_masked_for_the_region_token(flat):
    class Blocks(ColourEncoder):
        blocks = 7

        def encode_masked(self, image, masks, *, blocks=3, **more):
            assert blocks == 7
            return super().encode_masked(image, masks, blocks=blocks, **more)

    load_system("clip_region_token", {"model": Blocks()}).segment(flat[0], "red", proposals=flat[1])


def test_patches_count_by_how_much_of_them_a_mask_covers():
    patches = torch.tensor([[[2.0, 0.0], [0.0, 5.0]]])  # lengths do not count
    masks = np.zeros((2, 2, 4), bool)
    masks[0, :, :3] = True  # all of the first patch, half of the second
    found = mean_inside(patches, masks)
    assert found[0].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found[1].tolist() == [0.0, 0.0]


def test_paper_offline_says_what_stands_in(flat):
    system = load_system("clip_crop", {"model": ColourEncoder(), "preset": "paper-offline"})
    assert system.settings["normalisation"] == "imagenet"
    found = system.segment(flat[0], "red", proposals=flat[1])
    assert "proposer" in found.parameters["substitutes"]
    assert any("FreeSOLO" in line for line in found.trace)
