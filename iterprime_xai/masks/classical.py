"""Mask proposals without a model: what stands out from a smooth background, at several thresholds."""

from __future__ import annotations

import numpy as np
from PIL import Image

from iterprime_xai.records import Proposals


def classical_proposals(image: Image.Image) -> Proposals:
    """Candidate masks of an RGB picture, at its own resolution, the likeliest first."""
    from scipy import ndimage
    from skimage.color import rgb2lab

    scale = min(1.0, 336 / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    lab = rgb2lab(np.asarray(image.resize(size, Image.Resampling.BOX)))
    distance = _background_distance(lab)
    masks = []
    for threshold in (6, 10, 14, 20, 28):
        labels, count = ndimage.label(distance > threshold)
        areas = np.bincount(labels.ravel(), minlength=count + 1)
        masks += [
            ndimage.binary_fill_holes(labels == k) for k in range(1, count + 1) if areas[k] >= 0.002 * distance.size
        ]
    rows = np.minimum(((np.arange(image.height) + 0.5) * size[1] / image.height).astype(int), size[1] - 1)
    columns = np.minimum(((np.arange(image.width) + 0.5) * size[0] / image.width).astype(int), size[0] - 1)
    small = np.stack(masks) if masks else np.ones((1, *distance.shape), bool)
    return Proposals(small[:, rows][:, :, columns], np.ones(len(small), np.float32), "classical")


def _background_distance(lab: np.ndarray) -> np.ndarray:
    """How far every pixel's colour is from a smooth (quadratic) background, found robustly from the border inwards."""
    height, width = lab.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    y, x = (y / height - 0.5).ravel(), (x / width - 0.5).ravel()
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], 1)
    colours = lab.reshape(-1, 3)
    near = np.minimum.reduce([y + 0.5, 0.5 - y, x + 0.5, 0.5 - x])
    weight = (near < 0.04).astype(float)
    distance = np.zeros(len(colours))
    for _ in range(6):
        weighted = terms * weight[:, None]
        coefficients = np.linalg.solve(weighted.T @ terms + 1e-6 * np.eye(6), weighted.T @ colours)
        distance = np.linalg.norm(colours - terms @ coefficients, axis=1)
        spread = max(float(np.median(distance[weight > 0])), 2.0)
        weight = 1 / (1 + (distance / (2 * spread)) ** 4)
    return distance.reshape(height, width)
