"""PhraseCut (Wu et al. 2020): phrases for regions of Visual Genome, of one thing or several.

A folder ``VGPhraseCut_v0`` holds ``refer_{split}.json``, ``image_data_split.json`` (or ``image_data_split3000.json``) and
``images/``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.data.large_files import read_json
from iterprime_xai.data.listing import asked_for, by_picture, digest
from iterprime_xai.data.names import nearest
from iterprime_xai.data.picture_files import picture_file, upright_size
from iterprime_xai.records import OptionError, Sample, StorageError

SPLITS = ("train", "val", "test", "miniv")
SIZES = ("image_data_split.json", "image_data_split3000.json", "image_data.json")
_PLACES = ("", "VGPhraseCut_v0", "phrasecut", "PhraseCut", "data/VGPhraseCut_v0")
_NEEDED = frozenset({"task_id", "image_id", "phrase", "Polygons"})


def phrasecut_folder(root: Path) -> Path | None:
    """The folder under ``root`` that holds PhraseCut's files, or ``None``."""
    return next((root / place for place in _PLACES if any((root / place).glob("refer_*.json"))), None)


class PhraseCutSet:
    """PhraseCut: a phrase means one region, the union of its instances' polygons, filled as the released evaluation fills them.

    ``split`` is train, val, test or miniv, or several joined by "_" ("val_miniv" is the whole validation set: the files of
    "val" leave miniv's pictures out). Tags: ``split``, ``domain``, ``category`` (the phrase's noun), ``kind`` (what makes the
    phrase unique: name, attribute, relation; or verbose), ``targets`` (instances), ``attributes``, ``image_id``. ``others``
    are the regions of the picture's phrases that share no instance with this one.
    """

    def __init__(
        self, root: str | Path, split: str, *, images: str | Path | None = None, name: str | None = None
    ) -> None:
        root = Path(root)
        parts = split.split("_")
        wrong = next((part for part in parts if part not in SPLITS), None)
        if wrong is not None or len(set(parts)) < len(parts):
            near = nearest(wrong, SPLITS) if wrong is not None else ""
            raise OptionError(
                f"A split of PhraseCut is one of {', '.join(SPLITS)}, or several joined by '_', but got {split!r}{near}."
            )
        folder = phrasecut_folder(root)
        if folder is None:
            raise StorageError(f"There is no PhraseCut in {root}: expected VGPhraseCut_v0/refer_{parts[0]}.json there.")
        self.name, self.split = name or f"phrasecut:{split}", split
        self.images = Path(images) if images is not None else folder / "images"
        self._tasks: list[tuple[str, dict[str, Any]]] = []
        read: list[bytes] = []
        for part in parts:
            content, tasks = _tasks(folder / f"refer_{part}.json")
            read.append(content)
            self._tasks += [(part, task) for task in tasks]
        self._digest = digest(*read)
        self._sizes = _sizes(folder)

    def describe(self) -> dict[str, object]:
        return {"data": "phrasecut", "split": self.split, "digest": self._digest}

    def pictures(self) -> Sequence[PictureEntry]:
        return self._entries

    def samples_of(self, entry: PictureEntry) -> list[Sample]:
        tasks = self._tasks_of.get(entry.image_id)
        if tasks is None:
            raise StorageError(f"{self.name} has no picture {entry.image_id!r}.")
        size = self._sizes.get(entry.image_id)
        path = picture_file(self.images, f"{entry.image_id}.jpg", size)
        size = size or upright_size(path)
        masks = [_region(task, size) for _, task in tasks]
        found = (self._sample(place, tasks, masks, path) for place in range(len(tasks)))
        return asked_for(entry, found, self.name)

    def _sample(
        self, place: int, tasks: list[tuple[str, dict[str, Any]]], masks: list[np.ndarray], path: Path
    ) -> Sample:
        split, task = tasks[place]
        others: dict[frozenset[str], int] = {}
        own = _instances(task)
        for index, (_, other) in enumerate(tasks):
            theirs = _instances(other)
            if index != place and not own & theirs:
                others.setdefault(theirs, index)
        structure = _structure(task)
        tags = {
            "split": split,
            "domain": "phrasecut",
            "category": str(structure.get("name", "")),
            "kind": str(structure.get("type", "")),
            "targets": str(len(task["Polygons"])),
            "attributes": ",".join(str(each) for each in structure.get("attributes") or ()),
            "image_id": str(task["image_id"]),
        }
        return Sample(
            id=str(task["task_id"]),
            image=path,
            text=str(task["phrase"]),
            mask=masks[place],
            others=tuple(masks[index] for index in others.values()),
            other_categories=tuple(str(_structure(tasks[index][1]).get("name", "")) for index in others.values()),
            tags={key: value for key, value in tags.items() if value},
        )

    @cached_property
    def _tasks_of(self) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        groups: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for split, task in self._tasks:
            groups.setdefault(str(task["image_id"]), []).append((split, task))
        return groups

    @cached_property
    def _entries(self) -> tuple[PictureEntry, ...]:
        return by_picture(((str(task["image_id"]), str(task["task_id"])) for _, task in self._tasks), self.name)


