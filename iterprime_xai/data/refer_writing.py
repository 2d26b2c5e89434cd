"""Samples written in the REFER layout, with exact masks."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.data import rle
from iterprime_xai.data.images import read_image
from iterprime_xai.data.picture_files import places
from iterprime_xai.records import Sample, StorageError
from iterprime_xai.records.heatmap import box_of
from iterprime_xai.records.writing import write_whole

_PLACED_TAGS = frozenset({"split", "category", "image_id", "ref_id", "ann_id", "text"})
_SENTENCE_KEYS = frozenset({"raw", "sent", "sent_id", "tokens", "id"})


def image_folder(root: Path, dataset: str) -> Path:
    """Where the images of a data set lie: the original places for the original four, else ``images/{dataset}``."""
    return root / places(dataset)[0]


def write_refer(
    root: str | Path, dataset: str, split_by: str, samples: Iterable[Sample], *, overwrite: bool = False
) -> Path:
    """Write samples as a data set in the REFER layout and return its folder; ``read_refer`` reads it back.

    Samples with the same picture share one image file (PNG, or the file itself where the sample names an upright PNG or
    JPEG), those that also have the same mask share one ref. Masks are written as exact RLE. The tags ``split`` (needed),
    ``category`` and ``image_id`` find their places in the layout; all others, such as ``kind``, ``primary`` and
    ``context``, become extra keys of the sentences. The refs file comes last, so a broken run leaves no data set behind.

    Raises ``StorageError`` for a sample without mask or split, a data set that is there already (unless ``overwrite``),
    and a place that cannot be written.
    """
    root = Path(root)
    folder = root / dataset
    refs_path = folder / f"refs({split_by}).p"
    if refs_path.exists() and not overwrite:
        raise StorageError(
            f"{refs_path} is there already; choose another folder, or pass overwrite=True to replace it."
        )
    strangers = sorted(each.name for each in folder.glob("refs(*).p") if each != refs_path)
    if strangers:
        raise StorageError(
            f"{folder} holds {strangers[0]}, which needs the instances.json that would be replaced; choose another folder."
        )
    where = image_folder(root, dataset)
    try:
        where.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        if overwrite:
            refs_path.unlink(missing_ok=True)
        content = _Content(where)
        for sample in samples:
            content.add(sample)
        write_whole(folder / "instances.json", json.dumps(content.instances(dataset)).encode("utf-8"))
        write_whole(refs_path, pickle.dumps(content.refs, protocol=2))
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"Cannot write the data set {dataset} to {root}: {error}.") from error
    return folder


class _Content:
    """What the files will hold, while samples come in."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.refs: list[dict[str, Any]] = []
        self._images: dict[str, dict[str, Any]] = {}  # by the picture's digest
        self._annotations: dict[tuple[int, bytes], dict[str, Any]] = {}  # by image and mask
        self._refs: dict[tuple[int, str], dict[str, Any]] = {}  # by annotation and split
        self._categories: dict[str, int] = {}
        self._names: set[str] = set()
        self._sentences = 0

    def add(self, sample: Sample) -> None:
        if sample.mask is None or "split" not in sample.tags:
            raise StorageError(
                f"Sample {sample.id!r} needs a mask and a tag 'split' to be written in the REFER layout."
            )
        strange = _SENTENCE_KEYS & set(sample.tags)
        if strange:
            raise StorageError(
                f"Sample {sample.id!r} has the tag {min(strange)!r}, which the REFER layout uses itself."
            )
        image = self._image(sample)
        target = self._annotation(sample, sample.mask, sample.tags.get("category", ""), image)
        names = sample.other_categories or ("",) * len(sample.others)
        for mask, name in zip(sample.others, names, strict=True):
            self._annotation(sample, mask, name, image)
        sentence = {
            "raw": sample.text,
            "sent": sample.text,
            "sent_id": self._sentences,
            "tokens": sample.text.split(),
            "id": sample.id,
        } | {key: value for key, value in sample.tags.items() if key not in _PLACED_TAGS}
        self._sentences += 1
        ref = self._ref(image, target, sample.tags["split"])
        ref["sentences"].append(sentence)
        ref["sent_ids"].append(sentence["sent_id"])

    def instances(self, dataset: str) -> dict[str, Any]:
        return {
            "info": {"description": dataset, "version": "1"},
            "images": list(self._images.values()),
            "annotations": list(self._annotations.values()),
            "categories": [
                {"id": number, "name": name, "supercategory": ""} for name, number in self._categories.items()
            ],
        }

    def _image(self, sample: Sample) -> dict[str, Any]:
        picture = read_image(sample.image)
        digest = picture.sha256
        if digest not in self._images:
            number = len(self._images) + 1
            asked = sample.tags.get("image_id", "")
            plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", asked) is not None
            stem = asked if plain else f"{number:012d}"
            while stem.lower() in self._names:  # lower, for file systems that do not tell A from a
                stem += "-"
            self._names.add(stem.lower())
            file_name = self._store(sample.image, picture.image, stem, kept=not picture.notes)
            self._images[digest] = {
                "id": number,
                "file_name": file_name,
                "width": picture.image.width,
                "height": picture.image.height,
                "name": asked or stem,
            }
        return self._images[digest]

    def _store(self, source: Any, image: Image.Image, stem: str, *, kept: bool) -> str:
        if isinstance(source, (str, Path)) and kept and Path(source).suffix.lower() in (".png", ".jpg", ".jpeg"):
            name = stem + Path(source).suffix.lower()
            shutil.copyfile(source, self.where / name)
        else:
            name = stem + ".png"
            image.save(self.where / name)
        return name

    def _annotation(self, sample: Sample, mask: np.ndarray, category: str, image: dict[str, Any]) -> dict[str, Any]:
        if mask.dtype != np.bool_ or mask.shape != (image["height"], image["width"]):
            raise StorageError(
                f"Masks of sample {sample.id!r} should be bool of shape {image['height'], image['width']} like the upright "
                f"picture, but one is {mask.dtype} of shape {mask.shape}."
            )
        key = (image["id"], hashlib.sha256(np.packbits(mask).tobytes()).digest())
        if key not in self._annotations:
            left, top, right, bottom = box_of(mask) or (0, 0, 0, 0)
            self._annotations[key] = {
                "id": len(self._annotations) + 1,
                "image_id": image["id"],
                "category_id": self._categories.setdefault(category, len(self._categories) + 1),
                "segmentation": rle.encode(mask),
                "area": int(np.count_nonzero(mask)),
                "bbox": [left, top, right - left, bottom - top],
                "iscrowd": 0,
            }
        return self._annotations[key]

    def _ref(self, image: dict[str, Any], annotation: dict[str, Any], split: str) -> dict[str, Any]:
        key = (annotation["id"], split)
        if key not in self._refs:
            self._refs[key] = {
                "ref_id": len(self.refs),
                "ann_id": annotation["id"],
                "category_id": annotation["category_id"],
                "file_name": image["file_name"],
                "image_id": image["id"],
                "split": split,
                "sent_ids": [],
                "sentences": [],
            }
            self.refs.append(self._refs[key])
        return self._refs[key]
