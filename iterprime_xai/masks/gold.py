"""The annotated masks of a sample as proposals: with them, only the choice can fail. An upper bound."""

from __future__ import annotations

import numpy as np

from iterprime_xai.records import ProposalError, Proposals, Sample
from iterprime_xai.records.packed import held


def gold_proposals(sample: Sample) -> Proposals:
    """The gold mask and those of all other annotated things, as ``Proposals`` with equal scores.

    They come in reading order of their centres, so that the place in the list gives nothing away, not even in a
    tie. Raises ``ProposalError`` for a sample without a gold mask.
    """
    if sample.mask is None:
        raise ProposalError(
            f"Gold proposals need a gold mask, but sample {sample.id!r} has none; use classical proposals for it."
        )
    found = sorted((sample.mask, *sample.others), key=_centre)
    return Proposals(held(found, sample.mask.shape), np.ones(len(found), np.float32), "gold")


def annotated_proposals(sample: Sample) -> Proposals:
    """:func:`gold_proposals` without empty masks, which a phrase that means nothing has: what a run with "gold" chooses among."""
    found = gold_proposals(sample)
    kept = np.array([bool(mask.any()) for mask in found.masks])
    return found if kept.all() else Proposals(found.masks[kept], found.scores[kept], found.source)


def _centre(mask: np.ndarray) -> tuple[float, float, int]:
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return float("inf"), float("inf"), 0
    return float(rows.mean()), float(columns.mean()), len(rows)
