"""No work twice: keys and values once a picture, gradients only above the layer that is read, nothing left behind."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from questions import asks, far, questions

from iterprime_xai.models import Ask, ImageTokens


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
    results += [each for question in some for kept in question.ask.image.kept.values() for each in kept.own()]
    results += [question.ask.image.hidden for question in some]
    assert not any(each.requires_grad for each in results)
    assert all(each.grad_fn is None for each in results)


class Offering:
    """A layer that offers twice and three times what it sees, and notes what it was given."""

    def __init__(self):
        self.given = []

    def keys_values(self, hidden):
        self.given.append(hidden)
        return 2 * hidden, 3 * hidden


def test_pictures_encoded_together_are_read_without_copying_their_keys():
    from iterprime_xai.models.reading import _kept

    layer = Offering()
    batch = torch.arange(5 * 2 * 3.0).reshape(5, 2, 3)
    pictures = [ImageTokens(batch[place : place + 1], (1, 1), 1) for place in range(5)]
    whole, _ = _kept(layer, 0, pictures, {})
    assert layer.given[0].data_ptr() == batch.data_ptr()
    for places in ((0, 1, 2, 3, 4), (1, 2), (0, 2, 4), (3,), (2, 1), (0, 1, 3), (1, 1)):
        keys, values = _kept(layer, 0, [pictures[place] for place in places], {})
        assert torch.equal(keys, 2 * batch[list(places)])
        assert torch.equal(values, 3 * batch[list(places)])
        same = keys.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr()
        assert same == (places not in {(2, 1), (0, 1, 3), (1, 1)})  # not at even steps forward
    assert len(layer.given) == 1


def test_pictures_encoded_apart_are_laid_together_once_for_all_layers():
    from iterprime_xai.models.reading import _kept

    layer = Offering()
    pictures = [ImageTokens(torch.full((1, 2, 3), float(place)), (1, 1), 1) for place in range(3)]
    seen = {}
    found = [_kept(layer, index, pictures, seen)[0] for index in (0, 1)]
    assert layer.given[0] is layer.given[1]
    assert all(each[:, 0, 0].tolist() == [0, 2, 4] for each in found)


def test_pictures_that_the_cache_does_not_hold_are_seen_one_by_one_and_kept_in_one_piece(matcher, picture, monkeypatch):
    seen = []
    see = matcher._see
    monkeypatch.setattr(matcher, "_see", lambda pixels: seen.append(len(pixels)) or see(pixels))
    together = matcher.encode_images([picture] * 4)
    assert seen == [1, 3]
    monkeypatch.setattr("iterprime_xai.models.reading_matcher.IN_CACHE", 1)
    apart = matcher.encode_images([picture] * 4)
    assert seen == [1, 3, 1, 1, 1, 1]
    pieces = {each.hidden.untyped_storage().data_ptr() for each in apart}
    assert len(pieces) == 1
    for one, other in zip(together, apart, strict=True):
        assert torch.allclose(one.hidden, other.hidden, atol=1e-5)
