"""Intervals of a mean over rows that belong together in pictures: pictures are drawn again, not rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the 2.5th and 97.5th percentile of its bootstrap distribution."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(values: Sequence[float], pictures: Sequence[Hashable], seed: int = 0, rounds: int = ROUNDS) -> Interval:
    """Mean of ``values`` with a 95 % percentile interval from drawing whole pictures with replacement.

    ``pictures`` names the picture of each value. Empty input gives NaN throughout. Reference: Efron (1979).
    """
    rows = np.asarray(values, np.float64)
    if not len(rows):
        return Interval(float("nan"), float("nan"), float("nan"))
    places = {picture: place for place, picture in enumerate(dict.fromkeys(pictures))}
    owner = np.fromiter((places[picture] for picture in pictures), np.int64, len(rows))
    totals = np.bincount(owner, rows, len(places))
    counts = np.bincount(owner, minlength=len(places)).astype(np.float64)
    draws = np.random.default_rng(seed).integers(0, len(places), (rounds, len(places)))
    means = totals[draws].sum(1) / counts[draws].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(rows.mean()), float(low), float(high))
