"""Many masks of a large picture in little memory: each cut to its box, one bit a pixel, deflated, unpacked when asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from iterprime_xai.records.errors import ProposalError
from iterprime_xai.records.heatmap import box_of

DENSE_BYTES = 2**27
"""Masks of one picture that take more memory than this as an array are kept packed."""

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels, right and bottom exclusive; all 0 for an empty mask."""

_LEVEL = 1  # masks are mostly long runs: higher levels take longer and save little
_EMPTY: Box = (0, 0, 0, 0)


class PackedMasks:
    """Read-only masks, bool (n, height, width), of which one at a time is unpacked.

    It stands where an array of masks stands: ``len``, ``shape``, ``masks[i]`` (a mask), ``masks[i, y, x]``, ``masks[:, y, x]``
    (arrays), ``masks[2:5]``, ``masks[[4, 1]]``, ``masks[keep]`` (packed again) and a loop work as they do there. ``np.asarray``,
    and so all other arithmetic of numpy, unpacks everything, n * height * width bytes. A mask of a thing takes some kilobytes.
    """

    ndim = 3
    dtype = np.dtype(np.bool_)

    def __init__(self, boxes: Sequence[Box], contents: Sequence[bytes], size: tuple[int, int]) -> None:
        """Masks of a picture of ``size`` = (height, width) from the box of each and its deflated bits, as `pack` makes them."""
        height, width = (int(length) for length in size)
        for left, top, right, bottom in boxes:
            if not (0 <= left <= right <= width and 0 <= top <= bottom <= height):
                raise ProposalError(
                    f"The box {(left, top, right, bottom)} of a mask is not in a picture of {height} x {width}."
                )
        if len(boxes) != len(contents):
            raise ProposalError(
                f"Packed masks need one content a box: {len(boxes)} boxes, but {len(contents)} contents."
            )
        self.boxes, self.contents = tuple(boxes), tuple(contents)
        self.shape = (len(self.boxes), height, width)

    @property
    def nbytes(self) -> int:
        """What the packed masks take, in bytes."""
        return sum(map(len, self.contents))

    def cut(self, index: int) -> tuple[Box, np.ndarray]:
        """The box of one mask and the bool (bottom - top, right - left) inside it."""
        box = left, top, right, bottom = self.boxes[index]
        height, width = bottom - top, right - left
        if not height * width:
            return box, np.zeros((height, width), bool)
        length = (height * width + 7) // 8
        try:
            inflater = zlib.decompressobj()
            bits = inflater.decompress(self.contents[index], length + 1)
        except zlib.error as error:
            raise ProposalError(f"The packed mask {index} is damaged ({error}); make the masks again.") from error
        if len(bits) != length:
            raise ProposalError(
                f"The packed mask {index} has {len(bits)} bytes instead of {length}; make the masks again."
            )
        inside = np.unpackbits(np.frombuffer(bits, np.uint8), count=height * width)
        return box, inside.view(np.bool_).reshape(height, width)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._mask(index) for index in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            return self._within(key)
        if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
            if not -len(self) <= key < len(self):
                raise IndexError(f"mask {key} of {len(self)}")
            return self._mask(int(key) % len(self))
        chosen = np.arange(len(self))[key]
        if chosen.ndim != 1:
            raise IndexError(f"masks are chosen by a number, a slice, a list of numbers or bools, but got {key!r}")
        return PackedMasks(
            [self.boxes[index] for index in chosen], [self.contents[index] for index in chosen], self.shape[1:]
        )

    def _within(self, key: tuple[Any, ...]) -> Any:
        """``masks[which, rows, columns]``: one mask is unpacked at a time, only what is asked for is kept."""
        first, rest = key[0] if key else None, key[1:]
        if isinstance(first, (int, np.integer)):
            return self[first][rest]
        if not isinstance(first, slice) or any(isinstance(each, (list, np.ndarray)) for each in rest):
            return np.asarray(self)[key]  # numpy's rules for lists side by side are its own
        found = [mask[rest].copy() for mask in self[first]]
        return np.stack(found) if found else np.zeros((0, *self.shape[1:]), bool)[(slice(None), *rest)]

    def _mask(self, index: int) -> np.ndarray:
        (left, top, right, bottom), inside = self.cut(index)
        mask = np.zeros(self.shape[1:], bool)
        mask[top:bottom, left:right] = inside
        mask.setflags(write=False)
        return mask

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("packed masks become an array only as a copy")
        whole = np.zeros(self.shape, bool)
        for index, place in enumerate(whole):
            (left, top, right, bottom), inside = self.cut(index)
            place[top:bottom, left:right] = inside
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __repr__(self) -> str:
        return f"PackedMasks({self.shape[0]} x {self.shape[1]} x {self.shape[2]}, {self.nbytes:,} bytes)"


Masks = np.ndarray | PackedMasks
"""Masks of one picture, bool (n, height, width)."""


def pack(masks: Iterable[np.ndarray], size: tuple[int, int]) -> PackedMasks:
    """Masks, bool (height, width) each, as `PackedMasks`; they are taken one by one, so that they may be made one by one."""
    boxes, contents = [], []
    for mask in masks:
        box = left, top, right, bottom = box_of(mask) or _EMPTY
        boxes.append(box)
        contents.append(
            zlib.compress(np.packbits(mask[top:bottom, left:right]).tobytes(), _LEVEL) if right > left else b""
        )
    return PackedMasks(boxes, contents, size)


def held(masks: Iterable[np.ndarray], size: tuple[int, int]) -> Masks:
    """Masks, bool (height, width) each and taken one by one: a read-only array up to `DENSE_BYTES`, `PackedMasks` beyond."""
    source, most = iter(masks), DENSE_BYTES // max(1, size[0] * size[1])
    first: list[np.ndarray] = []
    for mask in source:
        first.append(mask)
        if len(first) > most:
            start = pack(first, size)
            del first
            rest = pack(source, size)
            return PackedMasks(start.boxes + rest.boxes, start.contents + rest.contents, size)
    whole = np.stack(first) if first else np.zeros((0, *size), bool)
    whole.setflags(write=False)  # ours alone: the record need not copy it
    return whole


def lightest(masks: PackedMasks) -> Masks:
    """Packed masks in the form in which `held` would give them: a read-only array where that takes no more than `DENSE_BYTES`."""
    if len(masks) * masks.shape[1] * masks.shape[2] > DENSE_BYTES:
        return masks
    whole = np.asarray(masks)
    whole.setflags(write=False)
    return whole


def cuts(masks: Masks) -> Iterator[tuple[Box, np.ndarray]]:
    """Box and bool inside of each mask, one at a time, the box as small as possible."""
    if isinstance(masks, PackedMasks):
        yield from (masks.cut(index) for index in range(len(masks)))
        return
    for mask in masks:
        box = left, top, right, bottom = box_of(mask) or _EMPTY
        yield box, mask[top:bottom, left:right]


def areas(masks: Masks) -> np.ndarray:
    """How many pixels each mask has, int64 (n,)."""
    return np.array([np.count_nonzero(inside) for _, inside in cuts(masks)], np.int64)


def covers(box: Box, inside: np.ndarray, x: int, y: int) -> bool:
    """Whether a mask, given as its cut, has the pixel (x, y)."""
    left, top, right, bottom = box
    return left <= x < right and top <= y < bottom and bool(inside[y - top, x - left])
