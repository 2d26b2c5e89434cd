"""Generated scenes as a data set: listed without drawing, drawn one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.data.listing import asked_for
from iterprime_xai.data.names import nearest
from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.samples import PER_SCENE, SIZE, drawn_samples, plan, said_of
from iterprime_xai.data.scenes.vocabulary import SPLITS
from iterprime_xai.records import OptionError, Sample, StorageError

COUNT = 2000
"""Expressions in a split, where no other number is asked for."""


class SceneSet:
    """The first ``count`` expressions of a split, with the ids and pixels of :func:`iterprime_xai.data.scenes.samples`.

    Raises ``OptionError`` for an unknown split or a ``count`` below 1.
    """

    def __init__(self, split: str, count: int = COUNT, seed: int = 0) -> None:
        if split not in SPLITS:
            raise OptionError(
                f"A split of the scenes is one of {', '.join(SPLITS)}, but got {split!r}{nearest(split, SPLITS)}."
            )
        if count < 1:
            raise OptionError(f"count must be at least 1, but got {count}.")
        self.name = f"scenes:{split}"
        self._split, self._count, self._seed = split, count, seed

    def describe(self) -> dict[str, object]:
        return {"data": "scenes", "split": self._split, "count": self._count, "seed": self._seed, "size": SIZE}

    def pictures(self) -> Sequence[PictureEntry]:
        return self._entries

    def samples_of(self, entry: PictureEntry) -> list[Sample]:
        number = self._number(entry)
        most = PER_SCENE
        if len(entry.sample_ids) < PER_SCENE:  # few were found, or the count cut it short: how many were wanted decides
            most = min(PER_SCENE, self._count - self._before.get(entry.image_id, 0))
        scene = generate(self._seed, number, self._split)
        return asked_for(entry, drawn_samples(scene, said_of(scene, most)), self.name)

    @cached_property
    def _entries(self) -> tuple[PictureEntry, ...]:
        return tuple(
            PictureEntry(scene.name, tuple(f"{scene.name}-{place}" for place in range(len(found))))
            for scene, found in plan(self._split, self._count, self._seed)
        )

    @cached_property
    def _before(self) -> dict[str, int]:
        """How many samples come before those of each picture."""
        starts = accumulate((len(each.sample_ids) for each in self._entries), initial=0)
        return {entry.image_id: start for entry, start in zip(self._entries, starts, strict=False)}

    def _number(self, entry: PictureEntry) -> int:
        start, _, number = entry.image_id.rpartition("-")
        if start != f"{self._split}-{self._seed}" or not number.isdecimal():
            raise StorageError(f"{self.name} (seed {self._seed}) has no picture {entry.image_id!r}.")
        return int(number)
