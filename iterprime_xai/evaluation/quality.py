"""The quality table: every way to look measured per kind, and ways compared row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval, difference, interval
from iterprime_xai.evaluation.looking import LookRow
from iterprime_xai.records.errors import OptionError

MEASURES: dict[str, tuple[str, Callable[[LookRow], float | None]]] = {
    "peak": ("peak on object", lambda row: row.peak),
    "heat": ("heat in object", lambda row: row.heat),
    "gold": ("right object among gold proposals", lambda row: row.gold),
    "iou": ("mean IoU with classical proposals", lambda row: row.iou),
    "half": ("share with IoU of at least 0.5", lambda row: None if row.iou is None else float(row.iou >= 0.5)),
}
"""Name of each measure, how a table calls it, and its value in a row."""


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One way on one kind of expression: each measure with its interval; ``blank`` counts maps without evidence."""

    way: str
    kind: str
    measures: dict[str, Interval]
    blank: int
    count: int


@dataclass(frozen=True, slots=True)
class BlindRow:
    """What blind rules reach on one kind: ``area``, a flat map's share of heat; ``guess``, one over the number of things.

    ``iou`` is no rule's: the mean overlap with the classical proposal that fits best, which no choice can exceed; ``None`` without.
    """

    kind: str
    area: float
    guess: float
    iou: float | None
    count: int


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """``way`` minus ``against`` on one kind of expression, paired by expression, for each measure."""

    way: str
    against: str
    kind: str
    measures: dict[str, Interval]
    count: int


def kinds_of(rows: Sequence[LookRow]) -> list[str]:
    """ "all", then every kind in alphabetical order."""
    return ["all", *sorted({row.kind for row in rows})]


def quality_rows(rows: Sequence[LookRow], seed: int = 0) -> list[QualityRow]:
    """For each way (in order of first appearance) a row for all expressions and one for each kind."""
    found = []
    for way in dict.fromkeys(row.way for row in rows):
        for kind in kinds_of(rows):
            chosen = [row for row in rows if row.way == way and kind in ("all", row.kind)]
            pictures = [row.image for row in chosen]
            measures = {name: interval(column, pictures, seed) for name, column in _columns(chosen).items()}
            found.append(QualityRow(way, kind, measures, sum(row.landed == "blank" for row in chosen), len(chosen)))
    return found


def blind_rows(rows: Sequence[LookRow]) -> list[BlindRow]:
    """What blind rules reach, for all expressions and for each kind."""
    once = list({row.sample: row for row in rows}.values())
    if not once:
        raise OptionError("There is nothing to summarise: no expression was measured. Ask for at least one.")
    found = []
    for kind in kinds_of(once):
        chosen = [row for row in once if kind in ("all", row.kind)]
        area, guess = [row.area for row in chosen], [1 / row.things for row in chosen]
        best = [row.best_iou for row in chosen if row.best_iou is not None]
        ceiling = float(np.mean(best)) if len(best) == len(chosen) else None
        found.append(BlindRow(kind, float(np.mean(area)), float(np.mean(guess)), ceiling, len(chosen)))
    return found


def difference_rows(rows: Sequence[LookRow], compared: Sequence[tuple[str, str]], seed: int = 0) -> list[DifferenceRow]:
    """For each pair (way, against) a row for all expressions and one for each kind; 95 % intervals over pictures.

    Raises ``OptionError`` where the two ways were not measured on the same expressions.
    """
    by_way: dict[str, dict[str, LookRow]] = {}
    for row in rows:
        by_way.setdefault(row.way, {})[row.sample] = row
    found = []
    for way, against in compared:
        ones, others = by_way.get(way, {}), by_way.get(against, {})
        if not ones or set(ones) != set(others):
            raise OptionError(
                f"To compare {way!r} with {against!r} both need the same expressions, but they have {len(ones)} and {len(others)}, "
                f"{len(set(ones) & set(others))} of them shared; measure both on the same samples."
            )
        for kind in kinds_of(rows):
            chosen = [sample for sample, row in ones.items() if kind in ("all", row.kind)]
            pictures = [ones[sample].image for sample in chosen]
            left, right = (_columns([each[sample] for sample in chosen]) for each in (ones, others))
            measures = {name: difference(left[name], right[name], pictures, seed) for name in left if name in right}
            found.append(DifferenceRow(way, against, kind, measures, len(chosen)))
    return found


def _columns(rows: Sequence[LookRow]) -> dict[str, list[float]]:
    """Every measure that all of the rows have."""
    found = {name: [value(row) for row in rows] for name, (_, value) in MEASURES.items()}
    return {name: [each for each in column if each is not None] for name, column in found.items() if None not in column}


def choose(rows: Sequence[LookRow], seed: int = 0) -> list[tuple[str, Interval, Interval]]:
    """Ways from best to worst: name, score, and paired difference of the score from the best's.

    The score is the mean of the peak on the object and the right object among gold proposals. Equal ones keep their order, so
    simpler ways should come first.
    """
    ways = list(dict.fromkeys(row.way for row in rows))
    scores = {way: {row.sample: (row.peak + row.gold) / 2 for row in rows if row.way == way} for way in ways}
    images = {row.sample: row.image for row in rows}
    samples = list(images)
    pictures = list(images.values())
    columns = {way: [scores[way][sample] for sample in samples] for way in ways}
    order = sorted(ways, key=lambda way: -round(sum(columns[way]), 9))
    return [
        (
            way,
            interval(columns[way], pictures, seed),
            difference(columns[way], columns[order[0]], pictures, seed),
        )
        for way in order
    ]
