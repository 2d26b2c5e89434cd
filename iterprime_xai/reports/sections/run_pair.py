"""The runs that are compared: those that are there, or two small ones made on bundled scenes so that the report can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from iterprime_xai.records import OptionError
from iterprime_xai.reports.sections.run_source import opened

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run

SHOWN = ("iterprime", "gradcam")
"""The systems that are compared where no run is given."""


def opened_pair(run: str, against: str, more: Sequence[Any] = (), phrases: int = 120) -> list[Run]:
    """The run, the one that it is compared with, and further ones; for "" twice, both systems of `SHOWN` on some scenes.

    Raises ``OptionError`` where only one of the two is named, ``StorageError`` for a folder that is no run.
    """
    if bool(run) != bool(against):
        missing, given = ("against", "run") if run else ("run", "against")
        raise OptionError(
            f"Two runs are compared, but only {given} is given; name {missing} too, or neither for small runs on scenes."
        )
    wrong = [each for each in more if not isinstance(each, str)]
    if wrong:
        raise OptionError(f"more must be a list of run folders, but one is {wrong[0]!r}.")
    first = [opened(run), opened(against)] if run else [opened("", phrases, system) for system in SHOWN]
    return [*first, *(opened(each) for each in more)]
