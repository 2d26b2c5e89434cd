"""The quick choice is that of `select`."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation import choosing
from iterprime_xai.evaluation.choosing import Chooser
from iterprime_xai.masks import select
from iterprime_xai.records import Proposals
from iterprime_xai.records.overlap import iou
from iterprime_xai.records.patches import patch_shares
from iterprime_xai.records.proposals import SELECTION_RULES


def _proposals(rng: np.random.Generator, count: int, scores: np.ndarray | None = None) -> Proposals:
    masks = np.zeros((count, 50, 37), bool)
    for mask in masks:
        top, left = rng.integers(0, 40), rng.integers(0, 30)
        mask[top : top + rng.integers(1, 25), left : left + rng.integers(1, 20)] = True
    found = rng.random(count) if scores is None else scores
    return Proposals(masks, found.astype(np.float32), "test")


@pytest.mark.parametrize("rule", ["default", "paper"])
@pytest.mark.parametrize("grid", [(7, 7), (24, 24), (5, 9)])
def test_choice_is_that_of_select(rule, grid):
    rng = np.random.default_rng(1)
    for round_ in range(12):
        proposals = _proposals(rng, 15, np.ones(15) if round_ % 2 else None)
        chooser = Chooser(proposals)
        for _ in range(4):
            heatmap = (rng.random(grid) ** 4 - 0.1).astype(np.float32)
            assert chooser.choose(heatmap, rule) == select(proposals, heatmap, rule=rule).answer


@pytest.mark.parametrize("rule", SELECTION_RULES)
@pytest.mark.parametrize("seed", range(12))
def test_chooser_and_select_agree_for_every_rule_on_ragged_empty_and_equal_masks(rule, seed):
    rng = np.random.default_rng(seed)
    boxes = _proposals(rng, 12).masks & (rng.random((12, 50, 37)) < rng.choice([0.3, 1.0], (12, 1, 1)))
    masks = np.concatenate([boxes, boxes[:4], np.zeros((1, 50, 37), bool)])
    scores = [np.ones(17), np.zeros(17), rng.normal(size=17), rng.integers(0, 3, 17)][seed % 4]
    proposals = Proposals(masks, scores.astype(np.float32), "test")
    chooser = Chooser(proposals)
    for grid in [(6, 6), (3, 8), (6, 6)]:
        for magnitude in (1e-10, 1, 1e4):
            heatmap = (magnitude * (rng.random(grid) ** 4 - 0.1)).astype(np.float32)
            assert chooser.choose(heatmap, rule) == select(proposals, heatmap, rule=rule).answer


def test_patch_shares_are_found_once_for_each_grid(monkeypatch):
    found = []
    monkeypatch.setattr(choosing, "patch_shares", lambda masks, grid: found.append(grid) or patch_shares(masks, grid))
    rng = np.random.default_rng(3)
    chooser = Chooser(_proposals(rng, 3))
    for grid in [(4, 4), (5, 9), (4, 4), (4, 4)]:
        chooser.choose(rng.random(grid).astype(np.float32), "default")
    assert found == [(4, 4), (5, 9)]


def test_ties_go_to_the_score_then_the_area_then_the_first():
    masks = np.zeros((4, 8, 8), bool)
    masks[0, :2, :2] = masks[1, :2, :2] = masks[2, :4, :4] = masks[3, :4, :4] = True
    cold = np.zeros((4, 4), np.float32)
    cold[3, 3] = 1
    for scores in ([1, 1, 1, 1], [1, 2, 1, 1], [0, 0, 0, 0]):
        proposals = Proposals(masks, np.array(scores, np.float32), "test")
        assert Chooser(proposals).choose(cold, "default") == select(proposals, cold).answer


def test_a_blank_map_and_an_empty_list_choose_nothing():
    proposals = _proposals(np.random.default_rng(0), 3)
    assert Chooser(proposals).choose(np.zeros((4, 4), np.float32), "default") is None
    empty = Proposals(np.zeros((0, 8, 8), bool), np.zeros(0, np.float32), "test")
    assert Chooser(empty).choose(np.eye(4, dtype=np.float32), "default") is None


def test_best_overlap_is_that_of_the_proposal_that_fits_best():
    proposals = _proposals(np.random.default_rng(2), 9)
    target = np.zeros((50, 37), bool)
    target[12:30, 5:25] = True
    assert Chooser(proposals).best_iou(target) == pytest.approx(max(iou(mask, target) for mask in proposals.masks))
    assert Chooser(proposals).best_iou(proposals.masks[4]) == 1.0
    assert Chooser(proposals).best_iou(np.zeros((50, 37), bool)) == 0.0
