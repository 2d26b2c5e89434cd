"""What may be believed of each method's maps: which sanity checks it fails, and in which metrics it surely beats every floor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from iterprime_xai.evaluation.bootstrap import FEWEST, Interval, difference, interval
from iterprime_xai.evaluation.explanation.judged_tables import DECIDING, TESTS
from iterprime_xai.evaluation.explanation.judging import CheckRow, MapRow

PLACE = ("pointing", "energy")
"""Metrics of where a map lies; more is better in both."""

NEED = ("deletion", "insertion")
"""Metrics of what the match needs."""

LOWER = frozenset({"deletion"})
"""Metrics in which less is better."""


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor that does best in a metric, and by how much a method is better than it, paired by phrase (negative: worse)."""

    name: str
    better: Interval

    @property
    def beaten(self) -> bool:
        """Whether the method is surely better."""
        return self.better.low > 0


@dataclass(frozen=True, slots=True)
class Belief:
    """One method on some ``pictures``: on how many phrases it was ``checked``, the checks of `DECIDING` that it ``failed``, and the
    best floor of every metric."""

    method: str
    pictures: int
    checked: int
    failed: tuple[str, ...]
    floors: Mapping[str, Floor]

    @property
    def depends(self) -> bool:
        """Whether its maps depend on model and phrase: enough checks were made, and none that decides was failed."""
        return self.checked >= FEWEST and not self.failed

    @property
    def enough(self) -> bool:
        """Whether there are pictures and checks enough (`FEWEST`) to believe anything."""
        return min(self.pictures, self.checked) >= FEWEST

    @property
    def shows_place(self) -> bool:
        """Believed to show the thing that is meant: it passes the checks and surely beats every floor in all of `PLACE`."""
        return self.enough and self.depends and self._beats(PLACE)

    @property
    def shows_need(self) -> bool:
        """Believed to show what the match needs: it passes the checks and surely beats every floor in all of `NEED`."""
        return self.enough and self.depends and self._beats(NEED)

    def _beats(self, metrics: Sequence[str]) -> bool:
        return all(name in self.floors and self.floors[name].beaten for name in metrics)


def beliefs(
    maps: Sequence[MapRow], checks: Sequence[CheckRow], floors: Sequence[str], seed: int = 0
) -> tuple[Belief, ...]:
    """One line a method that is no floor, in the order of the rows.

    Each metric is compared with the floor that has the best mean in it, phrase by phrase, with a 95 % interval over pictures. A
    metric that was not measured, and one without a floor, is left out.
    """
    methods = [name for name in dict.fromkeys(row.method for row in maps) if name not in floors]
    found = []
    for method in methods:
        own = [row for row in checks if row.method == method]
        beaten = {}
        for metric in (*PLACE, *NEED):
            floor = best_floor(maps, floors, metric)
            if floor is not None:
                beaten[metric] = Floor(floor, _better(maps, method, floor, metric, seed))
        pictures = len({row.image for row in maps if row.method == method})
        found.append(Belief(method, pictures, len({row.sample for row in own}), failed_checks(own), beaten))
    return tuple(found)


def failed_checks(rows: Sequence[CheckRow]) -> tuple[str, ...]:
    """The checks of `DECIDING`, as tables call them, in which a method's rows are believed for fewer than half of the phrases."""
    found = []
    for test in DECIDING:
        own = [row.believed for row in rows if row.test == test]
        if own and np.mean(own) < 0.5:
            found.append(TESTS[test])
    return tuple(found)


def mean_of(maps: Sequence[MapRow], method: str, metric: str, seed: int = 0) -> Interval:
    """A method's mean of a metric with its interval over pictures; NaN where it was not measured."""
    own = [(row, _value(row, metric)) for row in maps if row.method == method]
    told = [(row.image, value) for row, value in own if not math.isnan(value)]
    return interval([value for _, value in told], [image for image, _ in told], seed)


def best_floor(maps: Sequence[MapRow], floors: Sequence[str], metric: str) -> str | None:
    """The floor with the best mean in a metric; ``None`` where none was measured in it."""
    means = {}
    for name in floors:
        values = [_value(row, metric) for row in maps if row.method == name]
        told = [value for value in values if not math.isnan(value)]
        if told:
            means[name] = float(np.mean(told)) * (-1 if metric in LOWER else 1)
    return max(means, key=lambda name: means[name]) if means else None


def _better(maps: Sequence[MapRow], method: str, floor: str, metric: str, seed: int) -> Interval:
    """By how much a method is better than a floor on the phrases that both have a figure for."""
    ours, theirs = (
        {row.sample: (row.image, _value(row, metric)) for row in maps if row.method == name} for name in (method, floor)
    )
    shared = [
        name for name in ours if name in theirs and not math.isnan(ours[name][1]) and not math.isnan(theirs[name][1])
    ]
    one, other = ([each[name][1] for name in shared] for each in (ours, theirs))
    pictures = [ours[name][0] for name in shared]
    return difference(other, one, pictures, seed) if metric in LOWER else difference(one, other, pictures, seed)


def _value(row: MapRow, metric: str) -> float:
    value = getattr(row, metric)
    return float("nan") if value is None else float(value)
