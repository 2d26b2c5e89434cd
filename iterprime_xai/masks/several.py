"""An answer of several masks: all that stand out as clearly as the best and lie elsewhere.

The rule: go down the ranking, the best first. A mask is added when its score is at least a given share of the best one's and
it lies beside every mask taken so far, so that their intersection is at most ``SET_OVERLAP`` of the smaller one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from iterprime_xai.records.packed import Masks

SET_SHARE = 0.5
"""Share of the best score that a further mask needs where no other was chosen; not measured."""

SET_OVERLAP = 0.1
"""Masks that share at most this part of the smaller one lie beside each other: outlines that touch are no overlap."""


def several(order: Sequence[int], shares: Sequence[float], masks: Masks, share: float = SET_SHARE) -> tuple[int, ...]:
    """Indices of the masks that belong to the answer besides the best one.

    Args:
        order: indices of the masks, the best first.
        shares: the score of each of ``order`` relative to the best, which is 1; 0 or less never belongs.
        masks: bool (n, height, width).
        share: what a further mask needs, 0 to 1.
    """
    taken: list[int] = list(order[:1])
    for index, relative in zip(order[1:], shares[1:], strict=True):
        if relative > 0 and relative >= share and all(_beside(masks[index], masks[other]) for other in taken):
            taken.append(index)
    return tuple(taken[1:])


def _beside(one: np.ndarray, other: np.ndarray) -> bool:
    smaller = min(int(np.count_nonzero(one)), int(np.count_nonzero(other)))
    return smaller > 0 and int(np.count_nonzero(one & other)) <= SET_OVERLAP * smaller


def united(masks: Masks, chosen: Sequence[int]) -> np.ndarray | None:
    """All chosen masks as one, bool (height, width); ``None`` where none was chosen."""
    if not chosen:
        return None
    found = np.array(masks[chosen[0]])
    for index in chosen[1:]:
        found |= masks[index]
    return found


def several_reason(count: int, share: float) -> str:
    """What the rule did, for the reason of a selection."""
    if not count:
        return f"no other mask beside it has {share:g} of its score"
    return f"{count} more beside it {'has' if count == 1 else 'have'} at least {share:g} of its score"


def share_note(share: float | None) -> str:
    """Where the share comes from, for a trace."""
    if share is None:
        return f"a further mask needs {SET_SHARE:g} of the best score: not measured"
    return f"a further mask needs {share:g} of the best score, as asked"
