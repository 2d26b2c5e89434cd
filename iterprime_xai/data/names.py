"""The nearest right name, for messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """``" (did you mean 'testA'?)"``, or nothing where no known name is like this one. Case does not matter."""
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), by_lower, 1, 0.4)
    return f" (did you mean {by_lower[near[0]]!r}?)" if near else ""
