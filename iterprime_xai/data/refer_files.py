"""The files of a data set in the REFER layout, read and checked: refs and instances.

Layout: the REFER interface of Kazemzadeh et al. (2014) and Yu et al. (2016); gRefCOCO (Liu et al. 2023) adds refs of several
things and of none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from iterprime_xai.data import rle
from iterprime_xai.data.large_files import read_json
from iterprime_xai.data.names import nearest
from iterprime_xai.data.picture_files import check_inside
from iterprime_xai.data.plain_pickle import load_plain
from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.records.collector import collector_paused

TEXTS = ("sent", "raw")
_NEEDED = frozenset({"ref_id", "ann_id", "image_id", "split", "sentences"})
_FORMS = ("refs({}).p", "grefs({}).p", "grefs({}).json", "refs({}).json")


class Instances:
    """``instances.json``, by id."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.images: dict[Any, dict[str, Any]] = {each["id"]: each for each in content["images"]}
        self.annotations: dict[Any, dict[str, Any]] = {each["id"]: each for each in content["annotations"]}
        self.categories: dict[Any, str] = {each["id"]: str(each["name"]) for each in content["categories"]}
        self.of_image: dict[Any, list[Any]] = {}
        for each in self.annotations.values():
            self.of_image.setdefault(each["image_id"], []).append(each["id"])
        names = {str(each.get("name", key)) for key, each in self.images.items()}
        self._named = len(names) == len(self.images)

    def keep(self, refs: Iterable[Mapping[str, Any]]) -> None:
        """Forget the images that no ref speaks of: one split of RefCOCO needs a tenth of the memory of all."""
        wanted = {ref["image_id"] for ref in refs}
        named = {ann_id for ref in refs for ann_id in targets_of(ref)}
        self.images = {key: each for key, each in self.images.items() if key in wanted}
        self.annotations = {
            key: each for key, each in self.annotations.items() if each["image_id"] in wanted or key in named
        }
        self.of_image = {key: ids for key, ids in self.of_image.items() if key in wanted}

    def label(self, image_id: Any) -> str:
        """The image's own name where all have one of their own, else its number."""
        image = self.images.get(image_id, {})
        return str(image.get("name", image_id)) if self._named else str(image_id)

    def size(self, image_id: Any) -> tuple[int, int]:
        """(height, width)."""
        image = self.images[image_id]
        try:
            return int(image["height"]), int(image["width"])
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(f"Image {image_id} of instances.json has no height and width.") from error

    def mask(self, ann_id: Any) -> np.ndarray:
        annotation = self.annotations[ann_id]
        size = self.size(annotation["image_id"])
        try:
            return rle.segmentation(annotation["segmentation"], size)
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(f"The segmentation of annotation {ann_id} cannot be used: {error}.") from error

    def category(self, ann_id: Any) -> str:
        key = self.annotations[ann_id].get("category_id")
        return self.categories.get(key, "") if isinstance(key, (int, str)) else ""


def dataset_folder(root: Path, dataset: str) -> Path:
    """The data set's folder; ``StorageError`` with the nearest right name where it is not there."""
    if not root.is_dir():
        raise StorageError(
            f"There is no folder {root}; it should hold {dataset}/instances.json and {dataset}/refs(...).p."
        )
    folder = root / dataset
    if not (folder / "instances.json").is_file():
        found = sorted(each.parent.name for each in root.glob("*/instances.json"))
        raise StorageError(
            f"There is no file {folder / 'instances.json'}{nearest(dataset, found)}; data sets in this folder: "
            f"{', '.join(found) or 'none'}."
        )
    return folder


def split_by_names(folder: Path) -> dict[str, Path]:
    """The refs files of a data set by who made the splits: {"unc": .../refs(unc).p}."""
    found: dict[str, Path] = {}
    for form in _FORMS:
        start, end = form.split("{}")
        for path in sorted(folder.glob(form.format("*"))):
            found.setdefault(path.name[len(start) : -len(end)], path)
    return found


