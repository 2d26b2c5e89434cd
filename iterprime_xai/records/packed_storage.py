"""Packed masks in an archive: their boxes in the JSON part, their deflated bits in one blob, as they lie in memory."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any

from iterprime_xai.records.archive import MAX_PIXELS, ArchiveReader, ArchiveWriter
from iterprime_xai.records.packed import PackedMasks


def packed_to_json(masks: PackedMasks, writer: ArchiveWriter) -> dict[str, Any]:
    """Add the masks to the archive; the JSON value that `packed_from_json` reads."""
    return {
        "packed": writer.blob(b"".join(masks.contents)),
        "lengths": [len(content) for content in masks.contents],
        "boxes": [[int(edge) for edge in box] for box in masks.boxes],
        "size": [int(length) for length in masks.shape[1:]],
    }


def packed_from_json(value: Mapping[str, Any], reader: ArchiveReader) -> PackedMasks:
    """The masks, still packed. Raises ``ValueError`` and the like for a damaged archive, which the reader turns into its own."""
    height, width = (int(length) for length in value["size"])
    if not 0 <= height * width <= MAX_PIXELS:
        raise ValueError(f"masks of {height} x {width}")
    content = reader.blob(value["packed"])
    edges = list(accumulate((int(length) for length in value["lengths"]), initial=0))
    if edges != sorted(edges) or edges[-1] != len(content):
        raise ValueError(f"packed masks of {edges[-1]} bytes in {len(content)}")
    boxes = [tuple(int(edge) for edge in box) for box in value["boxes"]]
    if any(len(box) != 4 for box in boxes):
        raise ValueError("a box that has not four edges")
    contents = [content[start:end] for start, end in pairwise(edges)]
    return PackedMasks(boxes, contents, (height, width))  # type: ignore[arg-type]
