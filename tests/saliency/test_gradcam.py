"""Per-token Grad-CAM against an independent few-line autograd computation, and proof that the comparison can fail."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from random_models import SHAPES, build_model, build_processor

from iterprime_xai.models import load_matcher
from iterprime_xai.records import LayerError
from iterprime_xai.saliency import activation, at_scores, token_gradcam

TEXT = "the red dog left of a zebra"


def reference(model, processor, image, text, layer):
    """(heads, tokens, rows, columns): the stock model's own attention outputs and `backward`-free autograd, nothing of ours."""
    pixels = processor.image_processor(images=image, return_tensors="pt")["pixel_values"]
    ids = processor.tokenizer(text, return_tensors="pt")["input_ids"]
    tokens = model.vision_model(pixel_values=pixels).last_hidden_state
    out = model.text_encoder(input_ids=ids, encoder_hidden_states=tokens, output_attentions=True)
    attention = out.cross_attentions[layer]
    gradient = torch.autograd.grad(model.itm_head(out.last_hidden_state[:, 0])[0, 1], attention)[0]
    side = model.config.vision_config.image_size // model.config.vision_config.patch_size
    maps = (gradient.clamp(min=0) * attention)[0, :, :, 1:]
    return maps.reshape(*maps.shape[:2], side, side).detach().numpy()


def close(ours, theirs):
    return ours.shape == theirs.shape and np.abs(ours - theirs).max() <= 1e-4 * np.abs(theirs).max()


@pytest.fixture(params=[(shape, layer) for shape in SHAPES for layer in range(shape.text_layers)], ids=str)
def case(request, tokenizer, picture):
    shape, layer = request.param
    processor = build_processor(shape, tokenizer)
    model = build_model(shape, tokenizer, seed=3)
    ours = token_gradcam(load_matcher(model, processor), picture, TEXT, layer)
    return shape, layer, ours, reference(model, processor, picture, TEXT, layer), (model, processor)


def test_equals_the_reference_at_every_layer(case):
    _, _, ours, theirs, _ = case
    assert ours.dtype == np.float32
    assert np.abs(theirs).max() > 0
    assert close(ours, theirs.mean(0))


def test_every_row_is_seen_but_in_the_last_layer_only_the_first(case):
    shape, layer, ours, theirs, _ = case
    seen = theirs.mean(0).reshape(len(ours), -1).max(1) > 0
    last = layer == shape.text_layers - 1
    assert seen.any()
    assert seen[1:].any() != last
    assert ((ours.reshape(len(ours), -1).max(1) > 0) == seen).all()


def test_the_comparison_fails_for_a_wrong_layer_token_or_head(case, picture):
    shape, layer, ours, theirs, (model, processor) = case
    expected = theirs.mean(0)
    other = (layer + 1) % shape.text_layers
    assert not close(ours, reference(model, processor, picture, TEXT, other).mean(0))
    assert not close(ours, np.roll(expected, 1, axis=0))
    if shape.heads > 1:
        assert not close(ours, theirs[0])
    assert not close(np.zeros_like(ours), expected)


def test_rows_are_the_tokens_of_the_text_in_order(tokenizer, picture):
    matcher = load_matcher(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))
    maps = token_gradcam(matcher, picture, TEXT, 0)
    assert len(maps) == len(tokenizer(TEXT)["input_ids"])
    assert maps.shape[1:] == (6, 6)


def test_a_wrong_layer_is_refused(tokenizer, picture):
    matcher = load_matcher(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))
    with pytest.raises(LayerError):
        token_gradcam(matcher, picture, TEXT, 3)


def softmax_case():
    """Scores of 2 heads, 3 tokens and a grid of 2 x 3, their probabilities, and the gradients of one number by both."""
    rng = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 3, 6, generator=rng, requires_grad=True)
    attention = scores.softmax(-1)
    match = (attention @ torch.randn(2, 6, 4, generator=rng)).square().sum()
    by_attention, by_scores = torch.autograd.grad(match, (attention, scores))
    return [each.detach().unflatten(-1, (2, 3)) for each in (attention, by_attention, by_scores)]


def test_at_scores_times_attention_is_the_derivative_by_the_scores():
    attention, by_attention, by_scores = softmax_case()
    ours = attention * at_scores(attention, by_attention)
    assert by_scores.abs().max() > 0
    assert ours == pytest.approx(by_scores, abs=1e-6)
    assert not np.allclose(attention * by_attention, by_scores, atol=1e-3)
    assert activation(attention, at_scores(attention, by_attention)) == pytest.approx(by_scores.clamp(min=0), abs=1e-6)


def test_at_scores_does_not_mind_what_all_patches_share():
    attention, gradient, _ = softmax_case()
    shifted = gradient + torch.tensor([[-5.0], [3.0]])[..., None, None]
    assert at_scores(attention, shifted) == pytest.approx(at_scores(attention, gradient), abs=1e-5)
    assert not np.allclose(activation(attention, shifted), activation(attention, gradient), atol=1e-2)


def test_at_scores_of_a_row_that_sees_nothing_is_finite():
    nothing = torch.zeros(1, 1, 2, 2)
    assert torch.isfinite(at_scores(nothing, torch.ones(1, 1, 2, 2))).all()


def test_at_scores_beside_a_key_that_is_no_patch_holds_for_what_the_patches_share():
    """With the image's own [CLS] as a further key: the derivative where its part of the attention stays as it is."""
    rng = torch.Generator().manual_seed(1)
    own, scores = torch.randn(2, 3, 1, generator=rng), torch.randn(2, 3, 6, generator=rng, requires_grad=True)
    whole = torch.cat([own, scores], -1).detach().softmax(-1)
    patches = scores.softmax(-1) * whole[..., 1:].sum(-1, keepdim=True)
    match = (patches @ torch.randn(2, 6, 4, generator=rng)).square().sum()
    by_patches, by_scores = torch.autograd.grad(match, (patches, scores))
    attention, gradient, expected = (each.detach().unflatten(-1, (2, 3)) for each in (patches, by_patches, by_scores))
    assert attention * at_scores(attention, gradient) == pytest.approx(expected, abs=1e-6)