def refs_file(folder: Path, split_by: str) -> Path:
    """The refs file of these splits; ``StorageError`` with the nearest right name where it is not there."""
    found = split_by_names(folder)
    if split_by not in found:
        form = _FORMS[1] if folder.name.startswith("g") else _FORMS[0]
        raise StorageError(
            f"There is no file {folder / form.format(split_by)}{nearest(split_by, found)}; {folder.name} is split here by: "
            f"{', '.join(found) or 'nobody'}."
        )
    return found[split_by]


def read_refs(path: Path) -> list[dict[str, Any]]:
    """The refs of a pickle of plain data or of a JSON file."""
    with collector_paused():
        refs = read_json(path)[1] if path.suffix == ".json" else load_plain(path)
    if not isinstance(refs, list) or not all(isinstance(ref, dict) and ref.keys() >= _NEEDED for ref in refs):
        raise StorageError(f"{path} should hold a list of dicts, each with {', '.join(sorted(_NEEDED))}.")
    if not refs:
        raise StorageError(f"{path} holds no refs.")
    needed = {"sent_id", *TEXTS}
    for ref in refs:
        if not all(isinstance(each, (int, str)) for each in (ref["image_id"], *_ids(ref["ann_id"]))):
            raise StorageError(f"{path}: the image and annotations of ref {ref['ref_id']} should be numbers.")
        sentences = ref["sentences"]
        if not isinstance(sentences, list) or not all(
            isinstance(each, dict) and each.keys() >= needed and all(isinstance(each[text], str) for text in TEXTS)
            for each in sentences
        ):
            raise StorageError(f"{path}: a sentence of ref {ref['ref_id']} lacks sent, raw or sent_id.")
    return refs


def read_instances(path: Path) -> tuple[bytes, Instances]:
    """COCO's JSON of images, annotations and categories, and its bytes; no image may be named outside its folder."""
    try:
        with collector_paused():
            content, values = read_json(path)
            instances = Instances(values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StorageError(
            f"{path} should be COCO's JSON with images, annotations and categories, but it is not, or is damaged "
            f"({type(error).__name__}: {error})."
        ) from error
    for each in instances.images.values():
        check_inside(str(each.get("file_name", "")), f"instances.json of {path.parent.name}")
    return content, instances


def of_split(refs: list[dict[str, Any]], split: str | None, name: str) -> list[dict[str, Any]]:
    """The refs of one split, or all for ``None``; ``OptionError`` with the nearest right name for a split that is not there."""
    if split is None:
        return refs
    splits = list(dict.fromkeys(str(ref["split"]) for ref in refs))
    if split not in splits:
        raise OptionError(f"{name} has no split {split!r}{nearest(split, splits)}; it has {', '.join(splits)}.")
    return [ref for ref in refs if ref["split"] == split]


def is_general(refs: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the refs may have several targets or none, as in gRefCOCO."""
    return any("no_target" in ref or isinstance(ref["ann_id"], (list, tuple)) for ref in refs)


def targets_of(ref: Mapping[str, Any]) -> tuple[Any, ...]:
    """The annotations that a ref means: none where the list is empty, or holds -1, or ``no_target`` is set."""
    return () if ref.get("no_target") else tuple(dict.fromkeys(each for each in _ids(ref["ann_id"]) if each != -1))


def _ids(ann_id: Any) -> Sequence[Any]:
    return ann_id if isinstance(ann_id, (list, tuple)) else (ann_id,)


def fault_of(ref: Mapping[str, Any], instances: Instances, dataset: str) -> str | None:
    """What does not fit between a ref and the instances, in a sentence; ``None`` where all does."""
    for ann_id in targets_of(ref):
        annotation = instances.annotations.get(ann_id)
        if annotation is None:
            return (
                f"Ref {ref['ref_id']} of {dataset} speaks of annotation {ann_id}, which instances.json does not have."
            )
        if annotation["image_id"] != ref["image_id"]:
            return f"Ref {ref['ref_id']} of {dataset} and its annotation {ann_id} do not name the same known image."
    if ref["image_id"] not in instances.images:
        return (
            f"Ref {ref['ref_id']} of {dataset} speaks of image {ref['image_id']}, which instances.json does not have."
        )
    return None
