"""Asking a matcher many things in batches that fit into memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from iterprime_xai.models.matcher import Answering, Ask, Match

Given = TypeVar("Given")
Found = TypeVar("Found")

TEXTS = 64
"""Texts in a batch to begin with: beyond it nothing gets faster, on CPU or GPU, while the graph grows with every text."""

MEMORY_RAN_OUT = ("out of memory", "can't allocate memory", "not enough memory")
"""What PyTorch says: CUDA's libraries and MPS, the CPU on Linux and macOS, the CPU on Windows."""


class Batches:
    """Cuts work into batches, halves them for good when memory runs out, and says so once each time."""

    def __init__(self, matcher: Answering, most: int = TEXTS) -> None:
        self.matcher = matcher
        self.most = most

    def match_all(self, asks: Sequence[Ask], *, layers: tuple[int, ...] = ()) -> list[Match]:
        """:meth:`Answering.match_all`, in batches of at most ``most`` asks."""
        return self._cut(asks, lambda some: self.matcher.match_all(some, layers=layers))

    def _cut(self, given: Sequence[Given], work: Callable[[Sequence[Given]], list[Found]]) -> list[Found]:
        found: list[Found] = []
        while len(found) < len(given):
            some = given[len(found) : len(found) + self.most]
            try:
                found += work(some)
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if len(some) == 1 or not ran_out_of_memory(error):
                    raise
                self.most = len(some) // 2
                warnings.warn(
                    f"{len(some)} texts at once do not fit into memory; going on with {self.most}.", stacklevel=3
                )
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
        return found


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether this error means that memory ran out; on the CPU PyTorch has no error class of its own for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error) for words in MEMORY_RAN_OUT)
