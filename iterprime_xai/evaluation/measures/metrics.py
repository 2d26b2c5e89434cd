"""The metrics of a run, each the ratio of two sums over its rows, so that one bootstrap over pictures serves all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from iterprime_xai.evaluation.bootstrap import ROUNDS, Interval, totals
from iterprime_xai.evaluation.measures.columns import Measured

_HELD = 10**7
"""Values of all groups that are drawn together: bounds the memory of a run with many tags."""

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)

Column = Callable[[Measured], np.ndarray]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name in tables, the two columns whose sums it divides, and its meaning in a sentence."""

    title: str
    above: Column
    below: Column
    meaning: str
    general: bool = False
    """Whether it is for data with phrases that mean nothing, and left out elsewhere."""


def _ones(rows: Measured) -> np.ndarray:
    return np.ones(len(rows))


def _at_least(level: float) -> Column:
    return lambda rows: rows.iou >= level


METRICS: dict[str, Metric] = {
    "oiou": Metric(
        "oIoU",
        lambda rows: rows.intersection,
        lambda rows: rows.union,
        "sum of intersections over sum of unions; large objects weigh more. Elsewhere called cIoU",
    ),
    "miou": Metric("mIoU", lambda rows: rows.iou, _ones, "mean IoU of the phrases; an empty union counts 0"),
    **{
        f"p{round(level * 100)}": Metric(
            f"P@{level:g}", _at_least(level), _ones, f"share of phrases with IoU of at least {level:g}"
        )
        for level in LEVELS
    },
    "giou": Metric(
        "gIoU",
        lambda rows: rows.giou,
        _ones,
        "mean IoU of the phrases, where a right `no target` counts 1 and a wrong one 0",
        general=True,
    ),
    "ciou": Metric(
        "cIoU",
        lambda rows: rows.intersection,
        lambda rows: rows.union,
        "sum of intersections over sum of unions, what was wrongly answered to `no target` included",
        general=True,
    ),
    "n_acc": Metric(
        "N_acc",
        lambda rows: rows.no_target & rows.abstained,
        lambda rows: rows.no_target,
        "share of the phrases that mean nothing for which nothing was answered",
        general=True,
    ),
    "t_acc": Metric(
        "T_acc",
        lambda rows: ~rows.no_target & rows.answered,
        lambda rows: ~rows.no_target,
        "share of the phrases that mean something for which something was answered",
        general=True,
    ),
    "peak": Metric(
        "peak",
        lambda rows: rows.peak,
        lambda rows: ~rows.no_target,
        "share of phrases with a target whose final map has its peak in the gold mask",
    ),
    "best": Metric(
        "best",
        lambda rows: rows.best_iou,
        _ones,
        "mean IoU of the proposal that fits best: the ceiling of any choice of one mask",
    ),
}
"""Every metric by its name in JSON."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The metrics of one group of rows (all, or those with a tag); an error row counts as IoU 0 and is in ``errors`` too."""

    group: str
    count: int
    errors: int
    metrics: Mapping[str, Interval]


def metric_names(rows: Measured) -> list[str]:
    """The metrics that these rows have: those for `no target` only where some phrase means nothing."""
    general = bool(rows.no_target.any())
    return [name for name, metric in METRICS.items() if general or not metric.general]


def figures(
    rows: Measured, groups: Mapping[str, np.ndarray], names: Sequence[str], seed: int = 0, rounds: int = ROUNDS
) -> list[Figures]:
    """The metrics of each group (name to bool (rows,)), with 95 % percentile intervals from drawing whole pictures.

    A group without a row that a metric is about gives NaN.
    """
    if not len(rows) or not groups:
        return []
    sums, plain = ratio_sums(rows, groups, names, seed, rounds)
    found = []
    for place, (group, chosen) in enumerate(groups.items()):
        metrics = {}
        for at, name in enumerate(names):
            metrics[name] = percentiles(ratio(plain[place, at]), ratio(sums[:, place, at]))
        found.append(Figures(group, int(chosen.sum()), int((chosen & rows.error).sum()), metrics))
    return found


def ratio_sums(
    rows: Measured, groups: Mapping[str, np.ndarray], names: Sequence[str], seed: int, rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sums above and below the line: of every round (rounds, groups, metrics, 2), and of the rows as they are, without rounds."""
    pairs = [
        np.asarray(side(rows), np.float64) for name in names for side in (METRICS[name].above, METRICS[name].below)
    ]
    columns, shape = np.stack(pairs, 1), (len(groups), len(names), 2)
    sums, plain = np.empty((rounds, *shape)), np.empty(shape)
    pictures, chosen = rows.pictures.tolist(), list(groups.values())
    at_once = max(1, _HELD // max(1, columns.size))
    for start in range(0, len(chosen), at_once):
        some = chosen[start : start + at_once]
        held = np.concatenate([columns * each[:, None] for each in some], 1)
        place = slice(start, start + len(some))
        sums[:, place] = totals(held, pictures, seed, rounds).reshape(rounds, len(some), *shape[1:])
        plain[place] = held.sum(0).reshape(len(some), *shape[1:])
    return sums, plain


def ratio(sums: np.ndarray) -> np.ndarray:
    """The first over the second of the last axis; NaN where the second is 0."""
    above, below = sums[..., 0], sums[..., 1]
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below != 0)


def percentiles(value: np.ndarray | float, rounds: np.ndarray) -> Interval:
    """A value with the 2.5th and 97.5th percentile of the rounds in which it can be told."""
    told = rounds[~np.isnan(rounds)]
    if not len(told):
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.percentile(told, [2.5, 97.5])
    return Interval(float(value), float(low), float(high))
