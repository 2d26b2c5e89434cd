"""One process a worker on this machine, each with its own system; a process that dies is replaced and its shard done again."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from time import monotonic
from types import TracebackType
from typing import Any, cast

from iterprime_xai.evaluation.runs.backends import Seen
from iterprime_xai.evaluation.runs.order import Order
from iterprime_xai.evaluation.runs.parts import Part
from iterprime_xai.evaluation.runs.shards import Shard
from iterprime_xai.records import IterprimeError, OptionError

DEATHS = 3
"""A shard in which as many processes died one after the other ends the run: it is the shard's or the memory's fault."""

GRACE = 5.0
"""Seconds that processes have to end by themselves, after the picture that they are at, when a run ends or is interrupted."""


class Processes:
    """Spawned processes, each on a pipe of its own. They end with this process, however it ends."""

    def __init__(self, order: Order, workers: int | None = None) -> None:
        self._workers = workers or max(1, (os.cpu_count() or 1))
        try:
            self._order = pickle.dumps(order)
        except Exception as error:
            raise OptionError(
                f"Other processes cannot be given these objects ({error}); name system and data set, or use --backend local."
            ) from error
        self._context = multiprocessing.get_context("spawn")
        self._running: dict[Connection, multiprocessing.process.BaseProcess] = {}
        self._idle: deque[Connection] = deque()

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._running:
            pipe.close()  # whoever is idle, or done with a picture, sees it and ends by itself
        until = monotonic() + GRACE
        for process in self._running.values():
            process.join(max(0.0, until - monotonic()))
            if process.is_alive():
                process.terminate()  # parts are written by this process alone: nothing can be cut short
                process.join()
        self._running.clear()
        self._idle.clear()

    def describe(self) -> dict[str, Any]:
        pipe = self._start()
        try:
            pipe.send(("describe",))
            kind, described = pipe.recv()
        except (EOFError, OSError) as error:
            raise IterprimeError("A worker process ended while it started; use --backend local to see why.") from error
        if kind == "error":
            raise described
        self._idle.append(pipe)
        found: dict[str, Any] = described
        return found

    def parts(self, shards: Sequence[Shard], key: str, seen: Seen) -> Iterator[Part]:
        waiting = deque(shards)
        busy: dict[Connection, tuple[Shard, int]] = {}
        deaths: dict[int, int] = {}
        while waiting or busy:
            while waiting and len(busy) < self._workers:
                pipe = self._idle.popleft() if self._idle else self._start()
                busy[pipe] = (waiting.popleft(), 0)
                with suppress(OSError):  # it has died: the pipe is at its end, which is seen below
                    pipe.send(("part", busy[pipe][0], key))
            for ready in wait(list(busy)):
                pipe = cast(Connection, ready)
                shard, told = busy[pipe]
                try:
                    kind, value = pipe.recv()
                except (EOFError, OSError):
                    del busy[pipe]
                    self._running.pop(pipe).join()
                    seen(-told)
                    deaths[shard.number] = deaths.get(shard.number, 0) + 1
                    if deaths[shard.number] == DEATHS:
                        raise IterprimeError(
                            f"{DEATHS} worker processes ended one after the other in shard {shard.number}: memory ran out, or its "
                            "pictures end them. What is done is kept; use fewer --workers, or --backend local to see why."
                        ) from None
                    waiting.appendleft(shard)
                    continue
                if kind == "error":  # out here: many of these are an OSError too
                    raise value
                if kind == "seen":
                    busy[pipe] = (shard, told + value)
                    seen(value)
                else:
                    del busy[pipe]
                    self._idle.append(pipe)
                    yield value

    def _start(self) -> Connection:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._order), daemon=True)
        process.start()
        theirs.close()  # so that the pipe ends when the process does
        self._running[ours] = process
        return ours

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [process.pid for process in self._running.values() if process.pid]


def _work(pipe: Connection, order: bytes) -> None:
    """A worker's life: load, then one shard after the other until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's matter
    from iterprime_xai.evaluation.runs.work import Worker

    try:
        worker: Worker | None = None
        while True:
            asked = pipe.recv()
            try:
                worker = worker or Worker(pickle.loads(order))
                if asked[0] == "describe":
                    pipe.send(("described", worker.describe()))
                else:
                    _, shard, key = asked
                    pipe.send(("part", worker.part(shard, key, lambda count: pipe.send(("seen", count)))))
            except (BrokenPipeError, ConnectionError):
                raise
            except Exception as error:
                pipe.send(("error", _portable(error)))
    except (EOFError, OSError):  # the run is over
        pipe.close()
    # What is registered for the end is done; taking a loaded model apart object by object takes seconds and is left undone.
    atexit._run_exitfuncs()
    os._exit(0)


def _portable(error: Exception) -> Exception:
    """The error itself where it survives the way to another process, else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return IterprimeError(f"{type(error).__name__}: {error}")
    return error
