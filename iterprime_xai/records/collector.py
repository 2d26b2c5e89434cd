"""The garbage collector at rest while much is made that all stays: it takes a fifth to half of that time and finds nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector off in the block, and let what was made in it count as old."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # else the caller keeps objects frozen, which must stay so
            gc.freeze()
            gc.unfreeze()  # together: everything to the oldest generation, without looking at it
        gc.enable()
