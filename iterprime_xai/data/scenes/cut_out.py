"""A thing cut out of its picture by its mask, as the systems that choose among masks show it to CLIP."""

from __future__ import annotations

import numpy as np
from PIL import Image

MEAN_COLOUR = (124, 116, 104)
"""ImageNet's mean, (0.485, 0.456, 0.406), as Global-Local CLIP fills what is outside of a mask."""

BACKGROUNDS = ("mean", "black")


def cut_out(image: np.ndarray, mask: np.ndarray, background: str) -> Image.Image:
    """The box of a mask (bool, not empty) in a picture (uint8), with all else filled.

    "mean": with the mean colour, the box as it is, for a model that stretches it. "black": with black, padded to a square.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    fill = np.array(MEAN_COLOUR if background == "mean" else (0, 0, 0), np.uint8)
    part = np.where(mask[top:bottom, left:right, None], image[top:bottom, left:right], fill)
    if background == "mean":
        return Image.fromarray(part)
    side = max(part.shape[:2])
    square = np.zeros((side, side, 3), np.uint8)
    y, x = (side - part.shape[0]) // 2, (side - part.shape[1]) // 2
    square[y : y + part.shape[0], x : x + part.shape[1]] = part
    return Image.fromarray(square)
