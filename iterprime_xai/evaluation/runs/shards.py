"""How a data set is cut into shards: whole pictures, always in the same way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.records import OptionError

_PARTS, _SMALLEST, _LARGEST = 400, 16, 256


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture and how many of its samples are asked for: the first ``count``."""

    entry: PictureEntry
    count: int

    @property
    def sample_ids(self) -> tuple[str, ...]:
        return self.entry.sample_ids[: self.count]


@dataclass(frozen=True, slots=True)
class Shard:
    """Pictures that are worked off together and make one part file; ``first`` is the place of their first sample."""

    number: int
    first: int
    pictures: tuple[Asked, ...]

    @property
    def samples(self) -> int:
        return sum(each.count for each in self.pictures)


def asked_pictures(pictures: Sequence[PictureEntry], limit: int | None = None) -> list[Asked]:
    """The pictures that hold the first ``limit`` samples (all for ``None``); pictures without samples are left out.

    Raises ``OptionError`` for a limit below 1, for ids that are not unique, and where nothing is left.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise OptionError(f"limit must be a whole number of at least 1, or left out for everything, but got {limit!r}.")
    left, found = limit, []
    for entry in pictures:
        count = len(entry.sample_ids) if left is None else min(left, len(entry.sample_ids))
        if left is not None:
            left -= count
        if count:
            found.append(Asked(entry, count))
        if left == 0:
            break
    if not found:
        raise OptionError("The data set has no sample to evaluate; `iterprime-xai data check` says what is there.")
    _check_unique("picture", [each.entry.image_id for each in found])
    _check_unique("sample", [name for each in found for name in each.sample_ids])
    return found


def _check_unique(what: str, ids: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise OptionError(f"The id of every {what} must be unique in a data set, but {name!r} comes twice.")
        seen.add(name)


def usual_size(samples: int) -> int:
    """Samples a shard: so few that little is lost with one, so many that there are some 400 parts, but at most 256."""
    return max(_SMALLEST, min(_LARGEST, -(-samples // _PARTS)))


def cut(asked: Sequence[Asked], size: int) -> Iterator[Shard]:
    """Shards of whole pictures, each closed as soon as it holds ``size`` samples."""
    number = first = held = 0
    pictures: list[Asked] = []
    for each in asked:
        pictures.append(each)
        held += each.count
        if held >= size:
            yield Shard(number, first, tuple(pictures))
            number, first, held, pictures = number + 1, first + held, 0, []
    if pictures:
        yield Shard(number, first, tuple(pictures))


def digest(asked: Sequence[Asked]) -> str:
    """Hash of every picture and sample id in order: two lists of one digest are one list."""
    found = hashlib.sha256()
    for each in asked:
        found.update(json.dumps([each.entry.image_id, *each.sample_ids]).encode("utf-8") + b"\n")
    return found.hexdigest()
