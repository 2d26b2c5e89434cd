"""What a data set must offer so that it can be evaluated: a list of pictures, and the samples of each, loaded when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from iterprime_xai.records import Sample


@dataclass(frozen=True, slots=True)
class PictureEntry:
    """One picture of a data set and the ids of its samples, in order; nothing of it is loaded yet.

    ``image_id`` is unique in the data set, and so is every sample id.
    """

    image_id: str
    sample_ids: tuple[str, ...]


class DataSet(Protocol):
    """Pictures with referring expressions; opened by `iterprime_xai.data.sources.open_data`.

    Listing is cheap and always in the same order; a picture and its masks are loaded by :meth:`samples_of` alone, in any order and
    from any process, so that a run can be cut into shards and taken up again.
    """

    name: str
    """As it was asked for, such as "refcoco:val"."""

    def describe(self) -> dict[str, object]:
        """JSON values that decide what the samples are: data set, split, options, seed. They are part of a run's key."""
        ...

    def pictures(self) -> Sequence[PictureEntry]:
        """Every picture with its samples' ids, in the order of the data set."""
        ...

    def samples_of(self, entry: PictureEntry) -> list[Sample]:
        """The samples of one picture, in the order of the entry's ids; all share one ``image``.

        An entry with fewer ids than the picture has samples, as a limit leaves it, gives those.
        Raises ``StorageError`` or ``ImageInputError`` for what is missing or broken.
        """
        ...
