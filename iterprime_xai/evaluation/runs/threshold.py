"""A threshold of answers that may abstain: a number with the val run it comes from, in a small file, and how it is put to use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.records.writing import write_whole

NAME = "threshold.json"
SETTING, SHARE = "abstain_below", "set_share"
"""The settings of a system that take its two numbers."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Below ``value`` of its evidence a system should not answer.

    ``accuracy`` is the balanced accuracy on the val run of ``system`` on ``data`` whose key is ``run``: of the ``present``
    phrases that mean something and the ``absent`` that mean nothing. ``set_share`` is what a further mask needs with answer
    "set", where the val run had all masks (detail "full"), and ``giou`` the mean gIoU there.
    """

    value: float
    accuracy: float
    system: str
    data: str
    run: str
    present: int
    absent: int
    set_share: float | None = None
    giou: float | None = None

    def said(self) -> str:
        """Where it comes from, in a clause."""
        return (
            f"val run {self.run} of {self.system} on {self.data}: balanced accuracy {self.accuracy:.3f} on {self.present} phrases "
            f"that mean something and {self.absent} that mean nothing"
        )

    def save(self, path: Path) -> Path:
        return write_whole(path, (json.dumps(asdict(self), indent=1) + "\n").encode("utf-8"))


def load_threshold(path: Path) -> Threshold:
    """Read a threshold from its file, or from the val run whose folder is named. Raises ``StorageError`` where there is none."""
    file = path / NAME if path.is_dir() else path
    if not file.is_file():
        raise StorageError(
            f"There is no threshold in {path}; `iterprime-xai threshold {path}` chooses one on a val run."
        )
    try:
        return Threshold(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(f"{file} holds no threshold ({error}); `iterprime-xai threshold RUN` writes one.") from error


def applied(
    system: Any, settings: Mapping[str, Any], answer: str, threshold: str | Path | float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings with the threshold in them, and what a run keeps of it: the number and where it is from.

    Raises ``OptionError`` where it decides nothing, stands in the settings too, or is another system's.
    """
    if answer == "always":
        raise OptionError(
            'A threshold decides nothing when every phrase is answered; ask for answer "may_abstain" or "set".'
        )
    if not isinstance(system, str):
        raise OptionError(f"A threshold is a setting ({SETTING}) of a system by name; make the one in memory with it.")
    if SETTING in settings:
        raise OptionError(f"The threshold is given twice: leave out either it or the setting {SETTING}.")
    if isinstance(threshold, int | float):
        return {**settings, SETTING: float(threshold)}, {"value": float(threshold), "from": "given by hand"}
    found = load_threshold(Path(threshold))
    if found.system != system:
        raise OptionError(
            f"The threshold in {threshold} is one of {found.system}, and means nothing to {system}; choose one on a "
            f"val run of {system}."
        )
    chosen, kept = {**settings, SETTING: found.value}, {"value": found.value, "from": found.said()}
    if answer == "set" and found.set_share is not None and SHARE not in settings:
        chosen[SHARE] = kept[SHARE] = found.set_share
    return chosen, kept
