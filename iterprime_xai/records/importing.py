"""Imports of large libraries without the garbage collector."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from iterprime_xai.records.collector import collector_paused


@contextmanager
def importing(module: str) -> Iterator[None]:
    """Keep the garbage collector off while ``module`` is imported in the block, and let what was made in it count as old.

    Nothing is done where ``module`` is loaded already: what a user has made since must stay young, or it is never collected.
    """
    if module in sys.modules:
        yield
        return
    with collector_paused():
        yield
