"""Intervals over rows that belong together in pictures: pictures are drawn again, not rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from iterprime_xai.records.errors import OptionError

ROUNDS = 1000

FEWEST = 6
"""Pictures below which a difference is not called clear, however narrow its interval: that of one picture has no width at all, and
even if all of five agreed, that would be chance once in 16 (2 / 2^5)."""

_AT_ONCE = 25
"""Rounds that are drawn at once in `totals`: bounds its memory."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the 2.5th and 97.5th percentile of its bootstrap distribution."""

    mean: float
    low: float
    high: float

    def times(self, factor: float) -> Interval:
        """The same in another unit, such as percent for shares."""
        return Interval(factor * self.mean, factor * self.low, factor * self.high)

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(values: Sequence[float], pictures: Sequence[Hashable], seed: int = 0, rounds: int = ROUNDS) -> Interval:
    """Mean of ``values`` with a 95 % percentile interval from drawing whole pictures with replacement.

    ``pictures`` names the picture of each value. Empty input gives NaN throughout. Reference: Efron (1979).
    """
    rows = np.asarray(values, np.float64)
    if not len(rows):
        return Interval(float("nan"), float("nan"), float("nan"))
    owner, draws = redraw(pictures, seed, rounds)
    places = draws.shape[1]
    totals = np.bincount(owner, rows, places)
    counts = np.bincount(owner, minlength=places).astype(np.float64)
    means = totals[draws].sum(1) / counts[draws].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(rows.mean()), float(low), float(high))


def difference(
    values: Sequence[float],
    others: Sequence[float],
    pictures: Sequence[Hashable],
    seed: int = 0,
    rounds: int = ROUNDS,
) -> Interval:
    """Mean of ``values - others`` with its interval: two ways compared on the same rows, row by row.

    Much narrower than the difference of two separate intervals, since what makes a row hard for both cancels. Raises
    ``OptionError`` where the rows do not pair up.
    """
    if not len(values) == len(others) == len(pictures):
        raise OptionError(
            f"A paired difference needs the same rows on both sides, but got {len(values)} values against {len(others)} "
            f"for {len(pictures)} pictures; match the rows by sample first."
        )
    return interval(np.asarray(values, np.float64) - np.asarray(others, np.float64), pictures, seed, rounds)  # type: ignore[arg-type]


def redraw(pictures: Sequence[Hashable], seed: int, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """For each row the number of its picture, and for each round the numbers of the pictures drawn: (rounds, pictures)."""
    places = {picture: place for place, picture in enumerate(dict.fromkeys(pictures))}
    owner = np.fromiter((places[picture] for picture in pictures), np.int64, len(pictures))
    return owner, np.random.default_rng(seed).integers(0, len(places), (rounds, len(places)))


def totals(columns: np.ndarray, pictures: Sequence[Hashable], seed: int = 0, rounds: int = ROUNDS) -> np.ndarray:
    """The sums of columns (rows, k) in each of ``rounds`` draws of whole pictures: float64 (rounds, k).

    The same pictures are drawn for all columns (and the same as by :func:`interval`), so that any ratio or difference of them has a
    paired interval. Memory is bounded whatever the number of rows.
    """
    places = {picture: place for place, picture in enumerate(dict.fromkeys(pictures))}
    owner = np.fromiter((places[picture] for picture in pictures), np.int64, len(pictures))
    sums = np.zeros((len(places), columns.shape[1]))
    for place in range(columns.shape[1]):
        sums[:, place] = np.bincount(owner, columns[:, place], len(places))
    random, found = np.random.default_rng(seed), np.empty((rounds, columns.shape[1]))
    for start in range(0, rounds, _AT_ONCE):
        stop = min(rounds, start + _AT_ONCE)
        drawn = random.integers(0, len(places), (stop - start, len(places)))
        drawn += np.arange(stop - start)[:, None] * len(places)
        times = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
        found[start:stop] = times @ sums
    return found
