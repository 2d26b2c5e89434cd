"""Data sets by name: "scenes:testA", "refcoco:val", "folder:PATH"."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
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
    """One kind of data set: ``form`` is how its name is written, ``what`` says what it is; ``has_raw``: text as typed, too."""

    form: str
    what: str
    open: Callable[[Asked], DataSet]
    has_raw: bool = False


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
    kind, at, _ = head.partition("@")
    if kind not in SOURCES or (at and SOURCES[kind].open is not _refer):
        hint = _for_path(spec) or nearest(kind, SOURCES)
        raise OptionError(
            f"Expected a data set such as scenes:val or refcoco:testA, but got {spec!r}{hint}. Known are {', '.join(data_names())}."
        )
    source = SOURCES[kind]
    if not colon or not rest:
        raise OptionError(f"Expected {source.form}, but got {spec!r}.")
    if count is not None and kind != "scenes":
        raise OptionError(f"count= is for scenes, which have no end; {spec} has as many expressions as its files hold.")
    if text != "sent" and not source.has_raw:
        raise OptionError(f"text must be 'sent' for {spec}, which has one wording only, but got {text!r}.")
    return source.open(Asked(spec, head, rest, _path(root), _path(images), text, seed, count))


def _for_path(spec: str) -> str:
    """How a file or folder that is there is named as a data set."""
    path = Path(spec)
    with suppress(OSError, ValueError):  # a name may be no path at all
        kind = "folder" if path.is_dir() else {".csv": "csv", ".jsonl": "jsonl"}.get(path.suffix.lower(), "")
        if kind and path.exists():
            return f", which is a {'folder' if kind == 'folder' else 'file'}: write {kind}:{spec}"
    return ""


def data_names() -> tuple[str, ...]:
    """How the name of every kind of data set is written, such as "scenes:SPLIT"."""
    return tuple(source.form for source in SOURCES.values())


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


def _scenes(asked: Asked) -> DataSet:
    from iterprime_xai.data.scene_set import COUNT, SceneSet

    return SceneSet(asked.rest, COUNT if asked.count is None else asked.count, asked.seed)


def _refer(asked: Asked) -> DataSet:
    """ "refcoco:val", "refcoco@google:val": the data set's folder lies in ``root``."""
    dataset, _, split_by = asked.head.partition("@")
    return _refer_set(asked, _root(asked), dataset, split_by, asked.rest)


def _any_refer(asked: Asked) -> DataSet:
    """ "refer:DIR/NAME@SPLITBY:SPLIT": any data set in the REFER layout, at a path."""
    where, colon, split = asked.rest.rpartition(":")
    path, at, split_by = where.rpartition("@")
    if not colon or not at or not split or not Path(path).name:
        raise OptionError(
            f"Expected {SOURCES['refer'].form}, such as refer:out/scenes@iterprime:val, but got {asked.name!r}."
        )
    folder = Path(path) if asked.root is None else asked.root / path
    return _refer_set(asked, folder.parent, folder.name, split_by, split)


def _refer_set(asked: Asked, root: Path, dataset: str, split_by: str, split: str) -> DataSet:
    from iterprime_xai.data.refer_set import DEFAULT_SPLIT_BY, ReferSet

    by = split_by or DEFAULT_SPLIT_BY[dataset]
    return ReferSet(root, dataset, by, split, text=asked.text, images=asked.images, name=asked.name)


def _phrasecut(asked: Asked) -> DataSet:
    from iterprime_xai.data.phrasecut import PhraseCutSet

    return PhraseCutSet(_root(asked), asked.rest, images=asked.images, name=asked.name)


def _hub(asked: Asked) -> DataSet:
    from iterprime_xai.data.mirrors import open_mirror

    mirror, colon, split = asked.rest.rpartition(":")
    if mirror not in _MIRRORS or not colon:
        raise OptionError(
            f"Expected {SOURCES['hub'].form} with one of {', '.join(_MIRRORS)}, but got {asked.name!r}"
            f"{nearest(mirror or split, _MIRRORS)}."
        )
    return open_mirror(mirror, _root(asked), split, text=asked.text, images=asked.images, name=asked.name)


def _folder(asked: Asked) -> DataSet:
    from iterprime_xai.data.own_pictures import OwnPictures, rows_of_folder

    folder = _under(asked)
    return OwnPictures(asked.name, rows_of_folder(folder), asked.images or folder)


def _table(asked: Asked) -> DataSet:
    from iterprime_xai.data.own_pictures import OwnPictures
    from iterprime_xai.data.phrase_tables import read_table

    path = _under(asked)
    return OwnPictures(asked.name, read_table(path, asked.head), asked.images or path.parent)


def _under(asked: Asked) -> Path:
    return Path(asked.rest) if asked.root is None else asked.root / asked.rest


def _root(asked: Asked) -> Path:
    if asked.root is None:
        raise OptionError(
            f"{asked.name} needs root=, the folder that holds the data set (docs/data.md shows its tree)."
        )
    return asked.root


_MIRRORS = ("lmms-lab/RefCOCO", "jxu124/refcoco", "moondream/refcoco-m")

SOURCES: dict[str, Source] = {
    "scenes": Source("scenes:SPLIT", "generated scenes; need no files", _scenes),
    "refcoco": Source("refcoco[@unc|@google]:SPLIT", "RefCOCO", _refer, True),
    "refcoco+": Source("refcoco+[@unc]:SPLIT", "RefCOCO+", _refer, True),
    "refcocog": Source("refcocog[@umd|@google]:SPLIT", "RefCOCOg", _refer, True),
    "refclef": Source("refclef[@unc|@berkeley]:SPLIT", "RefClef (ReferItGame)", _refer, True),
    "grefcoco": Source("grefcoco[@unc]:SPLIT", "gRefCOCO: several targets, or none", _refer, True),
    "refer": Source("refer:DIR/NAME@SPLITBY:SPLIT", "any data set in the REFER layout", _any_refer, True),
    "phrasecut": Source("phrasecut:SPLIT", "PhraseCut; val_miniv is the whole validation set", _phrasecut),
    "hub": Source("hub:OWNER/NAME:SPLIT", f"a mirror's Parquet files: {', '.join(_MIRRORS)}", _hub, True),
    "folder": Source(
        "folder:PATH", "a folder of pictures with phrases.csv, phrases.jsonl or a .txt for each picture", _folder
    ),
    "csv": Source("csv:PATH", "a table with the columns image, phrase[, mask][, id][, any tag]", _table),
    "jsonl": Source("jsonl:PATH", "one JSON object a line: image, phrase[, mask][, id][, any tag]", _table),
}
"""Every kind of data set, by the word before the colon (and before an @)."""
