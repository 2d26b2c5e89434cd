"""Reading many texts at once against the stock model alone, whatever else is asked, also in half precision."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from questions import a_picture, asks, far, questions, stock
from random_models import SHAPES, build_model, build_processor

from iterprime_xai.models import Ask, load_matcher, reading_matcher


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: shape.name)
def case(request, tokenizer):
    """Matcher, questions, and the stock model's answer to each."""
    shape = request.param
    processor, model = build_processor(shape, tokenizer), build_model(shape, tokenizer, seed=3)
    matcher = load_matcher(model, processor)
    matcher.shape = shape
    some = questions(matcher)
    return matcher, some, [stock(model, processor, each) for each in some]


def test_texts_together_equal_the_stock_model_alone_at_every_layer(case):
    matcher, some, expected = case
    for layer in matcher.layers:
        for ours, (logit, attention, gradient) in zip(
            matcher.match_all(asks(some), layers=(layer,)), expected, strict=True
        ):
            assert ours.logit == pytest.approx(logit, rel=1e-4, abs=1e-5)
            assert set(ours.attention) == set(ours.gradient) == {layer}
            assert far(ours.attention[layer], attention[layer]) <= 1e-4
            assert far(ours.gradient[layer], gradient[layer]) <= 1e-4


def test_all_layers_at_once_equal_the_stock_model_too(case):
    matcher, some, expected = case
    for ours, (_, attention, gradient) in zip(
        matcher.match_all(asks(some), layers=matcher.layers), expected, strict=True
    ):
        assert all(far(ours.attention[layer], attention[layer]) <= 1e-4 for layer in matcher.layers)
        assert all(far(ours.gradient[layer], gradient[layer]) <= 1e-4 for layer in matcher.layers)


def test_the_comparison_fails_for_another_text_picture_mask_or_layer(case):
    matcher, some, expected = case
    layer = matcher.layers[0]
    found = matcher.match_all(asks(some), layers=(layer,))
    # The ask at the first place differs from that at the second in: text, picture, mask, text and mask.
    for one, other in [(2, 5), (1, 5), (1, 4), (0, 2)]:
        assert far(found[one].attention[layer], expected[other][1][layer]) > 1e-2
        assert far(found[one].gradient[layer], expected[other][2][layer]) > 1e-2
    for ours, (_, attention, gradient) in zip(found, expected, strict=True):
        assert far(ours.attention[layer], attention[matcher.layers[1]]) > 1e-2
        assert far(ours.gradient[layer], gradient[matcher.layers[1]]) > 1e-2
        assert far(torch.zeros_like(ours.gradient[layer]), gradient[layer]) == 1


def test_patches_left_out_are_zero_and_the_others_are_not(case):
    matcher, some, _ = case
    layer = matcher.layers[0]
    for question, ours in zip(some, matcher.match_all(asks(some), layers=(layer,)), strict=True):
        keep = torch.from_numpy(np.ones(matcher.grid, bool) if question.ask.keep is None else question.ask.keep)
        assert (ours.attention[layer][:, :, keep] > 0).all()
        assert (ours.attention[layer][:, :, ~keep] == 0).all()
        assert (ours.gradient[layer][:, :, ~keep] == 0).all()


@pytest.mark.parametrize("order", ["alone", "reversed", "shuffled", "twice", "one picture"])
def test_what_is_found_does_not_depend_on_what_else_is_asked(case, order):
    matcher, some, _ = case
    layers = (matcher.layers[0], matcher.layers[-1])
    places = list(range(len(some)))
    batches = {
        "alone": [[place] for place in places],
        "reversed": [places[::-1]],
        "shuffled": [random.Random(1).sample(places, len(places))],
        "twice": [places + places[::-1]],
        "one picture": [[place for place in places if some[place].ask.image is some[1].ask.image]],
    }[order]
    together = matcher.match_all(asks(some), layers=layers)
    for batch in batches:
        found = matcher.match_all([some[place].ask for place in batch], layers=layers)
        for place, ours in zip(batch, found, strict=True):
            assert ours.logit == pytest.approx(together[place].logit, rel=3e-5, abs=3e-6)
            for layer in layers:
                assert far(ours.attention[layer], together[place].attention[layer]) <= 3e-5
                assert far(ours.gradient[layer], together[place].gradient[layer]) <= 3e-5


def test_pictures_encoded_together_are_as_each_encoded_alone(matcher):
    images = [a_picture(each) for each in range(3)]
    together = matcher.encode_images(images)
    assert len({each.hidden.shape for each in together}) == 1
    for image, ours in zip(images, together, strict=True):
        assert far(ours.hidden, matcher.encode_image(image).hidden) <= 3e-5
    assert far(together[0].hidden, together[1].hidden) > 1e-2


def test_nothing_asked_is_nothing_found(matcher, picture):
    assert matcher.match_all([]) == []
    (found,) = matcher.match_all([Ask(matcher.encode_image(picture), matcher.tokenize("dog"))])
    assert found.attention == found.gradient == {}


# --- half precision ---


HALVES = {torch.bfloat16: (0.03, 0.4), torch.float16: (0.005, 0.1)}
"""Stated errors of attention and gradient, as shares of their length, on large random weights in up to six layers."""


def off(near, exact):
    """The length of the difference relative to the length of what is exact."""
    return float((near - exact).norm() / exact.norm())


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_half_precision_stays_near_float32_and_is_no_worse_than_the_stock_model_in_it(case, dtype):
    matcher, some, expected = case
    processor = build_processor(matcher.shape, matcher.tokenizer)
    model = build_model(matcher.shape, matcher.tokenizer, seed=3).to(dtype)
    half = load_matcher(model, processor)
    ours = half.match_all(asks(questions(half)), layers=(0,))
    theirs = [stock(model, processor, each) for each in some]
    for kind, bound in zip((1, 2), HALVES[dtype], strict=True):
        found = [each.attention[0] if kind == 1 else each.gradient[0] for each in ours]
        assert all(each.dtype == torch.float32 and torch.isfinite(each).all() for each in found)
        assert all(each.abs().max() > 0 for each in found)
        errors = [off(each, exact[kind][0]) for each, exact in zip(found, expected, strict=True)]
        stocks = [off(each[kind][0], exact[kind][0]) for each, exact in zip(theirs, expected, strict=True)]
        assert 0 < max(errors) <= bound
        assert np.mean(errors) <= 1.5 * np.mean(stocks)


def test_gradients_too_small_for_half_precision_survive_in_it(shape, tokenizer, monkeypatch):
    """With a head of 2**-15 every gradient is as much smaller; unscaled, float16 rounds away what counts."""

    def gradients(head):
        model = build_model(shape, tokenizer, seed=3)
        with torch.no_grad():
            model.itm_head.weight.mul_(head)
        half = load_matcher(model.to(torch.float16), build_processor(shape, tokenizer))
        return [each.gradient[0] / head for each in half.match_all(asks(questions(half)), layers=(0,))]

    plain, small = gradients(1.0), gradients(2.0**-15)
    assert all(each.abs().max() > 0 for each in plain)
    monkeypatch.setattr(reading_matcher, "HALF_SCALE", 1.0)
    lost = gradients(2.0**-15)
    assert max(off(each, exact) for each, exact in zip(small, plain, strict=True)) <= 0.015
    assert max(off(each, exact) for each, exact in zip(lost, plain, strict=True)) > 0.03
