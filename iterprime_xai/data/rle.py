"""COCO's run-length encoded masks and polygons as bool arrays, through pycocotools, with its gaps closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_FARTHEST = 1e6
"""Pixels: no picture is as large."""

_LONGEST = 11
"""Place of the last character that a run may have, from 0: 60 bits."""


def encode(mask: np.ndarray) -> dict[str, Any]:
    """A bool (height, width) mask as a compressed RLE dict of JSON values."""
    from pycocotools import mask as coco

    rle = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"size": [int(length) for length in mask.shape], "counts": rle["counts"].decode("ascii")}


def decode(rle: Mapping[str, Any], size: tuple[int, int]) -> np.ndarray:
    """A bool mask of ``size`` = (height, width) from an RLE dict, compressed (text or bytes) or not (a list of runs).

    Raises ``ValueError`` with the reason for anything that does not describe exactly ``size`` pixels; pycocotools itself would
    return uninitialised memory for too few.
    """
    lengths = runs(rle, size)
    inside = np.arange(len(lengths)) % 2 == 1
    return np.repeat(inside, lengths).reshape(size[1], size[0]).T


def runs(rle: Mapping[str, Any], size: tuple[int, int]) -> list[int]:
    """The lengths of an RLE dict's runs down the columns, the first outside the mask, in turns; nothing is decoded.

    Raises ``ValueError`` as :func:`decode` does.
    """
    if not {"size", "counts"} <= set(rle):
        raise ValueError(f'an RLE dict has "size" and "counts", but this one has {sorted(map(str, rle))}')
    if [int(length) for length in rle["size"]] != list(size):
        raise ValueError(f"the RLE is for a picture of {list(rle['size'])}, not {list(size)} (height, width)")
    counts = rle["counts"]
    if isinstance(counts, str):
        counts = counts.encode("ascii")
    if not isinstance(counts, (bytes, list, tuple)):
        raise ValueError(f"counts are text, bytes or a list of runs, but these are {type(counts).__name__}")
    found = _runs(counts).tolist() if isinstance(counts, bytes) else [int(run) for run in counts]
    if min(found, default=0) < 0 or sum(found) != size[0] * size[1]:
        raise ValueError(f"its runs cover {sum(found)} of {size[0] * size[1]} pixels")
    return found


def fill(polygons: Sequence[Sequence[float]], size: tuple[int, int]) -> np.ndarray:
    """The union of polygons [x0, y0, x1, y1, ...] as a bool mask of ``size`` = (height, width).

    Overlaps belong to the thing (some loaders turn them into background). A polygon of fewer than three points covers
    nothing. Raises ``ValueError`` for an odd number of coordinates, and for one that is no number or far outside of any picture:
    pycocotools walks along every edge pixel by pixel, and would run out of memory.
    """
    from pycocotools import mask as coco

    if any(len(polygon) % 2 for polygon in polygons):
        raise ValueError("a polygon has an odd number of coordinates")
    whole = [[float(value) for value in polygon] for polygon in polygons if len(polygon) >= 6]
    if not all(abs(value) <= _FARTHEST for polygon in whole for value in polygon):
        raise ValueError("a polygon has a coordinate that is no number, or far outside the picture")
    if not whole:
        return np.zeros(size, bool)
    return coco.decode(coco.merge(coco.frPyObjects(whole, *size))) > 0


def segmentation(shape: Any, size: tuple[int, int]) -> np.ndarray:
    """What COCO's "segmentation" may hold as a bool mask of ``size`` = (height, width): polygons, an RLE dict, or a list of these.

    RefClef writes lists of RLE dicts; their union is the thing. Raises ``ValueError``, ``TypeError`` or ``KeyError`` for
    anything else.
    """
    if isinstance(shape, Mapping):
        return decode(shape, size)
    if not isinstance(shape, (list, tuple)):
        raise TypeError(f"it is {type(shape).__name__}, not polygons or RLE")
    if any(isinstance(part, Mapping) for part in shape):
        return np.logical_or.reduce([decode(part, size) for part in shape])
    return fill(shape, size)


def _runs(counts: bytes) -> np.ndarray:
    """Lengths of a compressed RLE's runs, int64: five bits a character, from the third run on the step from the last but one."""
    bits = np.frombuffer(counts, np.uint8).astype(np.int64) - 48
    if not len(bits):
        return bits
    last = bits & 0x20 == 0  # the last character of a run
    if not last[-1]:
        raise ValueError("the counts end in the middle of a run")
    ends = np.flatnonzero(last)
    starts = np.concatenate([[0], ends[:-1] + 1])
    places = np.arange(len(bits)) - np.repeat(starts, ends - starts + 1)
    if bits.min() < 0 or bits.max() > 63 or places.max() > _LONGEST:
        raise ValueError("the counts hold characters that no RLE has")
    values = np.add.reduceat((bits & 0x1F) << (5 * places), starts)
    negative = bits[ends] & 0x10 != 0
    values[negative] -= np.int64(1) << (5 * (places[ends[negative]] + 1))
    for first in (1, 2):
        values[first::2] = np.cumsum(values[first::2])
    return values
