"""Answers in one piece: as the single ones, padded with zeros, and apart from each other once taken out."""

from __future__ import annotations

import pytest
import torch
from questions import asks, questions

from iterprime_xai.models import Match, Matches


def a_match(tokens, seed):
    torch.manual_seed(seed)
    return Match(float(seed), 0.1 * seed, {2: torch.rand(3, tokens, 2, 4)}, {2: torch.rand(3, tokens, 2, 4)})


def test_single_answers_lie_together_and_come_back():
    single = [a_match(tokens, seed) for seed, tokens in enumerate((4, 2, 3))]
    found = Matches.of(single)
    assert Matches.of(found) is found
    assert found.lengths == (4, 2, 3)
    assert found.attention[2].shape == (3, 3, 4, 2, 4)
    assert not found.attention[2][1, :, 2:].any()
    assert not found.gradient[2][2, :, 3:].any()
    for ours, each in zip(found, single, strict=True):
        assert (ours.logit, ours.probability) == (each.logit, each.probability)
        assert torch.equal(ours.attention[2], each.attention[2])
        assert torch.equal(ours.gradient[2], each.gradient[2])


def test_it_is_a_sequence():
    found = Matches.of([a_match(2, seed) for seed in range(3)])
    assert len(found) == 3
    assert found[-1].logit == 2
    assert [each.logit for each in found[1:]] == [1, 2]
    with pytest.raises(IndexError):
        found[3]


def test_without_layers_there_are_no_maps_and_no_tokens():
    found = Matches.of([Match(1.0, 0.5, {}, {}), Match(2.0, 0.7, {}, {})])
    assert found.lengths == (0, 0)
    assert [each.probability for each in found] == [0.5, 0.7]
    assert found[0].attention == {}


def test_one_taken_out_holds_on_to_no_other(matcher):
    found = matcher.match_all(asks(questions(matcher)), layers=(matcher.layers[0],))
    assert isinstance(found, Matches)
    one = found[1].attention[matcher.layers[0]]
    assert one.untyped_storage().nbytes() == one.numel() * one.element_size()
    one.zero_()
    assert found[1].attention[matcher.layers[0]].any()


def test_behind_a_shorter_text_there_is_nothing(matcher):
    layer = matcher.layers[0]
    found = matcher.match_all(asks(questions(matcher)), layers=(layer,))
    assert len(set(found.lengths)) > 1
    for place, length in enumerate(found.lengths):
        assert found.attention[layer][place, :, :length].any()
        assert not found.attention[layer][place, :, length:].any()
        assert not found.gradient[layer][place, :, length:].any()
