"""A run's phrases looked at again with one setting of the system changed: what that fixes and what it breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval, difference
from iterprime_xai.evaluation.failures.case import open_case
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.evaluation.measures.summing_up import points
from iterprime_xai.evaluation.runs.asking import Asker
from iterprime_xai.evaluation.sign_test import sign_test
from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.overlap import iou

SWITCHES: dict[str, dict[str, Any]] = {
    "one look, no refinement": {"passes": 1},
    "emphasis: none, a plain mean of the words": {"emphasis": "none"},
    "emphasis: local and global": {"emphasis": "both"},
}
"""Changes of a grounder's settings by what a table calls them."""


@dataclass(frozen=True, slots=True)
class Switched:
    """What a change does on the same phrases: how many are right only with it (``fixed``) or only without it (``broke``).

    ``gain`` is the mIoU with it less that without, as a share; ``chance`` the sign test's p of fixed against broke.
    """

    name: str
    phrases: int
    right: int
    fixed: int
    broke: int
    gain: Interval
    chance: float


@dataclass(frozen=True, slots=True)
class Switches:
    """One line a change, against the system as it ran."""

    rows: tuple[Switched, ...]

    def __str__(self) -> str:
        if not self.rows:
            return "No phrase could be compared: each needs a gold mask, a picture and a result.\n"
        body = [
            [
                row.name,
                str(row.phrases),
                str(row.right),
                str(row.fixed),
                str(row.broke),
                f"{row.chance:.2f}" if row.chance >= 0.005 else "<0.01",
                points(row.gain),
            ]
            for row in self.rows
        ]
        head = ["changed to", "phrases", "right as it ran", "fixed", "broke", "chance p", "mIoU"]
        return markdown(head, body)


def switched(
    asker: Asker,
    sample_ids: Sequence[str],
    changes: Mapping[str, Mapping[str, Any]] = SWITCHES,
    threshold: float = 0.5,
    seen: Callable[[int], None] | None = None,
) -> Switches:
    """Look at phrases of a run again, with each change, among the same proposals.

    Phrases without a gold mask, without a picture and error rows are left out. What the run answered is taken from its rows.

    Args:
        asker: of the run; its system must read text layers (``asker.looks``).
        sample_ids: phrases of the run. To be told something about all of them, draw them at random, not among failures.
        changes: keywords of `Grounder.ground` by name; a change to what the run did already shows how well it repeats.
        threshold: IoU from which an answer is right.
        seen: called with the number of phrases done.

    Raises:
        OptionError: a system without text layers. Errors of reading and looking.
    """
    from iterprime_xai.systems.iterprime import GrounderSystem

    if not asker.looks:
        raise OptionError("This run's system has no settings of refinement and emphasis to change.")
    system = asker.system
    assert isinstance(system, GrounderSystem)
    before: list[float] = []
    after: dict[str, list[float]] = {name: [] for name in changes}
    pictures: list[str] = []
    for number, sample_id in enumerate(sample_ids, 1):
        case = open_case(asker.run, sample_id, threshold)
        if case.gold is not None and case.grounding is not None and case.gold.any():
            looked = system.grounder.prepare(case.image, False)  # encoded once; the masks go with each question
            proposals: Any = asker.proposals(case) or system.proposer.made()
            before.append(float(case.row["iou"]))
            pictures.append(case.row["image_id"] or sample_id)
            for name, change in changes.items():
                given = {
                    "layer": system.settings["layer"],
                    "recipe": system.recipe,
                    "answer": case.row["answer"],
                    **change,
                }
                found = system.grounder.ground(looked, case.text, proposals=proposals, **given)
                proposals = found.proposals or proposals
                after[name].append(iou(found.mask, case.gold))
        if seen is not None:
            seen(number)
    return Switches(
        tuple(_compared(name, before, values, pictures, threshold) for name, values in after.items() if values)
    )


def _compared(name: str, before: list[float], after: list[float], pictures: list[str], threshold: float) -> Switched:
    was, now = np.array(before) >= threshold, np.array(after) >= threshold
    fixed, broke = int((now & ~was).sum()), int((was & ~now).sum())
    return Switched(
        name, len(before), int(was.sum()), fixed, broke, difference(after, before, pictures), sign_test(fixed, broke)
    )
