"""Three mirrors of RefCOCO on the hub, read from a local copy of their files, with what sets each apart from RefCOCO itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from iterprime_xai.data import rle
from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.data.listing import asked_for, by_picture, digest
from iterprime_xai.data.picture_files import check_inside, folder_of, picture_file
from iterprime_xai.data.row_tables import RowTable
from iterprime_xai.records import OptionError, Sample, StorageError


@dataclass(frozen=True, slots=True)
class _Thing:
    """One thing of a mirror's row: what is said of it, and what its mask is made from."""

    row: int
    image_id: str
    sentences: tuple[str, ...]
    shape: Any
    stem: str
    tags: dict[str, str]
    file: str | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is known of a mirror, and how a row of it is read; ``splits`` are its own by their usual names, the first of several
    being the usual one."""

    splits: dict[str, str]
    needed: tuple[str, ...]
    quirks: str
    things: Callable[[int, dict[str, Any], str], list[_Thing]]
    texts: tuple[str, ...] = field(default=("sent",))


class MirrorSet:
    """The samples of one split of a mirror; ``others`` are the other things of the picture that the split speaks of."""

    def __init__(
        self, mirror: Mirror, repository: str, folder: Path, split: str, text: str, images: Path, name: str
    ) -> None:
        self.name = name
        self._mirror, self._repository, self._text = mirror, repository, text
        self.images = images
        self._table = RowTable(folder, mirror.splits.get(split, split), mirror.needed)
        self._split = next((key for key, value in mirror.splits.items() if value == self._table.split), split)

    def things(self) -> int:
        """How many things the split speaks of, one a row or several."""
        return sum(len(things) for things in self._things.values())

    def files(self) -> list[str]:
        """Names of the picture files that the mirror does not carry itself."""
        return list(
            dict.fromkeys(each.file for things in self._things.values() for each in things if each.file is not None)
        )

    def describe(self) -> dict[str, object]:
        return {
            "data": f"hub:{self._repository}",
            "split": self._table.split,
            "text": self._text,
            "digest": self._digest,
            "notes": self._mirror.quirks,
        }

    def pictures(self) -> Sequence[PictureEntry]:
        return self._entries

    def samples_of(self, entry: PictureEntry) -> list[Sample]:
        things = self._things.get(entry.image_id)
        if things is None:
            raise StorageError(f"{self.name} has no picture {entry.image_id!r}.")
        image: Path | Image.Image
        first = things[0]
        if first.file is not None:
            image = picture_file(self.images, first.file, first.size)
            size = first.size or (0, 0)
        else:
            image = self._table.picture(first.row)
            size = (image.height, image.width)
        masks = [_mask(thing, size) for thing in things]
        found = (
            sample
            for place, thing in enumerate(things)
            for sample in self._samples(thing, image, masks[place], masks[:place] + masks[place + 1 :])
        )
        return asked_for(entry, found, self.name)

    def _samples(
        self, thing: _Thing, image: Path | Image.Image, mask: np.ndarray, others: list[np.ndarray]
    ) -> list[Sample]:
        seen = [mask]
        for each in others:  # a mirror may have one thing in two rows
            if not any(np.array_equal(each, other) for other in seen):
                seen.append(each)
        different = tuple(seen[1:])
        tags = {"split": self._split, "domain": self._repository, "image_id": thing.image_id} | thing.tags
        return [
            Sample(f"{thing.stem}-{number}", image, text, mask, different, ("",) * len(different), tags)
            for number, text in enumerate(thing.sentences)
        ]

    @cached_property
    def _things(self) -> dict[str, list[_Thing]]:
        groups: dict[str, list[_Thing]] = {}
        for number, row in enumerate(self._table.rows):
            try:
                for thing in self._mirror.things(number, row, self._text):
                    groups.setdefault(thing.image_id, []).append(thing)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise StorageError(
                    f"Row {number} of {self.name} is not as the mirror publishes it ({error!r})."
                ) from error
        return groups

    @cached_property
    def _entries(self) -> tuple[PictureEntry, ...]:
        pairs = (
            (image_id, f"{thing.stem}-{number}")
            for image_id, things in self._things.items()
            for thing in things
            for number in range(len(thing.sentences))
        )
        return by_picture(pairs, self.name)

    @cached_property
    def _digest(self) -> str:
        every = (thing for things in self._things.values() for thing in things)
        return digest(*(f"{each.stem} {each.image_id} {each.sentences} {each.shape!r}" for each in every))


def open_mirror(
    repository: str,
    root: Path,
    split: str,
    *,
    text: Literal["sent", "raw"] = "sent",
    images: str | Path | None = None,
    name: str | None = None,
) -> MirrorSet:
    """A mirror's split from a local copy under ``root``: ``root/OWNER/NAME``, ``root/NAME``, a hub cache, or ``root`` itself.

    Raises ``StorageError`` for files that are missing or not as published, ``OptionError`` for a split or text that is not there.
    """
    mirror = MIRRORS[repository]
    if text not in mirror.texts:
        raise OptionError(f"text must be one of {', '.join(mirror.texts)} for {repository}, but got {text!r}.")
    folder = mirror_folder(root, repository)
    where = Path(images) if images is not None else folder_of(root, "refcoco")
    return MirrorSet(mirror, repository, folder, split, text, where, name or f"hub:{repository}:{split}")


def mirror_folder(root: Path, repository: str) -> Path:
    """The folder of a mirror's files under ``root``; ``StorageError`` where there is none."""
    owner, _, last = repository.partition("/")
    cached = sorted(root.glob(f"datasets--{owner}--{last}/snapshots/*"))
    places = [root / owner / last, root / f"{owner}__{last}", root / last, *reversed(cached), root]
    for place in places:
        if any(place.glob("data/*.parquet")) or any(
            (place / f"{split}{end}").is_file()
            for split in MIRRORS[repository].splits.values()
            for end in (".jsonl", ".json")
        ):
            return place
    raise StorageError(
        f"There is no copy of {repository} in {root}: expected {owner}/{last}/data/SPLIT-*.parquet there (docs/data.md)."
    )


