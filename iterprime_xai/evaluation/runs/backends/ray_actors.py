"""A Ray cluster: one actor a worker; an actor that is lost, with its machine or not, is replaced and its shard done again."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from iterprime_xai.evaluation.runs.backends import Seen
from iterprime_xai.evaluation.runs.order import Order
from iterprime_xai.evaluation.runs.parts import Part
from iterprime_xai.evaluation.runs.shards import Shard
from iterprime_xai.records import IterprimeError, MissingExtraError, OptionError

DEATHS = 3
"""A shard in which as many actors were lost one after the other ends the run."""


class RayActors:
    """Actors on the cluster that Ray is connected to (``RAY_ADDRESS``), or on this machine where it is to none.

    Parts come back to this process, which alone writes: the machines need no shared folder for the run. What is to be done is
    kept here and on the disk, not by Ray.
    """

    def __init__(self, order: Order, workers: int | None = None) -> None:
        try:
            import ray
        except ImportError as error:
            raise MissingExtraError('Backend ray needs the package ray: pip install "iterprime-xai[ray]".') from error
        self._ray = ray
        self._order = order
        self._workers = workers
        self._started = False
        self._actors: list[Any] = []
        self._idle: deque[Any] = deque()

    def __enter__(self) -> RayActors:
        import os

        ray = self._ray
        if not ray.is_initialized():
            address = os.environ.get("RAY_ADDRESS")
            alone: dict[str, Any] = {} if address else {"num_cpus": self._workers, "include_dashboard": False}
            try:
                ray.init(address=address, log_to_driver=False, logging_level="ERROR", **alone)
            except (
                Exception
            ) as error:  # Ray raises plain ones: no cluster at the address, or a machine too busy to start one
                ray.shutdown()
                where = f"the cluster at {address}" if address else "a cluster on this machine"
                raise IterprimeError(
                    f"Ray could not reach or start {where}: {error} Free some cores or correct RAY_ADDRESS, or use "
                    "--backend processes."
                ) from error
            self._started = True
        try:
            self._sent = ray.put(pickle.dumps(self._order))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            self.__exit__(None, None, None)
            raise OptionError(
                f"Other machines cannot be given these objects ({error}); name system and data set, or use --backend local."
            ) from error
        # An actor takes one core; a GPU where the cluster has any, since a model would otherwise share one with all others.
        resources = ray.cluster_resources()
        gpus = 1 if resources.get("GPU", 0) else 0
        room = int(resources["GPU"] if gpus else resources.get("CPU", 1))
        self._workers = self._workers or max(1, room)
        if self._workers > room:
            asked = self._workers
            self.__exit__(None, None, None)
            raise OptionError(
                f"{asked} workers were asked for, but the cluster has room for {room} {'GPUs' if gpus else 'CPUs'}; ask for fewer."
            )
        self._kind = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)(_Actor)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors.clear()
        self._idle.clear()
        if self._started:
            self._ray.shutdown()
            self._started = False

    def describe(self) -> dict[str, Any]:
        actor = self._start()
        try:
            described: dict[str, Any] = self._ray.get(actor.describe.remote())
        except self._ray.exceptions.RayTaskError as error:
            raise _cause(error) from error
        except self._ray.exceptions.RayActorError as error:
            raise IterprimeError(
                f"A Ray worker ended while it started: {error}. Use --backend local to see why."
            ) from error
        self._idle.append(actor)
        return described

    def parts(self, shards: Sequence[Shard], key: str, seen: Seen) -> Iterator[Part]:
        ray, waiting = self._ray, deque(shards)
        busy: dict[Any, tuple[Any, Shard]] = {}
        deaths: dict[int, int] = {}
        assert self._workers is not None
        while waiting or busy:
            while waiting and len(busy) < self._workers:
                actor = self._idle.popleft() if self._idle else self._start()
                shard = waiting.popleft()
                busy[actor.part.remote(shard, key)] = (actor, shard)
            done, _ = ray.wait(list(busy), num_returns=1)
            for reference in done:
                actor, shard = busy.pop(reference)
                try:
                    part: Part = ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    raise _cause(error) from error
                except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError) as error:
                    self._actors.remove(actor)
                    deaths[shard.number] = deaths.get(shard.number, 0) + 1
                    if deaths[shard.number] == DEATHS:
                        raise IterprimeError(
                            f"{DEATHS} Ray workers were lost one after the other in shard {shard.number}: memory ran out, or its "
                            f"pictures end them ({error}). What is done is kept; use fewer --workers, or --backend local."
                        ) from error
                    waiting.appendleft(shard)
                    continue
                self._idle.append(actor)
                seen(part.rows)
                yield part

    def _start(self) -> Any:
        actor = self._kind.remote(self._sent)
        self._actors.append(actor)
        return actor


class _Actor:
    """A worker, loaded once."""

    def __init__(self, order: bytes) -> None:
        from iterprime_xai.evaluation.runs.work import Worker

        self._worker: Any = None
        self._order, self._make = order, Worker

    def describe(self) -> dict[str, Any]:
        return self._ready().describe()

    def part(self, shard: Shard, key: str) -> Part:
        return self._ready().part(shard, key)

    def _ready(self) -> Any:
        """Loaded on first use, so that what goes wrong is the call's error and not the actor's death."""
        if self._worker is None:
            self._worker = self._make(pickle.loads(self._order))
        return self._worker


def _cause(error: Any) -> Exception:
    """The error that the worker met."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, IterprimeError) else IterprimeError(str(cause or error))
