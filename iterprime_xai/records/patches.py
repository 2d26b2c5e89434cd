"""How much of each patch of a model's grid masks cover."""

from __future__ import annotations

import numpy as np

from iterprime_xai.records.packed import Masks, cuts


def patch_shares(masks: Masks, grid: tuple[int, ...]) -> np.ndarray:
    """The share, 0 to 1, of every patch of the ``grid`` (rows, columns) that each mask covers: float64 (n, rows, columns).

    Sums over the patches are exact with these, without any upsampling. ``masks`` are looked at one at a time.
    """
    down, across = (_along_axis(patches, pixels) for patches, pixels in zip(grid, masks.shape[1:], strict=True))
    shares = np.zeros((len(masks), *grid))
    for share, ((left, top, right, bottom), inside) in zip(shares, cuts(masks), strict=True):
        if right > left:
            share[:] = down[:, top:bottom] @ inside.astype(np.float32) @ across[:, left:right].T
    return shares


def _along_axis(patches: int, pixels: int) -> np.ndarray:
    """(patches, pixels): which share of each patch each pixel takes, along one axis."""
    edges = np.arange(patches + 1)[:, None] * (pixels / patches)
    pixel = np.arange(pixels)[None]
    shared = np.minimum(edges[1:], pixel + 1) - np.maximum(edges[:-1], pixel)
    return (np.clip(shared, 0, None) * (patches / pixels)).astype(np.float32)
