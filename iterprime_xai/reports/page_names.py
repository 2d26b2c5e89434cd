"""File names for many pages in one folder: readable, allowed on every system, and no two the same."""

from __future__ import annotations

from collections.abc import Iterable

from iterprime_xai.records.file_names import slug

INDEX = "index.html"
"""The page that lists the others."""

_LONGEST = 80


def page_names(values: Iterable[str]) -> dict[str, str]:
    """The file name of each value's page, in lower case; values that look alike get numbers, in their order."""
    found: dict[str, str] = {}
    taken = {INDEX}
    for value in values:
        stem = slug(value, _LONGEST) or "none"
        name, number = f"{stem}.html", 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}.html"
        taken.add(name)
        found[value] = name
    return found
