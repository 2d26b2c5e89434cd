"""A run's table with the gold masks that people gave, kept up with them: only the lines of new labels are made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.failures.relabelling import relabelled_table, usable_masks
from iterprime_xai.evaluation.failures.table import FailureTable

if TYPE_CHECKING:
    from iterprime_xai.evaluation.annotations.labels import Labels
    from iterprime_xai.evaluation.runs.reading import Run


class LabelledTable:
    """The table of a run, with every label that holds and fits; ``problems`` has a sentence on each that does not.

    A line that is made again costs reading its row, so that of many labels only the changed ones are read. Where one was taken
    back, all are read anew.
    """

    def __init__(self, run: Run, table: FailureTable, labels: Labels) -> None:
        self._run, self._plain, self._labels = run, table, labels
        self._table, self._held = table, dict[str, Mapping[str, Any]]()
        self.problems: tuple[str, ...] = ()

    def renewed(self) -> FailureTable:
        """The table with the labels as they are now."""
        self._labels.refresh()
        held = {each.sample_id: each.mask for each in self._labels.all() if each.mask is not None}
        if self._held.keys() - held.keys():
            self._table, self._held = self._plain, {}
        masks, self.problems = usable_masks(self._plain, self._labels.masks())
        new = {name: mask for name, mask in masks.items() if self._held.get(name) != held[name]}
        self._table = relabelled_table(self._run, self._table, new)
        self._held = {name: held[name] for name in masks}
        return self._table

    def gold(self, sample_id: str) -> np.ndarray | None:
        """The mask that a person gave a sample, bool (height, width), where it fits; ``None`` where there is none."""
        label = self._labels.of(sample_id)
        return None if label is None or sample_id not in self._held else label.pixels
