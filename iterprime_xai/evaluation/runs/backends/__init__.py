"""Who works off the shards: this process, several, or a Ray cluster; all with the same function, so that the rows are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol

from iterprime_xai.evaluation.runs.order import Order
from iterprime_xai.evaluation.runs.parts import Part
from iterprime_xai.evaluation.runs.shards import Shard
from iterprime_xai.records import OptionError

Seen = Callable[[int], object]
"""Told how many more samples are done."""

_WHERE = {
    "local": ("local", "Local"),
    "processes": ("processes", "Processes"),
    "ray": ("ray_actors", "RayActors"),
}
BACKENDS = tuple(_WHERE)


class Backend(Protocol):
    """Workers that loaded one order; used in a ``with`` block."""

    def __enter__(self) -> Backend: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def describe(self) -> dict[str, Any]:
        """What a worker says of its system and proposer."""
        ...

    def parts(self, shards: Sequence[Shard], key: str, seen: Seen) -> Iterator[Part]:
        """The part of every shard, as they get done; an error that ends the run is raised here."""
        ...


def make_backend(name: str, order: Order, workers: int | None) -> Backend:
    """The backend of this name. Raises ``OptionError`` for an unknown one or a number of workers that makes no sense."""
    if name not in _WHERE:
        near = get_close_matches(str(name), BACKENDS, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise OptionError(f"backend must be one of {', '.join(BACKENDS)}, but got {name!r}.{hint}")
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise OptionError(f"workers must be a whole number of at least 1, but got {workers!r}.")
    if name == "local" and workers not in (None, 1):
        raise OptionError(f"Backend local is one worker, but {workers} were asked for; use --backend processes or ray.")
    module, kind = _WHERE[name]
    made: Backend = getattr(import_module(f"{__name__}.{module}"), kind)(order, workers)
    return made
