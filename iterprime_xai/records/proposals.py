"""Mask proposals, and the choice among them with every term of its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from iterprime_xai.records.errors import ProposalError
from iterprime_xai.records.frozen import freeze
from iterprime_xai.records.packed import Masks

Answer = Literal["always", "may_abstain", "set"]
"""One mask for every phrase; one or none; any number of them, none included."""

ANSWERS: tuple[str, ...] = get_args(Answer)

SELECTION_RULES = ("default", "paper")
"""Names of the rules by which a mask is chosen, see `masks.selection`."""


@dataclass(frozen=True, eq=False)
class Proposals:
    """Candidate masks for one picture.

    ``masks`` is bool, shape (n, height, width), upright and at the picture's own resolution; ``scores`` is float32
    (n,), the proposer's own opinion (1.0 where it has none); ``source`` names the proposer and its settings.
    Both are read-only. Where the masks of a picture would take more than 128 MiB as an array (`packed.DENSE_BYTES`), proposers
    give them as `PackedMasks`, which are used in the same way and unpacked one at a time.
    """

    masks: Masks
    scores: np.ndarray
    source: str

    def __post_init__(self) -> None:
        if self.masks.ndim != 3 or self.masks.dtype != np.bool_:
            raise ProposalError(
                "Proposals need boolean masks of shape (n, height, width), but got "
                f"{self.masks.dtype} of shape {self.masks.shape}; convert with `np.stack(masks) > 0`."
            )
        if self.scores.shape != (len(self.masks),):
            raise ProposalError(
                f"Proposals need one score a mask: {len(self.masks)} masks, but scores have shape {self.scores.shape}."
            )
        freeze(self, "masks", "scores")

    def __len__(self) -> int:
        return len(self.masks)


@dataclass(frozen=True, slots=True)
class RankedProposal:
    """One proposal in the ranking: its index in ``Proposals``, its score, and every term the score is made of."""

    index: int
    score: float
    terms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Selection:
    """The ranked proposals, best first, and what was answered.

    ``answer`` is the index of the chosen proposal in ``Proposals``, or ``None`` when the selection abstained. ``further`` are the
    indices of other proposals that belong to the answer too, where it may be a set.
    ``margin`` (0 to 1) says how far the best stands before the best *different* one (IoU below 0.5), relative to the best
    score: 0 is a toss-up, 1 is no rival. ``rule`` names the scoring rule and ``reason`` says in a sentence why this answer.
    """

    ranking: tuple[RankedProposal, ...]
    answer: int | None
    margin: float
    rule: str
    reason: str
    further: tuple[int, ...] = ()

    @property
    def chosen(self) -> tuple[int, ...]:
        """Indices of all proposals that the answer is made of, the best first; empty when the selection abstained."""
        return () if self.answer is None else (self.answer, *self.further)
