"""Data sets in the REFER layout: RefCOCO and its relatives are read, and any samples can be written.

A root folder holds ``{dataset}/refs({split_by}).p`` (a pickle), ``{dataset}/instances.json`` (COCO) and the images.
Layout: the REFER interface of Kazemzadeh et al. (2014) and Yu et al. (2016).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from iterprime_xai.data.refer_files import fault_of
from iterprime_xai.data.refer_set import ReferSet
from iterprime_xai.data.refer_writing import image_folder, write_refer
from iterprime_xai.records import Sample, StorageError

__all__ = ["image_folder", "read_refer", "write_refer"]


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
        dataset: "refcoco", "refcoco+", "refcocog", "refclef", "grefcoco", or the name of one's own.
        split_by: who made the splits, such as "unc", "google" or "umd".
        split: one split, such as "val" or "testA"; ``None`` for all.
        text: "sent" (cleaned, the usual one) or "raw" (as typed); the tag ``text`` records it.
        images: folder of the images, where it is not the usual one in ``root``.

    ``Sample.image`` is the path of the image, ``mask`` the union of the target's polygons or its RLE, ``others`` all
    other annotated things of the image. Tags: ``split``, ``domain`` (the data set), ``category``, ``image_id``,
    ``ref_id``, ``ann_id``, ``text``, and whatever text a sentence carries besides (scenes: ``kind``, ``primary``,
    ``context``). Where expressions may mean several things or none (gRefCOCO), ``mask`` is the union, all false for none, and the
    tag ``targets`` is the number of things.

    Raises ``StorageError`` for files that are missing, damaged or do not fit together, and for a pickle that holds more
    than plain data; ``OptionError`` for an unknown split or text. Both are raised at once, not when the first sample is
    taken; masks are decoded image by image.
    """
    data = ReferSet(root, dataset, split_by, split, text=text, images=images)
    _check(data)
    return _samples(data)


def _samples(data: ReferSet) -> Iterator[Sample]:
    image_id, masks = None, {}
    for ref in data.refs:
        if ref["image_id"] != image_id:  # the refs of one image mostly follow each other
            image_id = ref["image_id"]
            masks = data.masks_of(image_id)
        yield from data.samples_of_ref(ref, data.images / data.instances.images[image_id]["file_name"], masks)


def _check(data: ReferSet) -> None:
    """Everything that the samples will need is there."""
    for ref in data.refs:
        fault = fault_of(ref, data.instances, data.dataset)
        if fault is not None:
            raise StorageError(fault)
    # The image's own file name: that of a ref belongs to one thing, and names no file.
    names = list(dict.fromkeys(str(data.instances.images[ref["image_id"]]["file_name"]) for ref in data.refs))
    missing = [name for name in names if not (data.images / name).is_file()]
    if missing:
        raise StorageError(
            f"{len(missing)} of {len(names)} images are missing, the first is {data.images / missing[0]}; put them there, "
            "or say where they are with images=."
        )
