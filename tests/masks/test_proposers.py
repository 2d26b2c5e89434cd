"""Proposers are found by name, and a wrong name is answered with the nearest right one."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.masks import classical_proposals
from iterprime_xai.masks.proposer import PromptedProposer, Proposer
from iterprime_xai.masks.proposers import load_proposer, proposer_names
from iterprime_xai.records import OptionError


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("clasical", "Did you mean 'classical'"),
        ("sam:vitb", "Did you mean 'sam:vit_b'"),
        ("sam:vit_h@tsa", "Did you mean 'sam:vit_h@tas'"),
        ("sam:vit_h@tas@peaks", "Did you mean 'sam:vit_h@"),
        ("sam_hf:folder", "Did you mean 'sam-hf:...'"),
        ("mask2fromer:folder", "Did you mean 'mask2former:...'"),
        ("classical:fine", "Did you mean 'classical'"),
        ("none@peaks", "A proposer is"),
        ("zebra", "A proposer is"),
        ("", "A proposer is"),
        (3, "a text"),
        ("sam2:", "sam2 needs a model"),
        ("sam-hf:folder@tas", "@tas goes with sam"),
        ("mask2former:folder@peaks", "@peaks goes with"),
    ],
)
def test_a_wrong_name_is_refused_with_the_nearest(name, said) -> None:
    with pytest.raises(OptionError, match=said):
        load_proposer(name)


def test_the_names_are_listed_and_those_without_a_model_load() -> None:
    names = proposer_names()
    assert {"classical", "none", "sam:vit_b", "sam:vit_h@tas", "sam:vit_l@peaks", "sam2:FOLDER_OR_HUB_ID"} <= set(names)
    assert len(set(names)) == len(names)
    for name in ("classical", "none"):
        proposer = load_proposer(name)
        assert isinstance(proposer, Proposer)
        assert not isinstance(proposer, PromptedProposer)
        assert proposer.name == name


def test_classical_is_the_function_of_that_name(picture) -> None:
    ours, plain = load_proposer("classical", limit=5).propose(picture), classical_proposals(picture, limit=5)
    np.testing.assert_array_equal(ours.masks, plain.masks)
    assert load_proposer("classical", limit=5).describe() == {"proposer": "classical", "version": 1, "limit": 5}


def test_none_has_no_masks_of_the_right_size() -> None:
    assert load_proposer("none").propose(Image.new("RGB", (3, 2))).masks.shape == (0, 2, 3)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("classical", {"checkpoint": "sam.pth"}, "checkpoint goes with sam"),
        ("classical", {"limi": 3}, "did you mean 'limit'"),
        ("classical", {"limit": 0}, "at least 1"),
        ("mask2former:nowhere/there", {"threshold": -1}, "at least 0"),
        ("mask2former:nowhere/there", {"treshold": 0.5}, "did you mean 'threshold'"),
        ("sam:vit_b@peaks", {"least": 2}, "at most 1"),
        ("sam:vit_b@peaks", {"points_per_side": 2}, "settings peaks, least, apart, region"),
    ],
)
def test_what_does_not_go_together_is_refused(name, given, said) -> None:
    with pytest.raises(OptionError, match=said):
        load_proposer(name, **given)
