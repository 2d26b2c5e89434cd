"""What refinement did: how many looks, whether they were taken, why they ended, and what the second look saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval, difference, interval
from iterprime_xai.evaluation.looking import LookRow
from iterprime_xai.evaluation.tables import markdown, signed


@dataclass(frozen=True, slots=True)
class PassRow:
    """The passes of one way that may look more than once.

    ``passes``: mean number of looks. ``second``: expressions that were looked at a second time; of these, ``taken`` is the share
    whose second look entered the final map, ``peak`` and ``heat`` are the second look's own map minus the first's, paired.
    ``stopped`` counts the reasons to stop, most frequent first.
    """

    way: str
    passes: float
    second: int
    taken: Interval
    peak: Interval
    heat: Interval
    stopped: dict[str, int]
    count: int


def pass_rows(rows: Sequence[LookRow], seed: int = 0) -> list[PassRow]:
    """A row for each way in which some expression was looked at twice; 95 % intervals over pictures."""
    found = []
    for way in dict.fromkeys(row.way for row in rows):
        chosen = [row for row in rows if row.way == way]
        again = [row for row in chosen if len(row.pass_peak) > 1]
        if not again:
            continue
        pictures = [row.image for row in again]
        found.append(
            PassRow(
                way,
                float(np.mean([len(row.pass_peak) for row in chosen])),
                len(again),
                interval([float(row.pass_taken[1]) for row in again], pictures, seed),
                difference([row.pass_peak[1] for row in again], [row.pass_peak[0] for row in again], pictures, seed),
                difference([row.pass_heat[1] for row in again], [row.pass_heat[0] for row in again], pictures, seed),
                dict(Counter(row.stopped for row in chosen).most_common()),
                len(chosen),
            )
        )
    return found


def passes_markdown(rows: Sequence[PassRow]) -> str:
    """One line a way."""
    body = [
        [
            row.way,
            f"{row.passes:.2f}",
            f"{row.second / row.count:.3f}",
            str(row.taken),
            signed(row.peak),
            signed(row.heat),
            "; ".join(f"{why} {times / row.count:.0%}" for why, times in row.stopped.items()),
        ]
        for row in rows
    ]
    head = [
        "way",
        "looks",
        "looked twice",
        "second look taken",
        "its peak on object",
        "its heat in object",
        "stopped because",
    ]
    return markdown(head, body)
