"""The one function that every backend runs: a shard of pictures in, a whole part file out."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from iterprime_xai.data.images import read_image
from iterprime_xai.evaluation.runs.against_gold import missed
from iterprime_xai.evaluation.runs.key import library_versions, plain
from iterprime_xai.evaluation.runs.order import GOLD, Order
from iterprime_xai.evaluation.runs.parts import Part, part_of
from iterprime_xai.evaluation.runs.row import CodedProposals, Seen, error_values, found_row, sample_row
from iterprime_xai.evaluation.runs.shards import Asked, Shard
from iterprime_xai.masks.gold import annotated_proposals
from iterprime_xai.records import Grounding, MissingExtraError, ModelLoadError, Proposals, Sample

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of a picture's stages."""

    read: float = 0.0
    propose: float = 0.0
    segment: float = 0.0


class Worker:
    """Loads the system, the data set and the proposer once, then works off any number of shards."""

    def __init__(self, order: Order) -> None:
        self.order = order
        with threads(order.threads):
            self.data = order.open_data()
            self.system = order.open_system()
            self.proposer = order.open_proposer()

    def describe(self) -> dict[str, Any]:
        """What the system and the proposer say of themselves: the part of a run's key that only a worker knows."""
        if self.proposer is not None:
            proposer: Any = plain(self.proposer.describe(), "proposer")
        else:
            proposer = {"proposer": GOLD} if self.order.proposals == GOLD else "the system's own"
        return {"system": {"name": self.system.name, **plain(self.system.describe(), "system")}, "proposals": proposer}

    def part(self, shard: Shard, key: str, seen: Callable[[int], object] | None = None) -> Part:
        """The rows of a shard as a part file. What is wrong with a sample becomes its row; what is wrong with the machine
        (no space, no model, a missing package) is raised."""
        rows: list[dict[str, Any]] = []
        with threads(self.order.threads):
            for asked in shard.pictures:
                found = self.rows(asked)
                for place, row in enumerate(found, len(rows)):
                    row |= {"position": shard.first + place, "shard": shard.number, "run_key": key}
                rows += found
                if seen is not None:
                    seen(len(found))
        return part_of(rows, shard.number, key, {**library_versions(), "threads": str(self.order.threads)})

    def rows(self, asked: Asked) -> list[dict[str, Any]]:
        """One row for each asked sample of a picture, in their order."""
        started = perf_counter()
        try:
            by_id = {each.id: each for each in self.data.samples_of(asked.entry)}
            samples = [by_id[name] for name in asked.sample_ids]
            picture = read_image(samples[0].image)
        except Exception as error:
            _raise_if_hopeless(error, packages=False)
            return [_unread(asked, name, error, self.order.answer) for name in asked.sample_ids]
        seen = Seen(
            picture.sha256,
            picture.image.height,
            picture.image.width,
            None if picture.path is None else str(picture.path),
            picture.notes,
        )
        read = perf_counter() - started
        rows = []
        coded: dict[int, CodedProposals] = {}
        for sample, found, timing in self._segment(picture.image, samples):
            started = perf_counter()
            row = self._row(asked, sample, seen, found, coded)
            share = 1 / len(samples)
            rows.append(
                row
                | {
                    "seconds_read": read * share,
                    "seconds_propose": timing.propose * share,
                    "seconds_segment": timing.segment * share,
                    "seconds_row": perf_counter() - started,
                }
            )
        return rows

    def _row(
        self, asked: Asked, sample: Sample, seen: Seen, found: Grounding | Exception, coded: dict[int, CodedProposals]
    ) -> dict[str, Any]:
        full = self.order.detail == "full"
        row: dict[str, Any] = {"image_id": asked.entry.image_id, "answer": self.order.answer, "sample_id": sample.id}
        try:
            row |= sample_row(sample, seen, full=full)
            if isinstance(found, Exception):
                raise found
            proposals = found.proposals
            if proposals is not None and id(proposals) not in coded:
                coded[id(proposals)] = CodedProposals(proposals)
            row |= found_row(sample, found, None if proposals is None else coded[id(proposals)], full=full)
            row["notes"] = [*(note for note in seen.notes if note not in row["notes"]), *row["notes"]]
        except Exception as error:
            _raise_if_hopeless(error)
            row |= error_values(error)
            row |= missed(row, sample.mask is not None)
        return row

    def _segment(self, image: Any, samples: Sequence[Sample]) -> Iterator[tuple[Sample, Grounding | Exception, Timing]]:
        """What the system finds for every sample of a picture, or the error; all phrases together where that works."""
        started = perf_counter()
        try:
            given = self._given(image, samples)
        except Exception as error:
            _raise_if_hopeless(error)
            yield from ((sample, error, Timing()) for sample in samples)
            return
        proposing = perf_counter() - started
        started = perf_counter()
        found: list[Grounding | Exception] = []
        for group, proposals in given:
            found += self._ask(image, group, proposals)
        timing = Timing(propose=proposing, segment=perf_counter() - started)
        yield from ((sample, each, timing) for sample, each in zip(samples, found, strict=True))

    def _given(self, image: Any, samples: Sequence[Sample]) -> list[tuple[list[Sample], Any]]:
        """Samples that are asked together, with the proposals that are handed over for them."""
        if hasattr(self.proposer, "propose_at"):  # asked with the heat of each phrase, by the system
            return [(list(samples), self.proposer)]
        if self.proposer is not None:
            return [(list(samples), self.proposer.propose(image))]
        if self.order.proposals != GOLD:
            return [(list(samples), None)]
        groups: list[tuple[list[Sample], Any]] = []
        for sample in samples:
            try:
                proposals: Proposals | Exception = annotated_proposals(sample)
            except Exception as error:
                proposals = error
            if groups and _same(groups[-1][1], proposals):
                groups[-1][0].append(sample)
            else:
                groups.append(([sample], proposals))
        return groups

    def _ask(self, image: Any, samples: list[Sample], proposals: Any) -> list[Grounding | Exception]:
        if isinstance(proposals, Exception):
            return [proposals] * len(samples)
        texts = [sample.text for sample in samples]
        try:
            found = self.system.segment_many(image, texts, proposals=proposals, answer=self.order.answer)  # type: ignore[arg-type]
            if len(found) != len(texts):
                raise ValueError(f"{self.system.name} gave {len(found)} groundings for {len(texts)} phrases")
            return list(found)
        except Exception as error:
            _raise_if_hopeless(error)
            if len(samples) == 1:
                return [error]
        # One of the phrases is to blame; the others must not pay for it.
        return [each for sample in samples for each in self._ask(image, [sample], proposals)]


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """``count`` torch threads within the block (``None``: as they are), so that rows do not depend on the machine's cores."""
    if count is None:
        yield
        return
    from iterprime_xai.training.process import torch_threads

    with torch_threads(count):
        yield


def _same(one: Any, other: Any) -> bool:
    if not isinstance(one, Proposals) or not isinstance(other, Proposals):
        return False
    return one.masks.shape == other.masks.shape and all(map(np.array_equal, one.masks, other.masks))


def _unread(asked: Asked, name: str, error: Exception, answer: str) -> dict[str, Any]:
    """The row of a sample whose picture or truth cannot be read."""
    row = {"sample_id": name, "image_id": asked.entry.image_id, "answer": answer, "tags": {}}
    return row | error_values(error) | missed(row, True)


def _raise_if_hopeless(error: BaseException, packages: bool = True) -> None:
    """Raise again what would fail for every sample: a full disk, a model or package that is not there."""
    if packages and isinstance(error, ModelLoadError | MissingExtraError):
        raise error
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _FULL:
            raise error
        cause = cause.__cause__ or cause.__context__
