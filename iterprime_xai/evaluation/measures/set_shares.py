"""How many masks an answer should unite: the share of the best score that a further mask needs, chosen on val rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from iterprime_xai.evaluation.runs.coding import read_mask
from iterprime_xai.masks.several import several

SHARES = tuple(round(0.05 * step, 2) for step in range(1, 21))
"""What is tried. At 1 only a mask as good as the best is added."""


def best_share(rows: Iterable[Mapping[str, Any]], threshold: float) -> tuple[float, float]:
    """The share with the largest mean gIoU, and that gIoU; of equally good ones the largest, which adds the fewest masks.

    Args:
        rows: of a run with detail "full", whose proposals have masks; error rows count 0.
        threshold: evidence below which nothing is answered.
    """
    totals, count = np.zeros(len(SHARES)), 0
    for row in rows:
        count += 1
        if row["error"] is None:
            totals += _gious(row, threshold)
    means = totals / max(1, count)
    best = max(range(len(SHARES)), key=lambda place: (round(float(means[place]), 12), SHARES[place]))
    return SHARES[best], float(means[best])


def _gious(row: Mapping[str, Any], threshold: float) -> np.ndarray:
    """The gIoU of a row for each share."""
    ranked = sorted(
        (each for each in row["proposals"] or () if each["rank"] is not None), key=lambda each: each["rank"]
    )
    silent = not ranked or (row["evidence"] is not None and row["evidence"] < threshold)
    if silent:
        return np.full(len(SHARES), float(row["no_target"]))
    if row["no_target"]:
        return np.zeros(len(SHARES))
    gold = read_mask(row["gold"])
    assert gold is not None
    # Systems that choose by a softmax compare its shares, the others their scores.
    scores = [each["terms"].get("share", each["score"]) for each in ranked]
    relative = [score / scores[0] if scores[0] > 0 else 0.0 for score in scores]
    masks = _Masks({each["index"]: each["mask"] for each in ranked})
    order = [each["index"] for each in ranked]
    found, known = [], dict[tuple[int, ...], float]()
    for share in SHARES:
        taken = (order[0], *several(order, relative, masks, share))  # type: ignore[arg-type]
        if taken not in known:
            union = np.logical_or.reduce([masks[index] for index in taken])
            known[taken] = np.count_nonzero(union & gold) / np.count_nonzero(union | gold)
        found.append(known[taken])
    return np.array(found)


class _Masks:
    """Masks of a row by index, decoded when they are asked for."""

    def __init__(self, codes: Mapping[int, Any]) -> None:
        self._codes, self._read = codes, dict[int, np.ndarray]()

    def __getitem__(self, index: int) -> np.ndarray:
        if index not in self._read:
            mask = read_mask(self._codes[index])
            assert mask is not None
            self._read[index] = mask
        return self._read[index]
