"""Which phrases of a failure table to show first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")

NO_FAILURE = ("right", "unlabelled", "error")
"""Types whose phrases have nothing to look at that went wrong."""


def worst_first(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The failures among a table's rows (with ``type`` and ``iou``), the lowest IoU first, else in their order."""
    return sorted((row for row in rows if row["type"] not in NO_FAILURE), key=lambda row: row["iou"] or 0.0)


def pictures_once(items: Sequence[Item], picture: Callable[[Item], Hashable]) -> list[Item]:
    """The same items, those that are the first of their picture in front of all others; both in their order."""
    seen: set[Hashable] = set()
    first: list[Item] = []
    later: list[Item] = []
    for item in items:
        (later if picture(item) in seen else first).append(item)
        seen.add(picture(item))
    return [*first, *later]
