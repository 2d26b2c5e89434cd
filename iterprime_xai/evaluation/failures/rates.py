"""Shares of failures among phrases, with their intervals."""

from __future__ import annotations

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.failures.types import TYPES

Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""


def wilson(failures: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of Wilson's 95 % interval of shares, float64 in the arrays' shape; NaN where nothing was counted.

    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). It stays between 0 and 1, and says something where none of a few
    phrases failed. It takes phrases to be independent; those about one picture are not, so that it is somewhat too narrow.
    Source: Wilson (1927).
    """
    counts = np.where(counts > 0, counts, np.nan).astype(np.float64)
    share, spread = failures / counts, Z * Z / counts
    middle = (share + spread / 2) / (1 + spread)
    half = Z * np.sqrt(np.clip(share * (1 - share), 0, None) / counts + spread / (4 * counts)) / (1 + spread)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def type_counts(groups: np.ndarray, types: np.ndarray, number: int) -> np.ndarray:
    """How many phrases of each type every one of ``number`` groups has: int64 (groups, types), types by their place in `TYPES`."""
    return np.bincount(groups * len(TYPES) + types, minlength=number * len(TYPES)).reshape(number, len(TYPES))


def rates(failures: np.ndarray, counts: np.ndarray) -> list[Interval]:
    """The share of failures of each group (n,), with Wilson's interval."""
    low, high = wilson(failures, counts)
    share = failures / np.where(counts > 0, counts, np.nan)
    return [Interval(*each) for each in zip(share.tolist(), low.tolist(), high.tolist(), strict=True)]


def percent(rate: Interval) -> str:
    """A share in percent with its interval, as tables show it."""
    return f"{100 * rate.mean:.1f} [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"
