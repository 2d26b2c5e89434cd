"""Data sets by name: "scenes:testA", "refcoco:val", "folder:PATH"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from iterprime_xai.data.dataset import DataSet
from iterprime_xai.data.names import nearest
from iterprime_xai.records import OptionError

Text = Literal["sent", "raw"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a data set is opened with: the words of the name, and the options."""

    name: str
    head: str
    rest: str
    root: Path | None
    images: Path | None
    text: Text
    seed: int
    count: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of data set: ``form`` is how its name is written, ``what`` says what it is."""

    form: str
    what: str
    open: Callable[[Asked], DataSet]


def open_data(
    spec: str,
    *,
    root: str | Path | None = None,
    images: str | Path | None = None,
    text: Text = "sent",
    seed: int = 0,
    count: int | None = None,
) -> DataSet:
    """Open a data set by its name; nothing but its list is read.

    Args:
        spec: a name such as "scenes:testA", "refcoco@google:val" or "folder:PATH"; :func:`data_names` lists them.
        root: the folder that holds the data set's folder.
        images: folder of the images, where it is not the usual one in ``root``.
        text: "sent" (cleaned, the usual one) or "raw" (as typed), where a data set has both.
        seed: of the scenes.
        count: how many expressions of the scenes, which have no end (2000 where it is ``None``).

    Raises ``OptionError`` for a name, split or option that does not exist, with the nearest right one, and ``StorageError``
    for files that are missing or broken.
    """
    head, colon, rest = spec.partition(":")
    if head not in SOURCES:
        known = ", ".join(SOURCES)
        raise OptionError(
            f"Expected a data set such as scenes:val, but got {spec!r}{nearest(head, SOURCES)} Known: {known}."
        )
    source = SOURCES[head]
    if not colon or not rest:
        raise OptionError(f"Expected {source.form}, but got {spec!r}.")
    return source.open(Asked(spec, head, rest, _path(root), _path(images), text, seed, count))


def data_names() -> tuple[str, ...]:
    """How the name of every kind of data set is written, such as "scenes:SPLIT"."""
    return tuple(source.form for source in SOURCES.values())


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


def _scenes(asked: Asked) -> DataSet:
    from iterprime_xai.data.scene_set import COUNT, SceneSet

    return SceneSet(asked.rest, COUNT if asked.count is None else asked.count, asked.seed)


SOURCES: dict[str, Source] = {
    "scenes": Source("scenes:SPLIT", "generated scenes; needs no files", _scenes),
}
"""Every kind of data set, by the word before the colon."""
