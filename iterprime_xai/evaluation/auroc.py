"""How well one number parts two groups: the area under the ROC curve, and the threshold that parts them best."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from iterprime_xai.evaluation.bootstrap import ROUNDS, Interval, redraw
from iterprime_xai.records.errors import OptionError

_AT_ONCE = 100
"""Rounds that are counted at once: bounds the memory."""


def auroc(scores: Sequence[float], present: Sequence[bool]) -> float:
    """Chance that a present row scores above an absent one, a tie counting half; NaN where either group is empty.

    Reference: Hanley and McNeil (1982).
    """
    values, is_present = _checked(scores, present)
    return float(_weighted(values, is_present, np.ones((1, len(values))))[0])


def auroc_interval(
    scores: Sequence[float],
    present: Sequence[bool],
    pictures: Sequence[Hashable],
    seed: int = 0,
    rounds: int = ROUNDS,
) -> Interval:
    """:func:`auroc` with a 95 % percentile interval from drawing whole pictures with replacement.

    A round that happens to draw one group only is left out.
    """
    values, is_present = _checked(scores, present)
    if not is_present.any() or is_present.all():
        return Interval(float("nan"), float("nan"), float("nan"))
    owner, draws = redraw(pictures, seed, rounds)
    found = []
    for start in range(0, rounds, _AT_ONCE):
        times = np.stack([np.bincount(drawn, minlength=draws.shape[1]) for drawn in draws[start : start + _AT_ONCE]])
        found.append(_weighted(values, is_present, times[:, owner].astype(np.float64)))
    low, high = np.nanpercentile(np.concatenate(found), [2.5, 97.5])
    return Interval(auroc(scores, present), float(low), float(high))


def balanced_threshold(scores: Sequence[float], present: Sequence[bool]) -> tuple[float, float]:
    """The threshold with the largest balanced accuracy, and that accuracy; a row at or above it counts as present.

    It lies halfway between two neighbouring scores; of equally good ones, in the widest gap, then the lowest. Balanced accuracy
    is the mean of the shares decided rightly in the two groups. Raises ``OptionError`` where either group is empty or all
    scores are equal.
    """
    values, is_present = _checked(scores, present)
    levels = np.unique(values)
    if not is_present.any() or is_present.all() or len(levels) < 2:
        raise OptionError(
            f"A threshold needs present and absent rows with different scores, but got {int(is_present.sum())} present and "
            f"{int((~is_present).sum())} absent with {len(levels)} different scores; measure more rows."
        )
    middles, gaps = (levels[1:] + levels[:-1]) / 2, levels[1:] - levels[:-1]
    above = 1 - np.searchsorted(np.sort(values[is_present]), middles) / is_present.sum()
    below = np.searchsorted(np.sort(values[~is_present]), middles) / (~is_present).sum()
    balanced = (above + below) / 2
    best = max(range(len(middles)), key=lambda place: (round(float(balanced[place]), 12), float(gaps[place]), -place))
    return float(middles[best]), float(balanced[best])


def _weighted(values: np.ndarray, present: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the curve for each row of ``weights`` (rounds, rows): how often each row was drawn."""
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(values[order]) > 0]) if len(values) else np.zeros(0, np.int64)
    if not len(starts):
        return np.full(len(weights), np.nan)
    weights, sides = weights[:, order], present[order]
    ones = np.add.reduceat(weights * sides, starts, 1)
    zeros = np.add.reduceat(weights * ~sides, starts, 1)
    won = (ones * (np.cumsum(zeros, 1) - zeros / 2)).sum(1)
    with np.errstate(invalid="ignore"):
        return won / (ones.sum(1) * zeros.sum(1))


def _checked(scores: Sequence[float], present: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    values, is_present = np.asarray(scores, np.float64), np.asarray(present, bool)
    if values.shape != is_present.shape or not np.isfinite(values).all():
        raise OptionError(
            f"Expected a finite score and a side for every row, but got {len(values)} scores, "
            f"{int((~np.isfinite(values)).sum())} of them not finite, and {len(is_present)} sides."
        )
    return values, is_present
