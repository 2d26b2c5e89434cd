"""Everything in this process, one picture after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from iterprime_xai.evaluation.runs.backends import Seen
from iterprime_xai.evaluation.runs.order import Order
from iterprime_xai.evaluation.runs.parts import Part
from iterprime_xai.evaluation.runs.shards import Shard
from iterprime_xai.evaluation.runs.work import Worker


class Local:
    """One worker in this process."""

    def __init__(self, order: Order, workers: int | None = None) -> None:
        self._order = order
        self._worker: Worker | None = None

    def __enter__(self) -> Local:
        self._worker = Worker(self._order)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker = None

    def describe(self) -> dict[str, Any]:
        assert self._worker is not None
        return self._worker.describe()

    def parts(self, shards: Sequence[Shard], key: str, seen: Seen) -> Iterator[Part]:
        assert self._worker is not None
        for shard in shards:
            yield self._worker.part(shard, key, seen)
