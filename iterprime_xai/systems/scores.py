"""What a system that chooses among masks says of each: its score, the terms it is made of, and the picture of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from iterprime_xai.records.packed import Masks
from iterprime_xai.records.patches import patch_shares

SCORE_GRID = (24, 24)
"""Rows and columns of the picture of the scores: masks have no grid of their own, and this one is as fine as the matchers'."""


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of n masks for one phrase.

    Attributes:
        score: float64 (n,), as published; the highest is the answer.
        share: float64 (n,), not negative, sums to 1 and orders the masks as ``score`` does: how much of the belief each mask has.
        terms: what a score is made of, each float64 (n,).
        evidence: the figure that an answer that may abstain compares with its threshold; ``None``: the system has none.
        evidence_name: what that figure is.
        reason: why the best is the answer, in a sentence.
        logit: float64 (n,), what a share is made of, for the record; ``None``: the scores themselves.
        heatmap: float32 (rows, columns), where the system has one; else the picture of the shares is drawn.
        notes: sentences for the trace.
    """

    score: np.ndarray
    share: np.ndarray
    terms: Mapping[str, np.ndarray]
    reason: str
    logit: np.ndarray | None = None
    evidence: float | None = None
    evidence_name: str = "cosine of the best mask"
    heatmap: np.ndarray | None = None
    notes: tuple[str, ...] = field(default=())


def softmax(logits: np.ndarray) -> np.ndarray:
    """exp(logits) over their sum along the last axis, float64; an empty array stays empty."""
    logits = np.asarray(logits, dtype=np.float64)
    if not logits.size:
        return logits
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def shares_of(values: np.ndarray) -> np.ndarray:
    """Values that are not negative, divided by their sum; equal shares where all are 0."""
    values = np.asarray(values, dtype=np.float64)
    total = float(values.sum())
    return values / total if total > 0 else np.full(len(values), 1 / max(len(values), 1))


def score_picture(masks: Masks, share: np.ndarray, grid: tuple[int, int] = SCORE_GRID) -> np.ndarray:
    """The picture of the shares: float32 (rows, columns), at each patch the best share among the masks, weighted by how much
    of the patch each covers.

    Args:
        masks: bool (n, height, width).
        share: (n,), not negative.
        grid: rows and columns.
    """
    if not len(masks):
        return np.zeros(grid, np.float32)
    return (patch_shares(masks, grid) * share[:, None, None]).max(axis=0).astype(np.float32)
