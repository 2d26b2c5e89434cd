"""What further passes did to the answers of a run that kept all maps, and what those that were not used would have done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from iterprime_xai.evaluation.failures.blame import PassChange
from iterprime_xai.evaluation.markdown import markdown

_WOULD = {
    "fixed": "would have fixed",
    "broke": "would have broken",
    "neither": "would have changed nothing",
    "unknown": "not known",
    None: "not known",
}


@dataclass(frozen=True, slots=True)
class PassEffects:
    """How often each further pass did what: (number of the pass from 2, what it did) -> phrases."""

    counts: dict[tuple[int, str], int]
    phrases: int

    def __str__(self) -> str:
        names = sorted({name for _, name in self.counts})
        numbers = sorted({number for number, _ in self.counts})
        if not numbers:
            return f"Of {self.phrases} phrases none was looked at a second time.\n"
        body = [[f"pass {number}", *(str(self.counts.get((number, name), 0)) for name in names)] for number in numbers]
        return markdown(["", *names], body)

    def total(self, what: str) -> int:
        """How many passes did this, such as "fixed" or "not used: would have fixed"."""
        return sum(count for (_, name), count in self.counts.items() if name == what)


def pass_effects(changes: Sequence[Sequence[PassChange]]) -> PassEffects:
    """Count the changes of `blame.pass_changes`, one sequence a phrase; first passes change nothing and are not counted."""
    counts: Counter[tuple[int, str]] = Counter()
    for each in changes:
        for one in each[1:]:
            counts[one.number, one.change if one.used else f"not used: {_WOULD[one.would]}"] += 1
    return PassEffects(dict(counts), len(changes))
