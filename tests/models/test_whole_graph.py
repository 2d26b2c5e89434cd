"""The whole graph against the stock model: the same logit and attentions, and gradients that reach the pixels."""

from __future__ import annotations

import pytest
import torch
from questions import far
from random_models import build_processor

from iterprime_xai.models import load_matcher
from iterprime_xai.models.whole_graph import differentiating, look_through

TEXT = "the red dog left of a zebra"


def through(matcher, picture, *, watched):
    pixels = matcher.pixels_of([picture, picture.transpose(0)]).requires_grad_()
    with differentiating(matcher):
        return pixels, look_through(matcher, pixels, matcher.tokenize(TEXT), watched=watched)


def test_blip_attends_as_the_stock_model_says(random_model, shape, tokenizer, picture):
    matcher = load_matcher(random_model, build_processor(shape, tokenizer))
    pixels, found = through(matcher, picture, watched=True)
    tower = random_model.vision_model(pixel_values=pixels, output_attentions=True)
    ids = matcher.tokenize(TEXT).ids.expand(2, -1)
    text = random_model.text_encoder(
        input_ids=ids, encoder_hidden_states=tower.last_hidden_state, output_attentions=True
    )
    assert far(found.logit.detach(), random_model.itm_head(text.last_hidden_state[:, 0])[:, 1].detach()) < 1e-4
    for ours, theirs in (
        (found.image, tower.attentions),
        (found.own, text.attentions),
        (tuple(found.cross.values()), text.cross_attentions),
    ):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert far(one.detach(), other.detach()) < 1e-4
    assert far(found.image[0].detach(), tower.attentions[1]) > 1e-2  # a wrong layer is seen
    assert found.read == (0,)


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("family", ["blip", "blip2", "albef"])
def test_every_family_finds_the_match_of_the_lean_reading(family, watched, matchers, picture):
    matcher = matchers[family]
    _, found = through(matcher, picture, watched=watched)
    for place, image in enumerate((picture, picture.transpose(0))):
        match = matcher.match(matcher.encode_image(image), matcher.tokenize(TEXT))
        assert found.logit[place].item() == pytest.approx(match.logit, abs=1e-4)
        assert found.probability[place].item() == pytest.approx(match.probability, abs=1e-4)
    assert bool(found.image) is watched
    assert bool(found.own) is watched


@pytest.mark.parametrize("family", ["blip", "blip2", "albef"])
def test_gradients_reach_pixels_and_attentions_and_no_parameter(family, matchers, picture):
    matcher = matchers[family]
    for parameter in matcher.model.parameters():
        parameter.requires_grad_(False)
    try:
        pixels, found = through(matcher, picture, watched=True)
        slopes = torch.autograd.grad(found.logit.sum(), [pixels, *found.image, *found.cross.values(), *found.own[:-1]])
    finally:
        for parameter in matcher.model.parameters():
            parameter.requires_grad_(True)
    assert all(slope.abs().max() > 0 for slope in slopes)
    assert all(parameter.grad is None for parameter in matcher.model.parameters())


def test_the_slope_by_the_pixels_is_that_of_the_stock_model(matchers, picture):
    matcher = matchers["blip2"]
    pixels, found = through(matcher, picture, watched=False)
    (ours,) = torch.autograd.grad(found.logit.sum(), pixels)
    model, again = matcher.model, pixels.detach().requires_grad_()
    number = model.config.num_query_tokens
    embedded = model.embeddings(
        input_ids=matcher.tokenize(TEXT).ids.expand(2, -1), query_embeds=model.query_tokens.expand(2, -1, -1)
    )
    out = model.qformer(
        query_embeds=embedded,
        query_length=number,
        encoder_hidden_states=model.vision_model(pixel_values=again).last_hidden_state,
    )
    logits = model.itm_head(out.last_hidden_state[:, :number]).mean(1)[:, 1]
    (theirs,) = torch.autograd.grad(logits.sum(), again)
    assert found.read == tuple(range(number))
    assert far(ours, theirs) < 1e-4
    assert far(ours[:1], theirs[1:]) > 1e-2


@pytest.mark.parametrize("name", ["blip", "blip2", "albef"])
def test_the_image_tower_is_the_stock_one_with_its_attention_fused(matchers, picture, name):
    matcher = matchers[name]
    tower = matcher.model.visual_encoder if name == "albef" else matcher.model.vision_model
    pixels = matcher.pixels_of([picture, picture.rotate(90)])
    (first, second) = matcher.encode_pixels(pixels)
    with torch.no_grad():
        expected = tower.eval()(pixel_values=pixels).last_hidden_state
    assert far(first.hidden, expected[:1]) <= 1e-5
    assert far(second.hidden, expected[1:]) <= 1e-5
    assert far(second.hidden, expected[:1]) > 1e-2
