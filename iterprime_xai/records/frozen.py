"""Arrays that a record holds cannot be written: what was found stays what was found."""

from __future__ import annotations

from typing import Any

import numpy as np


def read_only(values: np.ndarray) -> np.ndarray:
    """The array itself where it is read-only, else a read-only copy: the caller's own array stays writable and apart.

    Whoever makes a large array for a record calls ``setflags(write=False)`` on it and saves the copy.
    """
    if not values.flags.writeable:
        return values
    values = values.copy()
    values.setflags(write=False)
    return values


def freeze(record: Any, *names: str) -> None:
    """Make the arrays under these names read-only in a frozen dataclass; for its ``__post_init__``. ``None`` stays."""
    for name in names:
        values = getattr(record, name)
        if isinstance(values, np.ndarray):
            object.__setattr__(record, name, read_only(values))
