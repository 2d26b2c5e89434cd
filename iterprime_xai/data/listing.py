"""Samples put together by picture, with every id only once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.records import StorageError


def by_picture(pairs: Iterable[tuple[str, str]], name: str) -> tuple[PictureEntry, ...]:
    """Entries from (image id, sample id), pictures and samples in the order in which they first come.

    Raises ``StorageError`` where two samples of the data set called ``name`` have the same id, or where there are none.
    """
    groups: dict[str, list[str]] = {}
    seen: set[str] = set()
    for image_id, sample_id in pairs:
        if sample_id in seen:
            raise StorageError(f"{name} has two samples with the id {sample_id!r}; every id may come once only.")
        seen.add(sample_id)
        groups.setdefault(image_id, []).append(sample_id)
    if not groups:
        raise StorageError(f"{name} holds no expressions.")
    return tuple(PictureEntry(image_id, tuple(ids)) for image_id, ids in groups.items())


def digest(*parts: bytes | str) -> str:
    """The first 16 hex digits of a SHA-256 over the parts, for telling versions of a data set apart."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)
        whole.update(b"\0")
    return whole.hexdigest()[:16]
