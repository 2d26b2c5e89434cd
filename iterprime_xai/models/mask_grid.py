"""Masks on a model's grid: how much of each patch a mask covers."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from iterprime_xai.records import OptionError, ProposalError
from iterprime_xai.records.packed import Masks, PackedMasks

Resize = Literal["bilinear", "area"]
"""Bilinear without antialiasing, as released code resizes masks, or the exact share of each patch that is covered."""


def on_grid(masks: Masks, grid: tuple[int, int], resize: Resize = "bilinear") -> np.ndarray:
    """Resize masks to a grid.

    "bilinear" is read off the four pixels around the middle of each patch, so a mask between the middles vanishes; "area" is the
    share of each patch inside the mask. One mask at a time is made larger than a bit a pixel.

    Args:
        masks: bool (n, height, width).
        grid: (rows, columns).

    Returns:
        float32 (n, rows, columns) from 0 to 1; a mask of all ones stays exactly that.

    Raises:
        OptionError: ``resize`` is neither. ProposalError: masks of another type or shape.
    """
    if resize not in get_args(Resize):
        raise OptionError(f"resize must be one of {', '.join(map(repr, get_args(Resize)))}, but got {resize!r}.")
    masks = masks if isinstance(masks, PackedMasks) else np.asarray(masks)
    if masks.ndim != 3 or masks.dtype != np.bool_:
        raise ProposalError(
            f"Expected boolean masks of shape (n, height, width), but got {masks.dtype} of shape {masks.shape}; "
            "convert with `np.stack(masks) > 0`."
        )
    weigh = _points if resize == "bilinear" else _shares
    down, along = (weigh(length, cells) for length, cells in zip(masks.shape[1:], grid, strict=True))
    rows, columns = (np.flatnonzero(weights.any(0)) for weights in (down, along))
    down, along = down[:, rows], along[:, columns]
    found = np.zeros((len(masks), *grid), np.float32)
    for place, mask in enumerate(masks):
        found[place] = down @ mask[np.ix_(rows, columns)] @ along.T
    return found


def _points(length: int, cells: int) -> np.ndarray:
    """Weights (cells, length) of the two pixels beside each cell's middle, pixels being taken at their own middles."""
    middles = np.clip((np.arange(cells) + 0.5) * length / cells - 0.5, 0, length - 1)
    before = middles.astype(int)
    weights = np.zeros((cells, length))
    weights[np.arange(cells), before] = 1 - (middles - before)
    weights[np.arange(cells), np.minimum(before + 1, length - 1)] += middles - before
    return weights


def _shares(length: int, cells: int) -> np.ndarray:
    """Weights (cells, length) of every pixel: the share of the cell that it fills."""
    edges, pixels = np.arange(cells + 1) * length / cells, np.arange(length)
    inside = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(inside, 0, None) * cells / length