def _structure(task: dict[str, Any]) -> dict[str, Any]:
    structure = task.get("phrase_structure")
    return structure if isinstance(structure, dict) else {}


def _instances(task: dict[str, Any]) -> frozenset[str]:
    """What a task means, by Visual Genome's ids; a task without ids shares instances with none."""
    return frozenset(str(each) for each in task.get("ann_ids") or (f"task {task['task_id']}",))


def _region(task: dict[str, Any], size: tuple[int, int]) -> np.ndarray:
    """The union of all polygons: coordinates cut to whole pixels, edges included, as in the released evaluation."""
    picture = Image.new("1", (size[1], size[0]))
    pen = ImageDraw.Draw(picture)
    try:
        for instance in task["Polygons"]:
            for polygon in instance:
                points = [(float(x), float(y)) for x, y in polygon]
                if not all(math.isfinite(value) and abs(value) < 1e6 for point in points for value in point):
                    raise ValueError("a coordinate is no number, or far outside the picture")
                if len(points) > 1:
                    pen.polygon([(int(x), int(y)) for x, y in points], fill=1, outline=1)
    except (TypeError, ValueError) as error:
        raise StorageError(
            f"The polygons of task {task['task_id']} cannot be used ({error}); expected Polygons[instance][polygon][[x, y]]."
        ) from error
    return np.array(picture)


def _tasks(path: Path) -> tuple[bytes, list[dict[str, Any]]]:
    if not path.is_file():
        found = sorted(
            each.name for each in path.parent.glob("refer_*.json") if not each.name.startswith("refer_input_")
        )
        raise StorageError(f"There is no file {path}; here are {', '.join(found) or 'no refer_*.json with Polygons'}.")
    content, tasks = read_json(path)
    if not isinstance(tasks, list) or not all(isinstance(task, dict) and task.keys() >= _NEEDED for task in tasks):
        raise StorageError(f"{path} should hold a list of tasks, each with {', '.join(sorted(_NEEDED))}.")
    for task in tasks:
        for key, values in (("ann_ids", task.get("ann_ids")), ("attributes", _structure(task).get("attributes"))):
            if values is not None and not isinstance(values, list):
                raise StorageError(f"{path}: {key} of task {task['task_id']} should be a list, but got {values!r}.")
    bad = next((task for task in tasks if not str(task["image_id"]).isdecimal()), None)
    if bad is not None:
        raise StorageError(f"{path} names an image {bad['image_id']!r}; PhraseCut's images have numbers.")
    return content, tasks


def _sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """(height, width) by image id; empty where no file tells, and the pictures themselves do."""
    path = next((folder / name for name in SIZES if (folder / name).is_file()), None)
    if path is None:
        return {}
    try:
        return {str(each["image_id"]): (int(each["height"]), int(each["width"])) for each in read_json(path)[1]}
    except (TypeError, KeyError, ValueError) as error:
        raise StorageError(
            f"{path} should hold a list of images with image_id, width and height ({error!r})."
        ) from error
