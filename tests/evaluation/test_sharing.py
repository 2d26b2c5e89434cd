"""A shared look is the same look, made once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from iterprime_xai.evaluation.sharing import SharedMatcher
from iterprime_xai.language import parse
from iterprime_xai.saliency import Look, Recipe, refine

PHRASE = "the red dog left of the tree"


def _passes(matcher, tokens, layer, recipe):
    return refine(matcher, Look(tokens, matcher.tokenize(PHRASE), parse(PHRASE)), layer=layer, recipe=recipe)


def test_refinement_through_a_shared_matcher_is_that_of_the_matcher(matcher, picture):
    shared = SharedMatcher(matcher, matcher.layers)
    tokens = matcher.encode_image(picture)
    for layer in matcher.layers:
        for recipe in (Recipe("one", passes=1), Recipe("three", passes=3, keep_rejected=True)):
            alone, together = _passes(matcher, tokens, layer, recipe), _passes(shared, tokens, layer, recipe)
            for one, other in zip(alone, together, strict=True):
                assert one.probability == pytest.approx(other.probability, rel=1e-5)
                np.testing.assert_allclose(one.blended, other.blended, rtol=0, atol=1e-4 * one.blended.max())


def test_first_look_reads_every_layer_and_is_made_once(matcher, picture):
    shared = SharedMatcher(matcher, matcher.layers)
    tokens, text = shared.encode_image(picture), shared.tokenize(PHRASE)
    everything = np.ones(shared.grid, bool)
    for layer in matcher.layers:
        found = shared.match(tokens, text, keep=everything, layers=(layer,))
        assert set(found.attention) == set(matcher.layers)
    assert shared.match(tokens, text).probability == found.probability
    assert shared.looks == 1


def test_another_mask_text_or_picture_is_another_look(matcher, picture):
    shared = SharedMatcher(matcher, (0,))
    tokens, text = shared.encode_image(picture), shared.tokenize(PHRASE)
    masked = np.ones(shared.grid, bool)
    masked[0, 0] = False
    shared.match(tokens, text, layers=(0,))
    found = shared.match(tokens, text, keep=masked, layers=(0,))
    assert torch.equal(found.attention[0], matcher.match(tokens, text, keep=masked, layers=(0,)).attention[0])
    shared.match(tokens, shared.tokenize("tree"), layers=(0,))
    assert shared.looks == 3
    other = shared.encode_image(picture.rotate(180))
    assert shared.match(other, text).probability == matcher.match(other, text).probability
    assert shared.looks == 4
