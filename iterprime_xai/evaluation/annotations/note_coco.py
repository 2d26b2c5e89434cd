"""Samples that have notes as a COCO data set: their pictures, the masks that were answered, and the gold masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.annotations.note import Note
from iterprime_xai.records.heatmap import box_of

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures.classifying import Failure
    from iterprime_xai.evaluation.runs.reading import Run

MASK_COLUMNS = ("image_path", "height", "width", "chosen", "gold")
"""Columns of a row that are needed beside those that decide its type."""

CATEGORIES = ({"id": 1, "name": "answer"}, {"id": 2, "name": "gold"})


def coco(
    run: Run, rows: Mapping[str, Mapping[str, Any]], types: Mapping[str, Failure], notes: Iterable[Note]
) -> dict[str, Any]:
    """A COCO data set of plain JSON values.

    An annotation is a mask, with a compressed RLE, its area and its box [left, top, width, height] in pixels: of each sample the
    answer, and then the gold mask. A mask that is empty or not there has none. Each carries ``sample_id``, ``text`` (the phrase),
    ``iou``, ``type``, ``notes`` (author, at, text) and ``tags`` (of all its notes). The list ``samples``, which COCO does not
    know, has the same of every sample with a note, also of one without a mask or that the run does not have; so no note is lost.

    Args:
        run: which run it is.
        rows: of the samples by their id, with ``MASK_COLUMNS``; where one is missing, the run has no such sample.
        types: of the same samples.
        notes: in the order in which they are given.
    """
    by_sample: dict[str, list[Note]] = {}
    for note in notes:
        by_sample.setdefault(note.sample_id, []).append(note)
    images: dict[str, dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    samples: list[dict[str, Any]] = []
    for name, said in by_sample.items():
        row = rows.get(name)
        about = _about(name, row, types.get(name), said)
        picture = None if row is None else _picture(row, images)
        samples.append({**about, "image_id": picture})
        if row is None or picture is None:
            continue
        for category, mask in zip(CATEGORIES, (row["chosen"], row["gold"]), strict=True):
            found = _annotation(run.mask(mask))
            if found is not None:
                place = {"id": len(annotations) + 1, "image_id": picture, "category_id": category["id"], "iscrowd": 0}
                annotations.append({**place, "segmentation": dict(mask), **found, **about})
    return {
        "info": {"description": f"Notes on the run {run.name}", "run_key": run.key},
        "licenses": [],
        "images": list(images.values()),
        "annotations": annotations,
        "categories": [dict(each) for each in CATEGORIES],
        "samples": samples,
    }


def _about(name: str, row: Mapping[str, Any] | None, failure: Failure | None, said: Sequence[Note]) -> dict[str, Any]:
    return {
        "sample_id": name,
        "text": None if row is None else row["text"],
        "iou": None if row is None else row["iou"],
        "type": None if failure is None else failure.type,
        "notes": [{"author": each.author, "at": each.at, "text": each.text} for each in said],
        "tags": list(dict.fromkeys(tag for each in said for tag in each.tags)),
    }


def _picture(row: Mapping[str, Any], images: dict[str, dict[str, Any]]) -> int | None:
    """The number of a row's picture, which is added to ``images`` where it is new; ``None`` for one that could not be read."""
    if row["height"] is None or row["width"] is None:
        return None
    name = row["image_id"] or row["sample_id"]
    entry = images.setdefault(
        name,
        {
            "id": len(images) + 1,
            "file_name": row["image_path"] or name,
            "height": row["height"],
            "width": row["width"],
            "name": name,
        },
    )
    number: int = entry["id"]
    return number


def _annotation(mask: np.ndarray | None) -> dict[str, Any] | None:
    """Area and box of a mask; ``None`` where it has no pixel."""
    box = None if mask is None else box_of(mask)
    if mask is None or box is None:
        return None
    left, top, right, bottom = box
    return {"area": int(np.count_nonzero(mask)), "bbox": [left, top, right - left, bottom - top]}
