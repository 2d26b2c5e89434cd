"""A sample of a run made by hand: the phrase means the blue ball, the system answers with the red one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from handmade_grounding import grounding

from iterprime_xai.evaluation.failures.case import Case
from iterprime_xai.evaluation.failures.classifying import classify
from iterprime_xai.evaluation.runs.against_gold import missed
from iterprime_xai.evaluation.runs.coding import read_mask
from iterprime_xai.evaluation.runs.regrounding import regrounded
from iterprime_xai.evaluation.runs.row import CodedProposals, Seen, error_values, found_row, sample_row
from iterprime_xai.evaluation.runs.schema import SCHEMA
from iterprime_xai.records import Grounding, Proposals, RankedProposal, Sample, Selection

SIZE = (120, 90)
TAGS = {"category": "ball", "kind": "relation", "primary": "ball"}


def found(**changes: Any) -> Grounding:
    """The system's grounding with 12 proposals: the red ball first, the blue one (index 1) ranked eleventh."""
    made = grounding(size=SIZE, **changes)
    if made.proposals is None:
        return made
    red, blue = made.proposals.masks
    masks = np.stack([red, blue, *(np.roll(red, (0, 4 * step), (0, 1)) for step in range(1, 11))])
    order = [0, *range(2, 11), 1, 11]
    ranking = tuple(
        RankedProposal(index, 0.9 - 0.05 * place, {"heat inside": 0.7 - 0.05 * place})
        for place, index in enumerate(order)
    )
    selection = Selection(ranking, 0, 0.25, "default", "it holds most of the heat")
    return replace(made, proposals=Proposals(masks, np.ones(12, np.float32), "by hand"), selection=selection)


def sample(made: Grounding, labelled: bool = True, text: str | None = None) -> Sample:
    """The sample, whose gold mask is the blue ball; the red one is another ball."""
    masks = None if made.proposals is None else made.proposals.masks
    gold = masks[1] if masks is not None and labelled else None
    others = (masks[0],) if masks is not None and labelled else ()
    words = text or made.expression.text
    return Sample("meadow-1", made.image, words, gold, others, ("ball",) * len(others), dict(TAGS))


def row_of(asked: Sample, made: Grounding | Exception, full: bool = True) -> dict[str, Any]:
    """The row that a run would keep."""
    image: Any = asked.image
    seen = Seen("0" * 64, image.height, image.width, "meadow.png", ())
    row = dict.fromkeys(SCHEMA.names) | {"sample_id": asked.id, "image_id": "meadow", "answer": "always"}
    row |= sample_row(asked, seen, full=full)
    if isinstance(made, Exception):
        return row | error_values(made) | missed(row, asked.mask is not None)
    coded = None if made.proposals is None else CodedProposals(made.proposals)
    return row | found_row(asked, made, coded, full=full)


def case_of(row: dict[str, Any], image: Any, problem: str = "") -> Case:
    """The row as ``open_case`` gives it."""
    known = image is not None and row["error"] is None
    return Case(
        run="runs & <b>",
        sample_id=row["sample_id"],
        text=row["text"] or "",
        row=row,
        failure=classify(row, 0.5),
        threshold=0.5,
        gold=read_mask(row["gold"]),
        image=image,
        grounding=regrounded(row, image, {}) if known else None,
        problem=problem,
    )


def case(full: bool = True, labelled: bool = True, **changes: Any) -> Case:
    """A failure: the heat peaks on another ball, although the phrase says where."""
    made = found(**changes)
    asked = sample(made, labelled)
    return case_of(row_of(asked, made, full), asked.image)
