"""Gold masks that people give to samples of a run, kept beside it: a proposal that was clicked, or a box that was drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from iterprime_xai.data import rle
from iterprime_xai.evaluation.annotations.journal import Journal
from iterprime_xai.evaluation.annotations.note import author_name, line_of, time_of
from iterprime_xai.evaluation.failures.relabelling import check_gold
from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.writing import as_path

FOLDER = "labels"
"""Where labels lie in a run's folder."""

TAKEN_BACK = "taken back"
"""What ``how`` is in the line that takes a label back."""

LONGEST_HOW = 200
"""Characters of ``how``."""


@dataclass(frozen=True, slots=True)
class Label:
    """What one author says is meant in one sample.

    ``at`` is the time of writing, UTC in ISO format with microseconds, so that two of them compare as text. ``run_key`` is the key
    of the run that the author looked at. ``how`` says where the mask comes from: "proposal 3", "box [l, t, r, b]", or "taken back".
    ``mask`` is COCO's compressed run-length code, ``{"size": [height, width], "counts": ...}``; ``None`` for what was taken back.
    """

    sample_id: str
    at: str
    author: str
    run_key: str
    how: str
    mask: Mapping[str, Any] | None

    @property
    def pixels(self) -> np.ndarray | None:
        """The mask as bool (height, width); ``None`` for what was taken back."""
        return None if self.mask is None else rle.decode(self.mask, (self.mask["size"][0], self.mask["size"][1]))


