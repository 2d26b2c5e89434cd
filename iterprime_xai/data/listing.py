"""Samples put together by picture, with every id only once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.records import Sample, StorageError


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


def asked_for(entry: PictureEntry, samples: Iterable[Sample], name: str) -> list[Sample]:
    """The samples of an entry's ids, in their order: an entry may be cut down to some of its picture's samples.

    Raises ``StorageError`` for an id that is not among the samples.
    """
    found = {sample.id: sample for sample in samples}
    strange = next((each for each in entry.sample_ids if each not in found), None)
    if strange is not None:
        raise StorageError(f"{name} has no sample {strange!r} of picture {entry.image_id!r}.")
    return [found[each] for each in entry.sample_ids]


def digest(*parts: bytes | str) -> str:
    """The first 16 hex digits of a SHA-256 over the parts, for telling versions of a data set apart."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)
        whole.update(b"\0")
    return whole.hexdigest()[:16]
