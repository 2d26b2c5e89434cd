"""Crops of a picture, one a mask, made when they are asked for: an encoder takes them in batches, so memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.records.packed import Box, Masks, cuts

MEAN = (0.485, 0.456, 0.406)
"""ImageNet's mean colour, RGB from 0 to 1."""

DEVIATION = (0.229, 0.224, 0.225)

MEAN_FILL = tuple(round(255 * mean) for mean in MEAN)
RELEASED_FILL = tuple(round(255 * (mean + deviation * mean)) for mean, deviation in zip(MEAN, DEVIATION, strict=True))
"""Global-Local CLIP's released code puts the mean colour's numbers into a picture whose mean is already taken off and which is
divided by the deviation: as a colour this is the mean plus the deviation times the mean, a lighter grey."""

KERNEL = 75
"""Side of TAS's blurring kernel in pixels, whatever the picture's size."""


Making = Callable[[np.ndarray, np.ndarray, Box], np.ndarray]
"""From a picture's pixels in a mask's box (rows, columns, 3), the mask there (rows, columns) and the box to the crop's pixels."""


class Crops(Sequence[Image.Image]):
    """The crop of every mask, in order, each made anew when it is taken.

    Args:
        pixels: uint8 (height, width, 3).
        masks: bool (n, height, width).
        make: see :data:`Making`.
    """

    def __init__(self, pixels: np.ndarray, masks: Masks, make: Making) -> None:
        self._pixels, self._masks, self._make = pixels, masks, make

    def __len__(self) -> int:
        return len(self._masks)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"crop {index} of {len(self)}")
        ((box, inside),) = cuts(self._masks[[index]])
        if not inside.size:
            # A mask without a pixel has no box: the whole picture, filled, says as much as there is to say.
            height, width = self._masks.shape[1:]
            box, inside = (0, 0, width, height), np.zeros((height, width), bool)
        left, top, right, bottom = box
        return Image.fromarray(self._make(self._pixels[top:bottom, left:right], inside, box))


def filled(colour: Sequence[int]) -> Making:
    """Outside the mask one colour, cropped to the box, of the box's own shape (Global-Local CLIP)."""

    def make(pixels: np.ndarray, inside: np.ndarray, box: Box) -> np.ndarray:
        return np.where(inside[..., None], pixels, np.array(colour, np.uint8))

    return make


def squared(pixels: np.ndarray, inside: np.ndarray, box: Box) -> np.ndarray:
    """Black outside the mask, cropped to the box, black beside it until it is square (TAS, V)."""
    return _square(filled((0, 0, 0))(pixels, inside, box))


def blurred(behind: np.ndarray) -> Making:
    """Outside the mask the pixels of ``behind``, the blurred picture, cropped to the box and squared with black (TAS, P)."""

    def make(pixels: np.ndarray, inside: np.ndarray, box: Box) -> np.ndarray:
        left, top, right, bottom = box
        return _square(np.where(inside[..., None], pixels, behind[top:bottom, left:right]))

    return make


def blur(pixels: np.ndarray, kernel: int = KERNEL) -> np.ndarray:
    """The picture under a Gaussian of ``kernel`` pixels: uint8 (height, width, 3).

    The deviation is 0.3 ((kernel - 1) / 2 - 1) + 0.8 pixels and edges are mirrored, as OpenCV's defaults have it.
    """
    from scipy.ndimage import correlate1d

    radius = (kernel - 1) // 2
    deviation = 0.3 * (radius - 1) + 0.8
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / deviation) ** 2).astype(np.float32)
    weights /= weights.sum()
    found = pixels.astype(np.float32)
    for axis in (0, 1):
        found = correlate1d(found, weights, axis=axis, mode="mirror")
    return np.clip(np.rint(found), 0, 255).astype(np.uint8)


def _square(cut: np.ndarray) -> np.ndarray:
    height, width = cut.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = cut
    return square
