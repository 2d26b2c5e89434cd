"""What a run asks of its process: how many threads, and to be told of a stop instead of dying of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """So many threads inside torch's operations while the block runs; the caller's number is put back."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def asked_to_stop() -> Iterator[list[int]]:
    """A list that Ctrl-C and SIGTERM fill while the block runs; the handlers before are put back."""
    stop: list[int] = []
    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            before[number] = signal.signal(number, lambda signum, frame: stop.append(signum))
        except ValueError:
            # Not the main thread (a notebook's worker, say): there the caller handles signals.
            break
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
