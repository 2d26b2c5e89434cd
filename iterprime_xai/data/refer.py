"""Data sets in the REFER layout: RefCOCO and its relatives are read, and any samples can be written.

A root folder holds ``{dataset}/refs({split_by}).p`` (a pickle), ``{dataset}/instances.json`` (COCO) and the images.
Layout: the REFER interface of Kazemzadeh et al. (2014) and Yu et al. (2016).
"""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from iterprime_xai.data import rle
from iterprime_xai.data.plain_pickle import load_plain
from iterprime_xai.data.refer_writing import image_folder, write_refer
from iterprime_xai.records import OptionError, Sample, StorageError

__all__ = ["image_folder", "read_refer", "write_refer"]

TEXTS = ("sent", "raw")
_SENTENCE_KEYS = frozenset({"raw", "sent", "sent_id", "tokens", "id"})


def read_refer(
    root: str | Path,
    dataset: str,
    split_by: str,
    split: str | None = None,
    *,
    text: Literal["sent", "raw"] = "sent",
    images: str | Path | None = None,
) -> Iterator[Sample]:
    """The expressions of a data set in the REFER layout, one sample each, in the order of the file.

    Args:
        root: folder that holds the data set's folder.
        dataset: "refcoco", "refcoco+", "refcocog", "refclef", or the name of one's own.
        split_by: who made the splits, such as "unc", "google" or "umd".
        split: one split, such as "val" or "testA"; ``None`` for all.
        text: "sent" (cleaned, the usual one) or "raw" (as typed); the tag ``text`` records it.
        images: folder of the images, where it is not the usual one in ``root``.

    ``Sample.image`` is the path of the image, ``mask`` the union of the target's polygons or its RLE, ``others`` all
    other annotated things of the image. Tags: ``split``, ``domain`` (the data set), ``category``, ``image_id``,
    ``ref_id``, ``ann_id``, ``text``, and whatever text a sentence carries besides (scenes: ``kind``, ``primary``,
    ``context``).

    Raises ``StorageError`` for files that are missing, damaged or do not fit together, and for a pickle that holds more
    than plain data; ``OptionError`` for an unknown split or text. Both are raised at once, not when the first sample is
    taken; masks are decoded image by image.
    """
    if text not in TEXTS:
        raise OptionError(f"text must be one of {', '.join(TEXTS)}, but got {text!r}.")
    folder = _dataset_folder(Path(root), dataset)
    refs = _refs(folder, split_by)
    instances = _instances(folder / "instances.json")
    chosen = _of_split(refs, split, f"{dataset} ({split_by})")
    where = Path(images) if images is not None else image_folder(Path(root), dataset)
    _check(chosen, instances, where, folder)
    return _samples(chosen, instances, where, dataset, text)


