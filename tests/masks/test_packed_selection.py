"""Packed masks are chosen among, drawn and saved as the array of the same masks is."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation.choosing import Chooser
from iterprime_xai.masks import as_proposals, select
from iterprime_xai.records import Grounding, ProposalError, Proposals, packed
from iterprime_xai.records.packed import PackedMasks, pack
from iterprime_xai.systems import load


@pytest.mark.parametrize("rule", ["default", "paper"])
@pytest.mark.parametrize("seed", range(4))
def test_the_choice_and_every_term_are_the_same(rule, seed) -> None:
    rng = np.random.default_rng(seed)
    masks = np.zeros((9, 50, 37), bool)
    for mask in masks[1:]:  # the first stays empty
        top, left = rng.integers(0, 30, 2)
        mask[top : top + rng.integers(1, 20), left : left + rng.integers(1, 20)] = rng.random() < 0.8
    masks[3] &= rng.random((50, 37)) < 0.5
    scores = rng.random(9).astype(np.float32)
    dense, small = Proposals(masks, scores, "test"), Proposals(pack(masks, (50, 37)), scores, "test")
    heatmap = (rng.random((6, 5)) - 0.2).astype(np.float32)
    for heat in (heatmap, np.zeros((6, 5), np.float32)):
        assert select(small, heat, rule=rule) == select(dense, heat, rule=rule)
    assert Chooser(small).choose(heatmap, rule) == Chooser(dense).choose(heatmap, rule)
    assert Chooser(small).best_iou(masks[2]) == Chooser(dense).best_iou(masks[2])


def test_given_masks_may_be_packed_and_lists_of_many_become_so(monkeypatch) -> None:
    masks = np.zeros((3, 4, 5), bool)
    masks[1, 2, 3] = True
    given = pack(masks, (4, 5))
    assert as_proposals(given, (4, 5)).masks is given
    with pytest.raises(ProposalError, match="they look turned"):
        as_proposals(given, (5, 4))
    monkeypatch.setattr(packed, "DENSE_BYTES", 20)
    found = as_proposals(list(masks), (4, 5))
    assert isinstance(found.masks, PackedMasks)
    assert found.scores.tolist() == [1, 1, 1]


def test_a_grounding_with_packed_masks_is_that_with_the_array(model_folder, picture, tmp_path, monkeypatch) -> None:
    grounder = load(model_folder, device="cpu")
    dense = grounder.ground(picture, "the red square", layer=1, passes=1)
    monkeypatch.setattr(packed, "DENSE_BYTES", 1000)
    small = grounder.ground(picture, "the red square", layer=1, passes=1)
    assert isinstance(small.proposals.masks, PackedMasks)
    np.testing.assert_array_equal(small.mask, dense.mask)
    assert small.selection == dense.selection
    loaded = Grounding.load(small.save(tmp_path / "small"))
    np.testing.assert_array_equal(np.asarray(loaded.proposals.masks), dense.proposals.masks)
    assert small.to_png(tmp_path / "small.png").read_bytes() == dense.to_png(tmp_path / "dense.png").read_bytes()


@pytest.mark.parametrize("rule", ["default", "paper"])
def test_the_term_for_the_peak_is_read_at_its_row_and_column(rule) -> None:
    """The hottest patch is at the top right: pixel (x 35, y 5) of 40 x 20."""
    heat = np.zeros((2, 4), np.float32)
    heat[0, 3] = 1
    masks = np.zeros((2, 20, 40), bool)
    masks[0, :10, 30:] = True
    masks[1, 10:, :20] = True
    ranking = select(Proposals(masks, np.ones(2, np.float32), "test"), heat, rule=rule).ranking
    assert {each.index: each.terms["covers_peak"] for each in ranking} == {0: 1.0, 1: 0.0}
