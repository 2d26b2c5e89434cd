"""The parts that the choice among proposals is made of."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.masks.selection import best_first, default_scores, matches, priors
from iterprime_xai.records import Proposals
from iterprime_xai.records.patches import patch_shares


def _proposals(*scores: float) -> Proposals:
    return Proposals(np.ones((len(scores), 8, 8), bool), np.array(scores, np.float32), "test")


def test_patch_shares_are_what_each_mask_covers_of_each_patch() -> None:
    # 8 pixels in 4 patches, 2 in each: rows 0 to 2 and columns 0 to 1 fill one patch and half of the one below it.
    corner = np.zeros((8, 8), bool)
    corner[:3, :2] = True
    shares = patch_shares(np.stack([corner, np.zeros((8, 8), bool)]), (4, 4))
    expected = np.zeros((2, 4, 4))
    expected[0, 0, 0], expected[0, 1, 0] = 1, 0.5
    assert np.array_equal(shares, expected)
    assert patch_shares(np.zeros((0, 8, 8), bool), (4, 4)).shape == (0, 4, 4)


def test_priors_are_relative_to_the_best_and_all_one_where_none_is_preferred() -> None:
    assert priors(_proposals(0.5, 0.25, -1)).tolist() == [1, 0.5, 0]
    assert priors(_proposals(-1, -2, 0)).tolist() == [1, 1, 1]
    assert priors(_proposals()).tolist() == []


def test_a_match_is_the_correlation_and_a_negative_one_scores_nothing() -> None:
    inside = np.zeros((4, 4))
    inside[:2, :2] = 1
    match = matches(np.stack([inside, 1 - inside, np.ones((4, 4))]), (3 * inside).astype(np.float32))
    assert match == pytest.approx([1, -1, 0])
    assert default_scores(match, np.array([0.5, 1, 1])) == pytest.approx([0.5, 0, 0])


def test_the_order_is_score_then_proposer_then_area_then_place() -> None:
    scores = np.array([0.5, 0.5 + 1e-12, 0.5, 0.5, 0.6])
    assert best_first(scores, np.array([1, 1, 2, 1, 0.0]), np.array([3, 3, 1, 4, 0])).tolist() == [4, 2, 3, 0, 1]