class Labels:
    """The labels of a run, of everyone who gives some; a label is on the disk when :meth:`write` returns.

    Files are kept as those of notes (`journal.Journal`): one a writer, nothing is ever overwritten, and of each author the newest
    label on a sample holds. A sample has one gold mask, so that **of several authors the newest label holds**; ``disputed`` names
    samples where their masks differ. Taking back takes one's own label away, and the newest of the others' holds again.
    """

    def __init__(self, folder: str | Path, run_key: str, author: str | None = None) -> None:
        """Read the labels in the folder of a run; nothing is made on the disk before the first label is written.

        Args:
            folder: the run's folder; labels lie in ``labels/`` inside it.
            run_key: of the run, ``Run.key``; it is written into every label.
            author: any text; ``None``: the system's name of the user; "someone" for an empty one.
        """
        self.folder = as_path(folder) / FOLDER
        self.run_key = run_key
        self.author = author_name(author)
        self._journal = Journal(self.folder, self.author, "label", label_of, line_of)

    def write(self, sample_id: str, mask: np.ndarray, how: str) -> Label:
        """Save a gold mask in place of this author's older one on the sample, and give the label back as it was saved.

        Args:
            sample_id: of the run.
            mask: bool (height, width), as large as the upright picture, not empty.
            how: where the mask comes from, such as "proposal 3"; 1 to 200 characters.

        Raises:
            OptionError: another mask, an id or ``how`` that is no text.
            StorageError: full disk, or no right to write. The label is not saved then; an older one still holds.
        """
        _check(sample_id, how)
        check_gold(mask, f"sample {sample_id!r}")
        return self._write(sample_id, how, rle.encode(mask))

    def take_back(self, sample_id: str) -> Label:
        """Take this author's own label away; what was written stays in the files.

        Raises ``OptionError`` where the author has none on the sample, and ``StorageError`` as :meth:`write` does.
        """
        self.refresh()
        held = self._holding(sample_id)
        if all(each.author != self.author for each in held):
            others = f"; the one that holds is {held[-1].author}'s" if held else ""
            raise OptionError(
                f"{self.author} has no label on sample {sample_id!r} to take back{others}. Only one's own can be taken back: "
                "write a label of your own, and it holds."
            )
        return self._write(sample_id, TAKEN_BACK, None)

    def _write(self, sample_id: str, how: str, mask: Mapping[str, Any] | None) -> Label:
        return self._journal.write(sample_id, lambda at: Label(sample_id, at, self.author, self.run_key, how, mask))

    def of(self, sample_id: str) -> Label | None:
        """The label that holds on a sample, the newest of all authors'; ``None`` where there is none."""
        return next(reversed(self._holding(sample_id)), None)

    def all(self) -> list[Label]:
        """The label that holds on each sample, the oldest first."""
        found = (self.of(sample_id) for sample_id in self._journal.samples)
        return sorted((each for each in found if each is not None), key=lambda each: (each.at, each.sample_id))

    def masks(self) -> dict[str, np.ndarray]:
        """The gold mask of each sample with a label, bool (height, width)."""
        return {each.sample_id: pixels for each in self.all() if (pixels := each.pixels) is not None}

    def _holding(self, sample_id: str) -> list[Label]:
        """One label an author, the oldest first."""
        return [each for each in self._journal.of(sample_id) if each.mask is not None]

    @property
    def disputed(self) -> tuple[str, ...]:
        """The samples to which authors gave different masks."""
        return tuple(
            sample_id
            for sample_id in self._journal.samples
            if any(one.mask != other.mask for one, other in pairwise(self._holding(sample_id)))
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read or is not as it seems, a sentence each; nothing of it ends the reading of the rest."""
        found = list(self._journal.problems)
        others = sum(each.run_key != self.run_key for each in self.all())
        if others:
            found.append(
                f"{others} labels were written about another run than {self.run_key}: its pictures may differ."
            )
        disputed = self.disputed
        if disputed:
            named = ", ".join(disputed[:5]) + (", ..." if len(disputed) > 5 else "")
            found.append(
                f"Authors gave different masks to {len(disputed)} samples ({named}); of each the newest holds."
            )
        return tuple(found)

    def refresh(self) -> int:
        """Read what has been written since the last time, by anyone, and give the number of new lines."""
        return self._journal.refresh()


def label_of(line: bytes) -> Label:
    """The label of a line; a newer program may have added fields. Raises ``ValueError`` and the like for what is none."""
    values = json.loads(line.decode("utf-8"))
    texts = {name: values[name] for name in ("sample_id", "at", "author", "run_key", "how")}
    if not all(isinstance(each, str) for each in texts.values()):
        raise ValueError("a field is not text")
    code = values["mask"]
    if code is not None:
        height, width = code["size"]
        if not isinstance(height, int) or not isinstance(width, int):
            raise ValueError("the mask's size is no whole number of pixels")
        if not sum(
            rle.runs(code, (height, width))[1::2]
        ):  # not decoded: many labels of large pictures are read at once
            raise ValueError("the mask is empty")
        code = {"size": [height, width], "counts": code["counts"]}
    return Label(**{**texts, "at": time_of(texts["at"])}, mask=code)


def box_mask(box: Sequence[float], height: int, width: int) -> np.ndarray:
    """The mask of a box [left, top, right, bottom] that was drawn in pixels, bool (height, width).

    Corners may come in any order and lie outside; a pixel counts that the box covers for the most part.

    Raises ``OptionError`` for a box that is not four numbers, or covers no pixel of the picture.
    """
    corners = np.asarray(box, np.float64) if len(box) == 4 else np.full(4, np.nan)
    if not np.isfinite(corners).all():
        raise OptionError(f"A box is [left, top, right, bottom] in pixels, but got {list(box)!r}.")
    (left, right), (top, bottom) = sorted(corners[::2]), sorted(corners[1::2])
    mask = np.zeros((height, width), bool)
    first, last = (np.clip(np.round(each), 0, [height, width]).astype(int) for each in ((top, left), (bottom, right)))
    mask[first[0] : last[0], first[1] : last[1]] = True
    if not mask.any():
        raise OptionError(
            f"The box {list(box)!r} covers no pixel of the picture of {height} x {width}; draw a larger one."
        )
    return mask


def _check(sample_id: str, how: str) -> None:
    if not isinstance(sample_id, str) or not sample_id:
        raise OptionError(f"A label belongs to a sample by its id, which is text, but got {sample_id!r}.")
    if not isinstance(how, str) or not 0 < len(how.strip()) <= len(how) <= LONGEST_HOW or how == TAKEN_BACK:
        raise OptionError(
            f'how says in 1 to {LONGEST_HOW} characters where the mask comes from, such as "proposal 3", but got '
            f"{str(how)[:120]!r}."
        )
