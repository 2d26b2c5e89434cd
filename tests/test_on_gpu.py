"""On a GPU everything says what it says on the CPU; skipped where there is none."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from quick_methods import QUICK

import iterprime_xai as ix
from iterprime_xai import Grounder
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.evaluation.explanation.steadiness import Steadiness
from iterprime_xai.saliency import METHODS, Subject, caption_maps, get_method

GPU = "cuda"
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")

TEXT = "the red dog left of the tree"
OPTIONS = {**QUICK, "contrast": {"instead": "the red dog right of the tree"}}


@pytest.fixture(scope="module", params=["blip", "blip2", "albef"])
def both(request, matchers):
    """One model on the CPU and on the GPU."""
    here = matchers[request.param]
    there = type(here)(
        copy.deepcopy(here.model).to(GPU), here.image_processor, here.tokenizer, name=here.name, profile=here.profile
    )
    return Grounder(here), Grounder(there)


def close(one, other, within=1e-3):
    return np.abs(one - other).max() <= within * max(np.abs(one).max(), 1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_the_same_map(both, picture, name):
    here, there = (
        each.ground(picture, TEXT, method=get_method(name, **OPTIONS.get(name, {})), proposals=False) for each in both
    )
    assert close(here.passes[0].heatmap, there.passes[0].heatmap)
    assert here.probability == pytest.approx(there.probability, rel=1e-4)
    assert all(close(one.heatmap, other.heatmap, 2e-3) for one, other in zip(here.words, there.words, strict=True))


def test_many_pictures_with_pixels_prepared_ahead(both, picture):
    pairs = [(image, text) for image in (picture, picture.rotate(90), picture.rotate(180)) for text in (TEXT, "dog")]
    for one, other in zip(*(list(each.ground_each(pairs, images_at_once=2)) for each in both), strict=True):
        assert close(one.passes[0].heatmap, other.passes[0].heatmap)
        assert len(one.proposals) == len(other.proposals)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_answers_nearly_the_same(dtype):
    scene = bundled_samples()[0]
    exact, half = ix.load("tiny", device=GPU), ix.load("tiny", device=GPU, dtype=dtype)
    one, other = (each.ground(scene.image, scene.text, passes=1, proposals=False) for each in (exact, half))
    assert np.corrcoef(one.heatmap.ravel(), other.heatmap.ravel())[0, 1] > 0.95
    assert one.probability == pytest.approx(other.probability, abs=0.05)


def test_captions_and_their_maps():
    scene = bundled_samples()[0]
    here, there = (ix.load_captioner("tiny", device=each) for each in ("cpu", GPU))
    one, other = (caption_maps(each, scene.image) for each in (here, there))
    assert one.text == other.text
    assert all(close(mine.heatmap, yours.heatmap, 5e-3) for mine, yours in zip(one.words, other.words, strict=True))


def test_what_patches_are_worth_and_how_steady_a_map_is(both, picture):
    pytest.importorskip("captum")
    found = []
    for each in both:
        matcher = each.matcher
        layer, _ = matcher.choose_layer(None)
        expression, text = each.parser(TEXT), matcher.tokenize(TEXT)
        subject = Subject(picture, matcher.encode_image(picture), text, expression, 0, layer, None)
        found.append(Steadiness(matcher, subject).of(get_method("gradcam"), ()))
    assert found[0] == pytest.approx(found[1], rel=0.05, nan_ok=True)


@pytest.mark.parametrize("system", ["global_local_clip", "clip_gradcam", "clip_score_map", "clip_crop", "tas"])
def test_systems_on_clip_choose_the_same_mask(system):
    scene = bundled_samples()[0]
    here, there = (ix.load_system(system, {"device": each}).segment(scene.image, scene.text) for each in ("cpu", GPU))
    assert np.array_equal(here.mask, there.mask)
