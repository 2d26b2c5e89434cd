"""The same work on many pictures, in one process or several, with the same results in the same order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, TypeVar

from iterprime_xai.records.errors import IterprimeError, OptionError

Task = TypeVar("Task")
Result = TypeVar("Result")

AHEAD = 4
"""Tasks a worker that wait for it: enough to keep it busy, few enough that pictures do not pile up."""

_state: list[Any] = []
"""What a worker process prepared when it started."""


class Crew:
    """Processes that prepared the same things, to be used in a ``with`` block.

    ``prepare`` runs once in each of ``workers`` processes: it loads what the work needs, and should set torch to one thread,
    so that results do not depend on the number of workers. With one worker all happens in this process. With more, processes are
    spawned: what is given must be picklable, and a script must guard its main part with ``if __name__ == "__main__"``. Raises
    ``OptionError`` for fewer than one worker.
    """

    def __init__(self, prepare: Callable[[], Any], workers: int = 1) -> None:
        if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
            raise OptionError(f"workers must be a whole number of at least 1, but got {workers!r}.")
        self._prepare = prepare
        self._workers = workers
        self._own: list[Any] = []
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Crew:
        if self._workers == 1:
            self._own = [self._prepare()]
        else:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, spawn, _start, (self._prepare,))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        self._own = []

    def each(self, work: Callable[[Any, Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """``work(prepared, task)`` for every task, in the order of the tasks; an exception of the work comes up here.

        Raises ``IterprimeError`` where a process could not prepare or was ended from outside (memory, mostly).
        """
        if self._pool is None:
            for task in tasks:
                yield work(self._own[0], task)
            return
        waiting: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                waiting.append(self._pool.submit(_do, work, task))
                if len(waiting) > AHEAD * self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise IterprimeError(
                f"One of {self._workers} worker processes ended before its work was done: it could not start, or memory ran out. "
                "Use one worker to see why."
            ) from error
        finally:
            for future in waiting:
                future.cancel()


def _start(prepare: Callable[[], Any]) -> None:
    _state.append(prepare())


def _do(work: Callable[[Any, Any], Any], task: Any) -> Any:
    return work(_state[0], task)
