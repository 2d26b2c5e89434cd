"""Imports of large libraries without the garbage collector, which takes a fifth of their time and finds nothing."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing(module: str) -> Iterator[None]:
    """Keep the garbage collector off while ``module`` is imported in the block, and let what was made in it count as old.

    Nothing is done where ``module`` is loaded already: what a user has made since must stay young, or it is never collected.
    """
    if module in sys.modules or not gc.isenabled():
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
