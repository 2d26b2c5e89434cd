"""The types of failure, in the order in which they are asked: the first whose rule holds is the sample's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MOST = 0.8
"""Share that counts as "most of it" in ``part_only`` and ``too_much``."""

Repair = Literal["none", "best proposal", "gold mask", "no answer"]


@dataclass(frozen=True, slots=True)
class FailureType:
    """One type: its name for people, the rule that decides it, and what its oracle answers instead."""

    title: str
    rule: str
    repair: Repair


TYPES: dict[str, FailureType] = {
    "unlabelled": FailureType("unlabelled", "there is no gold mask, so nobody knows", "none"),
    "error": FailureType("error", "the sample has no result but an error", "best proposal"),
    "no_target_answered": FailureType(
        "no target, answered", "the phrase means nothing in the picture, and a mask was given", "no answer"
    ),
    "right": FailureType(
        "right", "the IoU reaches the threshold, or nothing is meant and nothing was answered", "none"
    ),
    "abstained": FailureType("abstained", "something is meant, and nothing was answered", "best proposal"),
    "unreadable_phrase": FailureType("unreadable phrase", "no word of it can be shown in a picture", "best proposal"),
    "parser_error": FailureType(
        "parser error", "the data set tells the primary word, and the parser took another", "best proposal"
    ),
    "no_proposal_fits": FailureType(
        "no proposal fits", "the IoU of the best proposal is below the threshold", "gold mask"
    ),
    "part_only": FailureType(
        "part only",
        f"at least {MOST:g} of the answer lies on the target, and it covers less than {MOST:g} of it",
        "best proposal",
    ),
    "too_much": FailureType(
        "too much",
        f"the answer covers at least {MOST:g} of the target, and less than {MOST:g} of it lies there",
        "best proposal",
    ),
    "selection_error": FailureType(
        "selection error", "the peak of the heat lies on the target, and another mask was chosen", "best proposal"
    ),
    "position_ignored": FailureType(
        "position ignored",
        "the peak lies on another thing of the target's category, and the phrase says where",
        "best proposal",
    ),
    "wrong_instance": FailureType(
        "wrong instance",
        "the peak lies on another thing of the target's category, and the phrase does not say where",
        "best proposal",
    ),
    "context_taken": FailureType(
        "context taken for the target", "the peak lies on a thing that a context word names", "best proposal"
    ),
    "wrong_category": FailureType(
        "wrong category", "the peak lies on a thing that the phrase does not name", "best proposal"
    ),
    "scattered": FailureType("scattered", "the peak lies on no thing, or there is none", "best proposal"),
}
"""Every type by its name in tables."""
