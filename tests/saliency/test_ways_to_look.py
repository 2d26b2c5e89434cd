"""What each method finds, against captum, against few-line computations, and on cases small enough to do by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from questions import far

from iterprime_xai import Grounder
from iterprime_xai.language import parse
from iterprime_xai.masks import as_proposals
from iterprime_xai.models.whole_graph import differentiating, look_through
from iterprime_xai.records import ProposalError
from iterprime_xai.saliency import Subject, get_method, token_gradcam
from iterprime_xai.saliency.method import on_patches
from iterprime_xai.saliency.removal import random_masks
from iterprime_xai.saliency.rollout import relevance, rollout

TEXT = "the red dog left of the tree"


@pytest.fixture
def subject(matchers, picture):
    matcher = matchers["blip"]
    return Subject(picture, matcher.encode_image(picture), matcher.tokenize(TEXT), parse(TEXT), 0, matcher.layers[1])


def logit_of(matcher, subject):
    def logit(pixels):
        with differentiating(matcher):
            return look_through(matcher, pixels, subject.text).logit

    return logit


def distance(ours, theirs):
    return far(torch.from_numpy(np.asarray(ours, np.float64)), torch.from_numpy(np.asarray(theirs, np.float64)))


def patch_of(matcher):
    return matcher.image_size // matcher.grid[0]


class TestRollout:
    def test_one_layer_of_each_tower_by_hand(self):
        tower = [torch.tensor([[0.5, 0.5], [0.0, 1.0]])]
        own = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
        looks = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        # Through the tower: (A + I) / 2 = [[3/4, 1/4], [0, 1]]. Before the look no text token holds any of the picture.
        expected = torch.tensor([[0.375, 0.125], [0.0, 0.5]])
        torch.testing.assert_close(rollout(tower, [(own, looks)]), expected)
        # A second layer without a look: the second token takes half of a half from the first.
        expected = torch.tensor([[0.375, 0.125], [0.25 * 0.375, 0.25 * 0.125 + 0.75 * 0.5]])
        torch.testing.assert_close(rollout(tower, [(own, looks), (own, None)]), expected)

    def test_a_row_holds_what_does_not_come_from_the_words(self, matchers, subject):
        matcher = matchers["blip"]
        found = get_method("rollout").look(matcher, subject)
        # Three layers look, and each brings half: 1 - 1/8 in all, what the image's own token holds included.
        assert 0 < found.heatmap.sum() < 1 - 0.5 ** len(matcher.layers)
        assert (found.heatmap > 0).all()


class TestRelevance:
    def test_one_layer_of_each_tower_by_hand(self):
        tower = [torch.tensor([[0.0, 2.0], [0.0, 0.0]])]
        own = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
        looks = torch.tensor([[1.0, 0.0], [0.0, 3.0]])
        # R_ii = [[1, 2], [0, 1]], normed [[1, 1], [0, 1]]; R_tt = [[1, 0], [4, 1]], normed [[1, 0], [1, 1]].
        image, text = torch.tensor([[1.0, 1.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0], [1.0, 1.0]])
        torch.testing.assert_close(relevance(tower, [(own, looks)]), text.T @ looks @ image)
        torch.testing.assert_close(text.T @ looks @ image, torch.tensor([[1.0, 4.0], [0.0, 3.0]]))

    def test_only_tokens_that_look_bring_the_picture_in(self):
        own = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
        looks = torch.tensor([[1.0, 2.0]])  # the first token alone looks
        found = relevance([torch.zeros(2, 2)], [(own, looks)])
        # R_tt = [[1, 1], [0, 1]], transposed: what the first token saw is laid at the second's door too.
        torch.testing.assert_close(found, torch.tensor([[1.0, 2.0], [1.0, 2.0]]))

    @pytest.mark.parametrize("family", ["blip", "blip2", "albef"])
    def test_a_model_that_hears_no_picture_has_none(self, family, matchers, picture):
        matcher = matchers[family]
        found = Grounder(matcher).ground(picture, TEXT, method="relevance", proposals=False)
        assert (found.heatmap >= 0).all()
        assert found.heatmap.max() > 0


class TestAttentionAndLeGrad:
    def test_attention_is_the_mean_over_heads_and_content_tokens(self, matchers, subject):
        matcher = matchers["blip"]
        match = matcher.match(subject.image, subject.text, layers=matcher.layers)
        content = [2, 3, 4, 7]  # [CLS] the red dog left of the tree [SEP]
        expected = match.attention[1][:, content].mean((0, 1)).numpy()
        found = get_method("attention").look(matcher, subject)
        assert distance(found.heatmap, expected) < 1e-6
        assert distance(found.heatmap, match.attention[0][:, content].mean((0, 1)).numpy()) > 1e-2
        assert [word.text for word in found.words] == TEXT.split()
        assert distance(found.words[1].heatmap, match.attention[1][:, 2].mean(0).numpy()) < 1e-6

    def test_legrad_sums_positive_slopes_over_all_layers(self, matchers, subject):
        matcher = matchers["blip"]
        slopes = matcher.match(subject.image, subject.text, layers=matcher.layers).gradient
        expected = sum(each.clamp(min=0).mean((0, 1)) for each in slopes.values()).numpy()
        assert distance(get_method("legrad").look(matcher, subject).heatmap, expected) < 1e-5
        assert distance(expected, slopes[1].clamp(min=0).mean((0, 1)).numpy()) > 1e-2


class TestGradCamAtLayers:
    def test_of_one_layer_it_is_the_published_map(self, matchers, subject, picture):
        matcher = matchers["blip"]
        expected = token_gradcam(matcher, picture, TEXT, layer=0).mean(0)
        method = get_method("gradcam", layers=(0,), gradient="attention")
        assert distance(method.look(matcher, subject).heatmap, expected) < 1e-5

    def test_of_several_every_layer_counts_alike(self, matchers, subject):
        matcher = matchers["blip"]
        one, other = (get_method("gradcam", layers=(layer,)).look(matcher, subject).heatmap for layer in (0, 1))
        both = get_method("gradcam", layers=(0, 1)).look(matcher, subject).heatmap
        assert distance(both, (one / one.max() + other / other.max()) / 2) < 1e-5

    def test_is_one_look_of_the_default_recipe(self, matchers, picture):
        grounder = Grounder(matchers["blip"])
        refined = grounder.ground(picture, TEXT, passes=1, proposals=False)
        single = grounder.ground(picture, TEXT, method=get_method("gradcam"), proposals=False)
        assert distance(single.heatmap, refined.heatmap) < 1e-6
        for one, other in zip(single.passes[0].words, refined.passes[0].words, strict=True):
            assert distance(one.heatmap, other.heatmap) < 1e-6


class TestRemoval:
    def test_occlusion_of_windows_side_by_side_is_captums(self, matchers, subject):
        from captum.attr import Occlusion

        matcher = matchers["blip"]
        patch = patch_of(matcher)
        size = (3, 2 * patch, 2 * patch)
        theirs = Occlusion(logit_of(matcher, subject)).attribute(
            matcher.pixels_of([subject.picture]), sliding_window_shapes=size, strides=size, baselines=0
        )
        expected = on_patches(theirs[0, 0].detach().double().numpy(), matcher.grid)
        found = get_method("occlusion", window=2, stride=2).look(matcher, subject).heatmap
        assert distance(found, expected) < 1e-4
        assert distance(get_method("occlusion", window=1).look(matcher, subject).heatmap, expected) > 1e-2

    def test_ablation_of_proposals_is_captums(self, matchers, subject):
        from captum.attr import FeatureAblation

        matcher = matchers["blip"]
        height, width = subject.picture.height, subject.picture.width
        halves = np.zeros((2, height, width), bool)
        halves[0, :, : width // 2], halves[1, :, width // 2 :] = True, True
        side, columns = matcher.image_size, matcher.grid[1]
        regions = torch.zeros(1, 1, side, side, dtype=torch.long)
        regions[..., side // 2 :] = 1
        theirs = FeatureAblation(logit_of(matcher, subject)).attribute(
            matcher.pixels_of([subject.picture]), feature_mask=regions, baselines=0
        )
        found = Grounder(matcher).ground(
            subject.picture, TEXT, method="ablation", proposals=as_proposals(halves, (height, width))
        )
        expected = on_patches(theirs[0, 0].detach().double().numpy(), matcher.grid)
        assert distance(found.heatmap, expected) < 1e-4
        assert found.heatmap[0, 0] != pytest.approx(found.heatmap[0, columns - 1])

    def test_ablation_without_a_region_is_refused(self, matchers, subject):
        none = as_proposals(np.zeros((0, subject.picture.height, subject.picture.width), bool), (96, 128))
        with pytest.raises(ProposalError, match="there is none"):
            Grounder(matchers["blip"]).ground(subject.picture, TEXT, method="ablation", proposals=none)

    def test_over_keys_the_words_may_not_look_there(self, matchers, subject):
        matcher = matchers["blip"]
        keep = np.ones(matcher.grid, bool)
        keep[:2, :2] = False
        fall = (
            matcher.match(subject.image, subject.text).logit
            - matcher.match(subject.image, subject.text, keep=keep).logit
        )
        found = get_method("occlusion", window=2, stride=2, over="keys").look(matcher, subject).heatmap
        assert found[0, 0] == pytest.approx(fall, rel=1e-3)
        assert found[1, 1] == found[0, 0]

    def test_rise_weighs_every_mask_with_the_probability_that_is_left(self, matchers, subject):
        matcher = matchers["blip"]
        masks = random_masks(matcher.grid, 5, 3, 0.5, seed=4)
        pixels, patch = matcher.pixels_of([subject.picture]), patch_of(matcher)
        left = []
        for mask in masks:
            large = torch.from_numpy(np.kron(mask, np.ones((patch, patch), np.float32)))
            with differentiating(matcher):
                left.append(look_through(matcher, pixels * large, subject.text).probability.item())
        expected = np.tensordot(left, masks, 1) / masks.sum(0).clip(1e-6)
        found = get_method("rise", masks=5, cells=3, seed=4).look(matcher, subject).heatmap
        assert distance(found, expected) < 1e-4

    def test_rise_masks_are_soft_seeded_and_keep_their_share(self):
        masks = random_masks((14, 14), 400, 7, 0.3, seed=1)
        assert masks.min() >= 0
        assert masks.max() <= 1
        assert len(np.unique(masks)) > 5  # soft edges, not zeros and ones
        assert masks.mean() == pytest.approx(0.3, abs=0.02)
        np.testing.assert_array_equal(masks, random_masks((14, 14), 400, 7, 0.3, seed=1))
        assert not np.array_equal(masks, random_masks((14, 14), 400, 7, 0.3, seed=2))


class TestContrast:
    @pytest.mark.parametrize("by", ["occlusion", "integrated_gradients"])
    def test_is_the_map_of_the_difference_of_the_logits(self, by, matchers, picture):
        grounder, other = Grounder(matchers["blip"]), "a small blue ball"
        one, two = (grounder.ground(picture, text, method=by, proposals=False).heatmap for text in (TEXT, other))
        method = get_method("contrast", instead=other, by=by)
        found = grounder.ground(picture, TEXT, method=method, proposals=False)
        assert distance(found.heatmap, one - two) < 1e-5
        assert found.parameters["method_options"] == {"instead": other, "by": by}

    def test_with_itself_nothing_speaks_for_either(self, matchers, picture):
        method = get_method("contrast", instead=TEXT)
        found = Grounder(matchers["blip"]).ground(picture, TEXT, method=method, recipe="paper", proposals=False)
        assert not found.heatmap.any()
        assert found.point is None


class TestPixelGradients:
    def test_integrated_gradients_add_up_to_what_the_picture_adds(self, matchers, subject):
        matcher = matchers["blip"]
        found = get_method("integrated_gradients", steps=200).look(matcher, subject).heatmap
        logit, pixels = logit_of(matcher, subject), matcher.pixels_of([subject.picture])
        added = float((logit(pixels) - logit(torch.zeros_like(pixels))).detach())
        assert float(found.sum()) * patch_of(matcher) ** 2 == pytest.approx(added, rel=0.02, abs=1e-3)

    def test_smoothgrad_without_noise_is_the_size_of_the_gradient(self, matchers, subject):
        matcher = matchers["blip"]
        pixels = matcher.pixels_of([subject.picture]).requires_grad_()
        (slope,) = torch.autograd.grad(logit_of(matcher, subject)(pixels).sum(), pixels)
        expected = on_patches(slope.abs().sum((0, 1)).double().numpy(), matcher.grid)
        assert distance(get_method("smoothgrad", samples=3, noise=0).look(matcher, subject).heatmap, expected) < 1e-4
        assert distance(get_method("smoothgrad", samples=3).look(matcher, subject).heatmap, expected) > 1e-2

    def test_smoothgrad_is_the_mean_over_the_seeds_noise(self, matchers, subject):
        matcher = matchers["blip"]
        pixels = matcher.pixels_of([subject.picture])
        noise = torch.randn((2, *pixels.shape[1:]), generator=torch.Generator().manual_seed(7))
        noisy = (pixels + 0.1 * (pixels.max() - pixels.min()) * noise).requires_grad_()
        (slope,) = torch.autograd.grad(logit_of(matcher, subject)(noisy).sum(), noisy)
        expected = on_patches(slope.abs().mean(0).sum(0).double().numpy(), matcher.grid)
        found = get_method("smoothgrad", samples=2, noise=0.1, seed=7).look(matcher, subject).heatmap
        assert distance(found, expected) < 1e-4


class TestFloors:
    def test_the_centre_is_hottest_in_the_middle_and_falls_as_a_gaussian(self):
        found = get_method("centre").map((3, 3), None)
        assert found[1, 1] == 1
        assert found[0, 1] == pytest.approx(np.exp(-((1 / 3) ** 2) / (2 * 0.25**2)))
        assert found[0, 0] == pytest.approx(found[0, 1] ** 2)

    def test_edges_are_where_grey_changes(self, matchers, subject):
        pixels = np.zeros((60, 60, 3), np.uint8)
        pixels[:, 30:] = 255
        from dataclasses import replace

        found = get_method("edges").map((6, 6), replace(subject, picture=Image.fromarray(pixels)))
        assert (found[:, 2:4] > 0.05).all()
        assert found[:, [0, 1, 4, 5]].max() == 0

    def test_random_changes_with_phrase_and_seed_alone(self, matchers, subject):
        first = get_method("random").map((4, 4), subject)
        np.testing.assert_array_equal(first, get_method("random").map((4, 4), subject))
        assert not np.array_equal(first, get_method("random", seed=1).map((4, 4), subject))
