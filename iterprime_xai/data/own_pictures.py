"""People's own pictures with phrases: a folder, a CSV file or JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.data import rle
from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.data.listing import asked_for, by_picture, digest
from iterprime_xai.data.names import nearest
from iterprime_xai.data.phrase_tables import PhraseRow, read_table
from iterprime_xai.data.picture_files import check_inside, picture_file, upright_size
from iterprime_xai.records import Sample, StorageError

TABLES = (("phrases.csv", "csv"), ("phrases.jsonl", "jsonl"))
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic", ".heif"})


class OwnPictures:
    """Pictures in ``folder`` and what is said of each; a sample without a mask has ``mask`` ``None``.

    Masks are files (any format without loss; what is not black belongs to the thing), RLE, or polygons, as large as the
    upright picture. Sample ids are those given, or the picture's name with a number. ``others`` are the masks of the
    picture's other phrases, without equal ones.
    """

    def __init__(self, name: str, rows: Sequence[PhraseRow], folder: Path) -> None:
        self.name = name
        self._kind = name.partition(":")[0]
        self._folder = folder
        self._rows: dict[str, list[PhraseRow]] = {}
        for row in rows:
            self._rows.setdefault(row.image, []).append(row)
        _check_ids(rows)
        self._digest = digest(
            *(json.dumps([row.id, row.image, row.phrase, row.mask, row.tags], sort_keys=True) for row in rows)
        )

    def describe(self) -> dict[str, object]:
        return {"data": self._kind, "digest": self._digest}

    def pictures(self) -> Sequence[PictureEntry]:
        return self._entries

    def samples_of(self, entry: PictureEntry) -> list[Sample]:
        rows = self._rows.get(entry.image_id)
        if rows is None:
            raise StorageError(f"{self.name} has no picture {entry.image_id!r}.")
        path = picture_file(self._folder, entry.image_id)
        size = upright_size(path) if any(row.mask is not None for row in rows) else (0, 0)
        masks = [None if row.mask is None else read_mask(row.mask, size, self._folder, row.said_by) for row in rows]
        found = (self._sample(place, rows, masks, path) for place in range(len(rows)))
        return asked_for(entry, found, self.name)

    def _sample(self, place: int, rows: list[PhraseRow], masks: list[np.ndarray | None], path: Path) -> Sample:
        row, mask = rows[place], masks[place]
        others: list[int] = []
        for index, other in enumerate(masks):
            seen = [mask, *(masks[each] for each in others)]
            if other is not None and not any(each is not None and np.array_equal(each, other) for each in seen):
                others.append(index)
        tags = dict(row.tags)
        return Sample(
            id=_id_of(rows, place),
            image=path,
            text=row.phrase,
            mask=mask,
            others=tuple(masks[index] for index in others),  # type: ignore[misc]  # none of these is None
            other_categories=tuple(dict(rows[index].tags).get("category", "") for index in others),
            tags={"domain": "own"} | tags | {"image_id": row.image},
        )

    @cached_property
    def _entries(self) -> tuple[PictureEntry, ...]:
        pairs = ((image, _id_of(rows, place)) for image, rows in self._rows.items() for place in range(len(rows)))
        return by_picture(pairs, self.name)


def rows_of_folder(folder: Path) -> list[PhraseRow]:
    """What is said of the pictures in a folder: ``phrases.csv`` or ``phrases.jsonl``, else a ``.txt`` beside each picture.

    ``dog.txt`` holds the phrases about ``dog.jpg``, one a line; ``dog.mask.png``, where there is one, is the mask of the only
    phrase, ``dog.mask-2.png`` that of the second. Folders inside are read too. Pictures without a ``.txt`` are left out.

    Raises ``StorageError`` where nothing is found, or a file cannot be used.
    """
    if not folder.is_dir():
        names = [each.name for each in folder.parent.glob("*")] if folder.parent.is_dir() else []
        raise StorageError(f"There is no folder {folder}{nearest(folder.name, names)}.")
    tables = [(folder / name, kind) for name, kind in TABLES if (folder / name).is_file()]
    if len(tables) > 1:
        raise StorageError(f"{folder} holds both phrases.csv and phrases.jsonl; keep one.")
    if tables:
        return read_table(*tables[0])
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    found = [path for path in files if path.suffix.lower() in PICTURES and ".mask" not in path.stem]
    rows: list[PhraseRow] = []
    texts: dict[Path, Path] = {}
    for picture in found:
        text = picture.with_suffix(".txt")
        if text.is_file():
            if text in texts:
                raise StorageError(f"{text} belongs to {texts[text].name} and {picture.name}; rename one of them.")
            texts[text] = picture
            rows += _beside(picture, text, folder)
    if not rows:
        raise StorageError(
            f"{folder} holds {len(found)} pictures and no phrases: write phrases.csv with the columns image, phrase[, mask], "
            "or a .txt with one phrase a line beside each picture."
        )
    return rows


def _beside(picture: Path, text: Path, folder: Path) -> list[PhraseRow]:
    try:
        lines = text.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"Cannot read {text}: {error}. It should be UTF-8, one phrase a line.") from error
    phrases = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    rows = []
    for place, (number, phrase) in enumerate(phrases, 1):
        names = [f"{picture.stem}.mask-{place}.png"] + ([f"{picture.stem}.mask.png"] if len(phrases) == 1 else [])
        mask = next((name for name in names if (picture.parent / name).is_file()), None)
        said_by = f"{text.relative_to(folder).as_posix()}, line {number}"
        inside = None if mask is None else (picture.parent / mask).relative_to(folder).as_posix()
        rows.append(PhraseRow(picture.relative_to(folder).as_posix(), phrase, inside, None, (), said_by))
    return rows


def read_mask(mask: Any, size: tuple[int, int], folder: Path, said_by: str) -> np.ndarray:
    """A bool mask of ``size`` = (height, width) from the path of a picture in ``folder``, RLE, or polygons (values or JSON text).

    Polygons are [x0, y0, x1, y1, ...], [[x0, y0], [x1, y1], ...] or a list of the former.
    """
    try:
        if isinstance(mask, str) and mask.lstrip()[:1] in ("{", "["):
            mask = json.loads(mask)
        if isinstance(mask, str):
            return _mask_file(mask, size, folder, said_by)
        return rle.segmentation(_polygons(mask), size)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StorageError(f"The mask of {said_by} cannot be used: {error}.") from error


def _polygons(shape: Any) -> Any:
    if not isinstance(shape, list) or not shape:
        return shape
    if all(isinstance(each, (int, float)) for each in shape):
        return [shape]
    if all(isinstance(each, list) and len(each) == 2 for each in shape):
        return [[value for point in shape for value in point]]
    return shape


def _mask_file(name: str, size: tuple[int, int], folder: Path, said_by: str) -> np.ndarray:
    name = name.strip().replace("\\", "/")
    check_inside(name, said_by)
    path = folder / name
    if path.suffix.lower() in (".jpg", ".jpeg"):
        raise ValueError(f"{name} is a JPEG, which blurs its edge; save the mask as PNG")
    if not path.is_file():
        near = nearest(path.name, [each.name for each in path.parent.glob("*")])
        raise ValueError(f"there is no file {path}{near}")
    try:
        with Image.open(path) as image:
            values = np.asarray(image.convert("RGBA") if image.mode in ("P", "LA", "PA", "RGBA") else image)
    except Exception as error:  # a damaged file can fail anywhere
        raise ValueError(f"{name} cannot be read ({error})") from error
    if values.ndim == 3 and values.shape[2] == 4:
        values = values[..., :3] * (values[..., 3:] > 0)
    found = np.asarray(values.any(axis=2) if values.ndim == 3 else values != 0)
    if found.shape != size:
        raise ValueError(f"{name} is {found.shape[1]} x {found.shape[0]}, but the picture is {size[1]} x {size[0]}")
    return found


def _id_of(rows: Sequence[PhraseRow], place: int) -> str:
    row = rows[place]
    return row.id if row.id is not None else f"{row.image}-{place}"


def _check_ids(rows: Sequence[PhraseRow]) -> None:
    seen: dict[str, PhraseRow] = {}
    for row in rows:
        if row.id is not None and seen.setdefault(row.id, row) is not row:
            raise StorageError(f"The id {row.id!r} comes twice: {seen[row.id].said_by} and {row.said_by}.")
