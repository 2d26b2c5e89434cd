"""May abstain: below which match probability there is no mask, and where that number comes from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_models import SHAPES, build_model, build_processor

from iterprime_xai.models import load_matcher
from iterprime_xai.models.profiles import Profile
from iterprime_xai.systems import Grounder

PHRASE = "the red dog left of the tree"


@pytest.fixture(scope="module")
def plain(tokenizer):
    return load_matcher(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))


def _ground(plain, threshold, picture, **settings):
    plain.profile = replace(Profile(layer=1), threshold=threshold)
    masks = np.zeros((1, 96, 128), bool)
    masks[0, 10:40, 12:50] = True
    return Grounder(plain).ground(picture, PHRASE, proposals=masks, **settings)


def test_the_threshold_of_the_profile_decides(plain, picture):
    probability = _ground(plain, None, picture).probability
    low, high = probability / 2, (1 + probability) / 2
    assert _ground(plain, low, picture, answer="may_abstain").mask is not None
    refused = _ground(plain, high, picture, answer="may_abstain")
    assert refused.mask is None
    assert f"is below {high:g}" in refused.selection.reason
    assert f"may abstain below match probability {high:.3g}, from the checkpoint's profile" in refused.trace


def test_on_the_threshold_there_is_an_answer(plain, picture):
    probability = _ground(plain, None, picture).probability
    assert _ground(plain, probability, picture, answer="may_abstain").mask is not None


def test_without_a_measured_threshold_it_is_a_half_and_said(plain, picture):
    found = _ground(plain, None, picture, answer="may_abstain")
    assert (found.mask is not None) is (found.probability >= 0.5)
    assert "may abstain below match probability 0.5: not measured for this checkpoint" in found.trace


def test_an_answer_that_is_always_given_says_nothing_of_it(plain, picture):
    found = _ground(plain, 1.0, picture)
    assert found.mask is not None
    assert not any("may abstain" in line for line in found.trace)
