"""What a run was asked for, small enough to be sent to a worker, and how each part of it is opened there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from iterprime_xai.records import OptionError
from iterprime_xai.records.proposals import ANSWERS

if TYPE_CHECKING:
    from iterprime_xai.data.dataset import DataSet
    from iterprime_xai.masks.proposer import Proposer
    from iterprime_xai.systems.segmenter import ZeroShotSegmenter

Detail = Literal["light", "full"]
DETAILS = ("light", "full")
GOLD = "gold"
"""The proposer that the evaluation itself is: the annotated masks of each sample."""


@dataclass(frozen=True)
class Order:
    """What to evaluate on what; names, or objects that are used as they are (and must be picklable for other processes)."""

    system: str | ZeroShotSegmenter
    data: str | DataSet
    settings: Mapping[str, Any] = field(default_factory=dict)
    data_options: Mapping[str, Any] = field(default_factory=dict)
    proposals: str | Proposer | None = None
    proposer_options: Mapping[str, Any] = field(default_factory=dict)
    mask_cache: Path | None = None
    answer: str = "always"
    detail: str = "light"
    threads: int | None = 1

    def __post_init__(self) -> None:
        for name, value, known in (("answer", self.answer, ANSWERS), ("detail", self.detail, DETAILS)):
            if value not in known:
                raise OptionError(f"{name} must be one of {', '.join(known)}, but got {value!r}.")
        if not isinstance(self.system, str) and self.settings:
            raise OptionError("Settings belong to a system that is named; one in memory has its own already.")
        if not isinstance(self.proposals, str) and (self.mask_cache is not None or self.proposer_options):
            raise OptionError(
                "A cache and options of the proposer need a proposer by name (--proposals); without one the system uses its own, "
                "which its settings decide."
            )
        if self.proposals == GOLD and (self.mask_cache is not None or self.proposer_options):
            raise OptionError("Gold proposals come from the samples: they have no options and need no cache.")

    def open_data(self) -> DataSet:
        """The data set."""
        if not isinstance(self.data, str):
            return self.data
        from iterprime_xai.data.sources import open_data

        return open_data(self.data, **self.data_options)

    def open_system(self) -> ZeroShotSegmenter:
        """The system."""
        if not isinstance(self.system, str):
            return self.system
        from iterprime_xai.systems.registry import load_system

        return load_system(self.system, self.settings)

    def open_proposer(self) -> Proposer | None:
        """The proposer; ``None`` for gold masks and for the system's own."""
        if self.proposals is None or self.proposals == GOLD:
            return None
        if not isinstance(self.proposals, str):
            return self.proposals
        from iterprime_xai.masks.proposers import load_proposer

        return load_proposer(self.proposals, cache=self.mask_cache, **self.proposer_options)
