"""What each type of failure costs: the run's figures with that type alone repaired, beside the figures as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from iterprime_xai.evaluation.bootstrap import Interval, totals
from iterprime_xai.evaluation.failures.classifying import THRESHOLD
from iterprime_xai.evaluation.failures.table import FailureTable, failure_table
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.evaluation.measures.metrics import percentiles, ratio

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run


@dataclass(frozen=True, slots=True)
class Price:
    """How often a type occurs, and what the run would gain without it: points of oIoU and mIoU, with 95 % intervals."""

    type: str
    count: int
    oiou: Interval
    miou: Interval


@dataclass(frozen=True, slots=True)
class Priced:
    """Every type that occurs, the most expensive by mIoU first, beside the figures of the run as it is, in percent.

    ``rows`` are the phrases with a gold mask, ``unlabelled`` those without, which no figure holds.
    """

    rows: int
    oiou: float
    miou: float
    prices: tuple[Price, ...]
    unlabelled: int = 0

    def __str__(self) -> str:
        left_out = f" ({self.unlabelled} without a gold mask left out)" if self.unlabelled else ""
        if not self.rows:
            return f"No phrase has a gold mask, without which nobody knows what failed{left_out}.\n"
        if not self.prices:
            return f"Of {self.rows} phrases{left_out} none failed: oIoU {self.oiou:.1f}, mIoU {self.miou:.1f}.\n"
        body = [
            [TYPES[each.type].title, str(each.count), f"{100 * each.count / self.rows:.1f}"]
            + [f"{gain.mean:+.1f} [{gain.low:+.1f}, {gain.high:+.1f}]" for gain in (each.oiou, each.miou)]
            + [TYPES[each.type].repair]
            for each in self.prices
        ]
        head = ["type", "phrases", "%", "oIoU gained", "mIoU gained", "oracle answers"]
        return f"{self.rows} phrases{left_out}, oIoU {self.oiou:.1f}, mIoU {self.miou:.1f}\n\n{markdown(head, body)}"


def priced(run: Run | FailureTable | str | Path, threshold: float = THRESHOLD, seed: int = 0) -> Priced:
    """Classify every row of a run and price each type by its oracle.

    An oracle answers otherwise for the rows of its type only (``TYPES[name].repair``): the proposal that fits best, the gold mask
    itself where none fits, or nothing where nothing is meant. Two types repaired together gain the sum of both in mIoU, but not in
    oIoU, which is a ratio of sums. Intervals draw whole pictures, and each gain is paired with the run itself.

    Args:
        run: a run, its folder, or its table, whose own threshold counts then.
        threshold: IoU from which an answer is right.
        seed: of the bootstrap.

    Raises:
        OptionError: a threshold out of range. StorageError: a run that cannot be read.
    """
    table = (run if isinstance(run, FailureTable) else failure_table(run, threshold)).rows
    known = table.filter(pc.field("type") != "unlabelled")
    types = np.array(known["type"].to_pylist(), object)
    before = _measures(known["intersection"], known["union"])
    after = _measures(known["repaired_intersection"], known["repaired_union"])
    pictures = [
        image or sample
        for image, sample in zip(known["image_id"].to_pylist(), known["sample_id"].to_pylist(), strict=True)
    ]
    found = _gains(types, before, after, pictures, seed)
    return replace(found, unlabelled=table.num_rows - known.num_rows)


def _gains(types: np.ndarray, before: np.ndarray, after: np.ndarray, pictures: list[str], seed: int) -> Priced:
    if not len(types):
        return Priced(0, float("nan"), float("nan"), ())
    names = [name for name in TYPES if TYPES[name].repair != "none" and bool((types == name).any())]
    # Of the run, then of each oracle: intersection, union, IoU; one column of ones for the mean.
    worlds = [before, *(np.where((types == name)[:, None], after, before) for name in names)]
    columns = np.concatenate([*worlds, np.ones((len(types), 1))], 1)
    drawn, plain = totals(columns, pictures, seed), columns.sum(0)
    now, now_drawn = _figures(plain, 0), _figures(drawn, 0)
    prices = []
    for place, name in enumerate(names, 1):
        then, then_drawn = _figures(plain, place), _figures(drawn, place)
        gains = [percentiles(float(then[at] - now[at]), then_drawn[at] - now_drawn[at]) for at in (0, 1)]
        prices.append(Price(name, int((types == name).sum()), *gains))
    prices.sort(key=lambda each: -each.miou.mean)
    return Priced(len(types), float(now[0]), float(now[1]), tuple(prices))


def _figures(sums: np.ndarray, world: int) -> tuple[np.ndarray, np.ndarray]:
    """oIoU and mIoU in one world, in percent."""
    first = 3 * world
    return _percent(sums, first, first + 1), _percent(sums, first + 2, -1)


def _percent(sums: np.ndarray, above: int, below: int) -> np.ndarray:
    return 100 * ratio(np.stack([sums[..., above], sums[..., below]], -1))


def _measures(intersections: Any, unions: Any) -> np.ndarray:
    """Intersection, union and IoU of every phrase, float64 (n, 3)."""
    common, either = (np.nan_to_num(each.to_numpy().astype(np.float64)) for each in (intersections, unions))
    return np.stack([common, either, np.divide(common, either, out=np.zeros(len(common)), where=either > 0)], 1)