class _Instances:
    """``instances.json``, by id."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.images: dict[Any, dict[str, Any]] = {each["id"]: each for each in content["images"]}
        self.annotations: dict[Any, dict[str, Any]] = {each["id"]: each for each in content["annotations"]}
        self.categories: dict[Any, str] = {each["id"]: str(each["name"]) for each in content["categories"]}
        self.of_image: dict[Any, list[Any]] = defaultdict(list)
        for each in self.annotations.values():
            self.of_image[each["image_id"]].append(each["id"])

    def mask(self, ann_id: Any) -> np.ndarray:
        annotation = self.annotations[ann_id]
        image = self.images[annotation["image_id"]]
        size = (int(image["height"]), int(image["width"]))
        shape = annotation["segmentation"]
        try:
            return rle.decode(shape, size) if isinstance(shape, Mapping) else rle.fill(shape, size)
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(f"The segmentation of annotation {ann_id} cannot be used: {error}.") from error

    def category(self, ann_id: Any) -> str:
        return self.categories.get(self.annotations[ann_id].get("category_id"), "")


def _samples(
    refs: list[dict[str, Any]], instances: _Instances, where: Path, dataset: str, text: str
) -> Iterator[Sample]:
    image_id, masks = None, {}
    for ref in refs:
        if ref["image_id"] != image_id:  # the refs of one image mostly follow each other
            image_id = ref["image_id"]
            masks = {ann_id: instances.mask(ann_id) for ann_id in instances.of_image[image_id]}
        image = instances.images[image_id]
        others = [ann_id for ann_id in masks if ann_id != ref["ann_id"]]
        tags = {
            "split": str(ref["split"]),
            "domain": dataset,
            "category": instances.category(ref["ann_id"]),
            "image_id": str(image.get("name", image_id)),
            "ref_id": str(ref["ref_id"]),
            "ann_id": str(ref["ann_id"]),
            "text": text,
        }
        for sentence in ref["sentences"]:
            own = {key: each for key, each in sentence.items() if key not in _SENTENCE_KEYS and isinstance(each, str)}
            yield Sample(
                id=str(sentence.get("id", f"{dataset}-{ref['ref_id']}-{sentence['sent_id']}")),
                image=where / image["file_name"],
                text=sentence[text],
                mask=masks[ref["ann_id"]],
                others=tuple(masks[ann_id] for ann_id in others),
                other_categories=tuple(instances.category(ann_id) for ann_id in others),
                tags=tags | own,
            )


def _dataset_folder(root: Path, dataset: str) -> Path:
    if not root.is_dir():
        raise StorageError(
            f"There is no folder {root}; it should hold {dataset}/instances.json and {dataset}/refs(...).p."
        )
    folder = root / dataset
    if not (folder / "instances.json").is_file():
        found = sorted(each.parent.name for each in root.glob("*/instances.json"))
        raise StorageError(
            f"There is no file {folder / 'instances.json'}{_nearest(dataset, found)}; data sets in this folder: "
            f"{', '.join(found) or 'none'}."
        )
    return folder


def _refs(folder: Path, split_by: str) -> list[dict[str, Any]]:
    path = folder / f"refs({split_by}).p"
    if not path.is_file():
        found = sorted(each.name[5:-3] for each in folder.glob("refs(*).p"))
        raise StorageError(
            f"There is no file {path}{_nearest(split_by, found)}; {folder.name} is split here by: "
            f"{', '.join(found) or 'nobody'}."
        )
    refs = load_plain(path)
    needed = {"ref_id", "ann_id", "image_id", "split", "sentences"}
    if not isinstance(refs, list) or not all(isinstance(ref, dict) and needed <= set(ref) for ref in refs):
        raise StorageError(f"{path} should hold a list of dicts, each with {', '.join(sorted(needed))}.")
    for ref in refs:
        if isinstance(ref["ann_id"], (list, tuple)):
            raise StorageError(f"{path} has refs of several things each (as gRefCOCO does), which are not read yet.")
        for sentence in ref["sentences"]:
            if not (isinstance(sentence, dict) and {"sent_id", *TEXTS} <= set(sentence)):
                raise StorageError(f"{path}: a sentence of ref {ref['ref_id']} lacks sent, raw or sent_id.")
    return refs


def _instances(path: Path) -> _Instances:
    try:
        return _Instances(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(
            f"{path} should be COCO's JSON with images, annotations and categories, but it is not, or is damaged "
            f"({type(error).__name__}: {error})."
        ) from error


def _of_split(refs: list[dict[str, Any]], split: str | None, name: str) -> list[dict[str, Any]]:
    if split is None:
        return refs
    splits = list(dict.fromkeys(str(ref["split"]) for ref in refs))
    if split not in splits:
        raise OptionError(f"{name} has no split {split!r}{_nearest(split, splits)}; it has {', '.join(splits)}.")
    return [ref for ref in refs if ref["split"] == split]


def _check(refs: list[dict[str, Any]], instances: _Instances, where: Path, folder: Path) -> None:
    """Everything that the samples will need is there."""
    for ref in refs:
        annotation = instances.annotations.get(ref["ann_id"])
        if annotation is None:
            raise StorageError(
                f"Ref {ref['ref_id']} of {folder.name} speaks of annotation {ref['ann_id']}, which instances.json does not have."
            )
        if annotation["image_id"] != ref["image_id"] or ref["image_id"] not in instances.images:
            raise StorageError(
                f"Ref {ref['ref_id']} of {folder.name} and its annotation {ref['ann_id']} do not name the same known image."
            )
    # The image's own file name: that of a ref belongs to one thing, and names no file.
    names = list(dict.fromkeys(str(instances.images[ref["image_id"]]["file_name"]) for ref in refs))
    for name in names:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise StorageError(f"instances.json of {folder.name} names an image outside its folder: {name!r}.")
    missing = [name for name in names if not (where / name).is_file()]
    if missing:
        raise StorageError(
            f"{len(missing)} of {len(names)} images are missing, the first is {where / missing[0]}; put them there, or say "
            "where they are with images=."
        )


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.4)
    return f"; did you mean {near[0]!r}?" if near else ""
