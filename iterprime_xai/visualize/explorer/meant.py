"""From what a person did in the explorer to the mask that is meant: a proposal that was clicked, or a box that was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from iterprime_xai.evaluation.annotations.labels import box_mask
from iterprime_xai.evaluation.failures.case import Case
from iterprime_xai.records.errors import OptionError
from iterprime_xai.visualize.explorer.message import numbers_of, whole_of


def meant(case: Case, message: Mapping[str, Any]) -> tuple[np.ndarray, str]:
    """The mask (bool, height x width) that a message says is meant, with ``proposal`` or ``box``, and how it was said.

    Raises ``OptionError`` for a proposal that was not kept, or a box that covers nothing.
    """
    if "box" in message:
        height, width = case.row["height"], case.row["width"]
        if height is None:
            raise OptionError(f"No box can be drawn in a picture that cannot be shown: {case.problem}")
        box = numbers_of(message, "box")
        return box_mask(box, height, width), f"box {[round(each) for each in box]}"
    index = whole_of(message, "proposal")
    kept = None if case.grounding is None else case.grounding.proposals
    if kept is None:
        raise OptionError(
            "The run kept no masks of proposals (detail light): draw a box, or evaluate with --detail full."
        )
    if not 0 <= index < len(kept):
        raise OptionError(f"There is no proposal {index}: the run kept {len(kept)}, from 0.")
    return np.asarray(kept.masks[index]), f"proposal {index}"