def _mask(thing: _Thing, size: tuple[int, int]) -> np.ndarray:
    try:
        shape = json.loads(thing.shape) if isinstance(thing.shape, str) and thing.shape[:1] in "{[" else thing.shape
        if isinstance(shape, (str, bytes)):
            shape = {"size": list(size), "counts": shape}
        return rle.segmentation(shape, size)
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError(f"The mask of {thing.stem} cannot be used: {error}.") from error


def _lmms(number: int, row: dict[str, Any], text: str) -> list[_Thing]:
    file_name = str(row["file_name"])
    # COCO_train2014_000000000007_3.jpg is the third ref of picture 7.
    image_id = re.sub(r"^(COCO_train2014_\d{12})_\d+(\.jpg)$", r"\1\2", file_name)
    tags = {"question_id": str(row.get("question_id", "")), "file_name": file_name}
    shape = [[float(value) for value in row["segmentation"]]]
    return [_Thing(number, image_id, tuple(map(str, row["answer"])), shape, f"row-{number:05d}", tags)]


def _jxu(number: int, row: dict[str, Any], text: str) -> list[_Thing]:
    info, annotation = json.loads(row["raw_image_info"]), json.loads(row["raw_anns"])
    file_name = str(info["file_name"])
    check_inside(file_name, f"row {number}")
    tags = {key: str(row[key]) for key in ("ref_id", "ann_id", "category_id") if key in row} | {"text": text}
    return [
        _Thing(
            row=number,
            image_id=str(row["image_id"]),
            sentences=tuple(str(each[text]) for each in row["sentences"]),
            shape=annotation["segmentation"],
            stem=f"ref-{row['ref_id']}",
            tags=tags,
            file=file_name,
            size=(int(info["height"]), int(info["width"])),
        )
    ]


def _moondream(number: int, row: dict[str, Any], text: str) -> list[_Thing]:
    image_id = f"row-{number:05d}"
    samples = row["samples"]
    if isinstance(samples, dict):  # `datasets` may store a list of records as a record of lists
        samples = [dict(zip(samples, values, strict=True)) for values in zip(*samples.values(), strict=True)]
    return [
        _Thing(number, image_id, tuple(map(str, each["sentences"])), each["mask"], f"{image_id}-{place}", {})
        for place, each in enumerate(samples)
    ]


MIRRORS: dict[str, Mirror] = {
    "lmms-lab/RefCOCO": Mirror(
        {"val": "val", "test": "test", "testA": "testA", "testB": "testB"},
        ("image", "answer", "segmentation", "file_name"),
        "val mixes the val splits of unc and google, test is google's; a thing's mask is one flat list of coordinates. Not "
        "comparable with RefCOCO's own val",
        _lmms,
    ),
    "jxu124/refcoco": Mirror(
        {
            "train": "train",
            "val": "validation",
            "validation": "validation",
            "testA": "test",
            "test": "test",
            "testB": "testB",
        },
        ("ref_id", "image_id", "sentences", "raw_anns", "raw_image_info"),
        "splits of unc; what is published as test is testA; no pictures inside: COCO's train2014 is needed",
        _jxu,
        ("sent", "raw"),
    ),
    "moondream/refcoco-m": Mirror(
        {"val": "validation", "validation": "validation"},
        ("image", "samples"),
        "a part of RefCOCO's val (unc) with new masks and without some expressions. Not comparable with RefCOCO's own val",
        _moondream,
    ),
}
"""The mirrors that are read."""
