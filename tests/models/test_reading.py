"""Reading many texts at once against the stock model alone, whatever else is asked, and what is not done twice."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from random_models import SHAPES, build_model, build_processor

from iterprime_xai.models import Ask, blip, load_matcher

TEXTS = ("dog", "the red dog left of a zebra", "man in black", "a small blue ball behind the second tree from right")


@dataclass
class Question:
    """One ask, and what the stock model needs to answer it alone."""

    ask: Ask
    image: Image.Image
    text: str


def stock(model, processor, question):
    """Logit, attention and gradient (heads, tokens, rows, columns) at every layer, from the stock model that is given the kept
    image tokens only; nothing of ours."""
    pixels = processor.image_processor(images=question.image, return_tensors="pt")["pixel_values"].to(model.dtype)
    ids = processor.tokenizer(question.text, return_tensors="pt")["input_ids"]
    tokens = model.vision_model(pixel_values=pixels).last_hidden_state
    side = model.config.vision_config.image_size // model.config.vision_config.patch_size
    keep = np.ones((side, side), bool) if question.ask.keep is None else question.ask.keep
    seen = torch.from_numpy(np.concatenate([[True], keep.ravel()]))
    out = model.text_encoder(input_ids=ids, encoder_hidden_states=tokens[:, seen], output_attentions=True)
    logit = model.itm_head(out.last_hidden_state[:, 0])[0, 1]
    slopes = torch.autograd.grad(logit, out.cross_attentions)

    def on_grid(values):
        full = torch.zeros(*values.shape[1:3], len(seen))
        full[:, :, seen] = values[0].detach().float()
        return full[:, :, 1:].unflatten(-1, (side, side))

    return logit.item(), [on_grid(each) for each in out.cross_attentions], [on_grid(each) for each in slopes]


def far(ours, theirs):
    """The largest difference relative to the largest value, infinite where nothing can be compared."""
    largest = theirs.abs().max()
    if ours.shape != theirs.shape or not largest > 0:
        return float("inf")
    return float((ours - theirs).abs().max() / largest)


def a_picture(seed):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (60, 80, 3), dtype=np.uint8))


def questions(matcher, seed=0):
    """Seven asks of three pictures in mixed order, of four lengths, four of them with patches left out."""
    images = [a_picture(each) for each in range(3)]
    tokens = matcher.encode_images(images)
    rng = np.random.default_rng(seed)
    found = []
    for picture, text, some in [(1, 0, 0), (0, 1, 1), (1, 3, 1), (2, 2, 0), (0, 1, 0), (1, 1, 1), (2, 0, 1)]:
        keep = rng.random(matcher.grid) < 0.6 if some else None
        if keep is not None:
            keep.flat[:2] = False, True
        ask = Ask(tokens[picture], matcher.tokenize(TEXTS[text]), keep)
        found.append(Question(ask, images[picture], TEXTS[text]))
    return found


def asks(some):
    return [each.ask for each in some]


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
            assert ours.logit == pytest.approx(together[place].logit, rel=1e-5, abs=1e-6)
            for layer in layers:
                assert far(ours.attention[layer], together[place].attention[layer]) <= 1e-5
                assert far(ours.gradient[layer], together[place].gradient[layer]) <= 1e-5


def test_pictures_encoded_together_are_as_each_encoded_alone(matcher):
    images = [a_picture(each) for each in range(3)]
    together = matcher.encode_images(images)
    assert len({each.hidden.shape for each in together}) == 1
    for image, ours in zip(images, together, strict=True):
        assert far(ours.hidden, matcher.encode_image(image).hidden) <= 1e-5
    assert far(together[0].hidden, together[1].hidden) > 1e-2


def test_nothing_asked_is_nothing_found(matcher, picture):
    assert matcher.match_all([]) == []
    (found,) = matcher.match_all([Ask(matcher.encode_image(picture), matcher.tokenize("dog"))])
    assert found.attention == found.gradient == {}


# --- once ---


@pytest.fixture
def made(matcher):
    """How many pictures each layer has made keys, and values, of so far."""
    counts = {}

    def count(name):
        def hook(module, given, made):
            counts[name] = counts.get(name, 0) + len(given[0])

        return hook

    for index, layer in enumerate(matcher.model.text_encoder.encoder.layer):
        layer.crossattention.self.key.register_forward_hook(count((index, "key")))
        layer.crossattention.self.value.register_forward_hook(count((index, "value")))
    return counts


def test_keys_and_values_are_made_once_for_each_picture_and_layer(matcher, made):
    some = questions(matcher)
    assert made == {}
    for layer in matcher.layers:
        matcher.match_all(asks(some), layers=(layer,))
        matcher.match_all(asks(some)[::-1])
    assert made == {(layer, part): 3 for layer in matcher.layers for part in ("key", "value")}


def test_a_new_picture_among_known_ones_is_the_only_one_worked_on(matcher, made, picture):
    some = questions(matcher)
    matcher.match_all(asks(some), layers=(0,))
    fresh = Ask(matcher.encode_image(picture), matcher.tokenize("dog"))
    known, new = matcher.match_all([some[0].ask, fresh], layers=(0,))
    assert set(made.values()) == {4}
    assert far(new.attention[0], known.attention[0]) > 1e-2


def test_a_fresh_picture_inherits_nothing(matcher, made, picture):
    tokens, text = matcher.encode_image(picture), matcher.tokenize("the red dog")
    before = matcher.match(tokens, text, layers=(0,))
    assert set(tokens.kept) == set(matcher.layers)
    changed = replace(tokens, hidden=tokens.hidden.flip(1))
    assert changed.kept == {}
    after = matcher.match(changed, text, layers=(0,))
    assert set(made.values()) == {2}
    assert far(after.attention[0], before.attention[0]) > 1e-2
    assert far(matcher.match(tokens, text, layers=(0,)).attention[0], before.attention[0]) == 0


# --- gradients only where somebody looks ---


def saved_values(matcher, some, layer):
    """How many values autograd keeps for the way back from the match score to a layer."""
    sizes = []

    def note(values):
        sizes.append(values.numel())
        return values

    with torch.autograd.graph.saved_tensors_hooks(note, lambda values: values):
        matcher.match_all(asks(some), layers=(layer,))
    return sum(sizes)


def test_the_higher_the_layer_the_less_is_kept_for_the_way_back(matcher):
    some = questions(matcher)
    matcher.model.requires_grad_(False)
    kept = [saved_values(matcher, some, layer) for layer in matcher.layers]
    assert all(lower > higher > 0 for lower, higher in pairwise(kept)), kept
    with torch.autograd.graph.saved_tensors_hooks(lambda values: pytest.fail("kept"), lambda values: values):
        matcher.match_all(asks(some))


def test_nothing_below_the_layer_that_is_read_is_recorded(matcher):
    """Also where the user's own parameters ask for gradients, nothing below is recorded and none of theirs is filled."""
    some = questions(matcher)
    matcher.model.requires_grad_(True)
    recorded = {}
    for index, layer in enumerate(matcher.model.text_encoder.encoder.layer):
        for name, part in (("attend", layer.attention), ("take in", layer.crossattention)):
            part.output.register_forward_hook(
                lambda module, given, made, key=(index, name): recorded.update({key: made.requires_grad})
            )
    for layer in matcher.layers:
        matcher.match_all(asks(some), layers=(layer,))
        assert recorded == {
            **{(each, "attend"): each > layer for each in matcher.layers},
            **{(each, "take in"): each >= layer for each in matcher.layers},
        }
    assert all(parameter.grad is None for parameter in matcher.model.parameters())


def test_what_is_found_holds_no_graph(matcher):
    some = questions(matcher)
    matcher.model.requires_grad_(True)
    found = matcher.match_all(asks(some), layers=matcher.layers)
    results = [each for ours in found for part in (ours.attention, ours.gradient) for each in part.values()]
    results += [each for question in some for pair in question.ask.image.kept.values() for each in pair]
    results += [question.ask.image.hidden for question in some]
    assert not any(each.requires_grad for each in results)
    assert all(each.grad_fn is None for each in results)


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
    monkeypatch.setattr(blip, "HALF_SCALE", 1.0)
    lost = gradients(2.0**-15)
    assert max(off(each, exact) for each, exact in zip(small, plain, strict=True)) <= 0.015
    assert max(off(each, exact) for each, exact in zip(lost, plain, strict=True)) > 0.03
