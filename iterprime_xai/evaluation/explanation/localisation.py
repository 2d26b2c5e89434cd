"""Whether a map lies on what is meant: its peak, its heat, its ranking and its best outline, each against a mask.

All of them take a map (rows, columns) on the model's native grid and a bool mask (height, width) of the picture, and agree on the
hard cases: an empty mask gives NaN, since nothing can lie on nothing, and a map that is nowhere positive or not finite gives 0.
A flat positive map gets what a blind guess gets, the mask's share of the picture, except in the pointing game: it has no peak, so
it misses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from iterprime_xai.evaluation.heat import heat_in_object
from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.heatmap import box_of, peak, resize

Region = Literal["mask", "box"]
"""The mask itself, or its bounding box, as in work that has boxes only."""


@dataclass(frozen=True, slots=True)
class ThresholdIou:
    """The best overlap that a threshold reaches, and that threshold: the region is where the resized map is at least that high."""

    iou: float
    threshold: float


def pointing_game(heatmap: np.ndarray, mask: np.ndarray, *, tolerance: float = 0) -> float:
    """1 where the peak falls on the mask, 0 where it does not, NaN for an empty mask.

    The peak is the middle of the hottest patch; a tie goes to the first patch in reading order, and a blank map (flat, nowhere
    positive or not finite) has no peak: a miss. With ``tolerance`` the peak may lie that many pixels off the mask, in a straight
    line (Zhang et al. 2018 allow 15).

    Raises:
        OptionError: map or mask of another shape or type, or a negative tolerance.
    """
    _check(heatmap, mask)
    if not 0 <= tolerance < np.inf:
        raise OptionError(f"tolerance must be pixels from 0, but got {tolerance!r}.")
    if not mask.any():
        return float("nan")
    point = peak(heatmap, _size(mask))
    if point is None:
        return 0.0
    rows, columns = np.nonzero(mask)
    return float(((rows - point[1]) ** 2 + (columns - point[0]) ** 2).min() <= tolerance**2)


def energy_in_mask(heatmap: np.ndarray, mask: np.ndarray, *, region: Region = "mask") -> float:
    """Share of the positive heat of the map, resized to the picture, that lies in the mask: the energy-based pointing game.

    The paper (Score-CAM, Wang et al. 2020) counts in the bounding box: ``region="box"``. NaN for an empty mask.

    Raises:
        OptionError: map or mask of another shape or type, or an unknown region.
    """
    _check(heatmap, mask)
    if region not in get_args(Region):
        raise OptionError(f"region must be one of {', '.join(map(repr, get_args(Region)))}, but got {region!r}.")
    box = box_of(mask)
    if box is None:
        return float("nan")
    if not _says_something(heatmap):
        return 0.0
    if region == "box":
        left, top, right, bottom = box
        mask = np.zeros_like(mask)
        mask[top:bottom, left:right] = True
    return heat_in_object(heatmap, mask)


def relevance_mass_accuracy(heatmap: np.ndarray, mask: np.ndarray) -> float:
    """Share of the positive relevance that lies in the mask, each patch's being spread evenly over its pixels (Arras et al. 2022).

    Nothing is interpolated, which is what sets it apart from :func:`energy_in_mask`: a patch half in the mask brings half of its
    relevance. NaN for an empty mask.

    Raises:
        OptionError: map or mask of another shape or type.
    """
    from iterprime_xai.models.mask_grid import on_grid  # its package brings torch along

    _check(heatmap, mask)
    if not mask.any():
        return float("nan")
    if not _says_something(heatmap):
        return 0.0
    relevance = np.clip(heatmap.astype(np.float64), 0, None)
    cover = on_grid(mask[None], (heatmap.shape[0], heatmap.shape[1]), "area")[0]
    return float((relevance * cover).sum() / relevance.sum())


def relevance_rank_accuracy(heatmap: np.ndarray, mask: np.ndarray) -> float:
    """Share of the K hottest pixels of the resized map that lie in the mask, K being the mask's size (Arras et al. 2022).

    Pixels that tie for the last places count by their share: the mean over all orders of them. NaN for an empty mask.

    Raises:
        OptionError: map or mask of another shape or type.
    """
    _check(heatmap, mask)
    size = int(mask.sum())
    if not size:
        return float("nan")
    if not _says_something(heatmap):
        return 0.0
    heat = resize(heatmap, _size(mask))
    last = np.partition(heat, heat.size - size, axis=None)[heat.size - size]
    above, level = heat > last, heat == last
    places = size - int(above.sum())
    return float((mask[above].sum() + places * mask[level].mean()) / size)


def best_threshold_iou(heatmap: np.ndarray, mask: np.ndarray) -> ThresholdIou:
    """The best IoU of the mask with a region where the resized map is at least some threshold, over all positive thresholds.

    Exact: every value of the resized map is tried, by sorting once. Heat of 0 or less is no evidence and in no region. Of equally
    good thresholds the highest is told. A map that is nowhere positive or not finite has IoU 0 and threshold NaN; an empty mask
    gives NaN for both.

    Raises:
        OptionError: map or mask of another shape or type.
    """
    _check(heatmap, mask)
    nothing = float("nan")
    if not mask.any():
        return ThresholdIou(nothing, nothing)
    if not _says_something(heatmap):
        return ThresholdIou(0.0, nothing)
    heat = resize(heatmap, _size(mask)).ravel()
    order = np.argsort(-heat, kind="stable")
    heat = heat[order]
    hits = np.cumsum(mask.ravel()[order])
    # A threshold takes all pixels of its value, so a region ends where the next value is another one.
    ends = np.flatnonzero(np.append(heat[1:] != heat[:-1], True) & (heat > 0))
    if not len(ends):  # the resize flattened the only hot patches away: a grid finer than the picture
        return ThresholdIou(0.0, nothing)
    overlap = hits[ends] / (ends + 1 + mask.sum() - hits[ends])
    best = int(np.argmax(overlap))
    return ThresholdIou(float(overlap[best]), float(heat[ends[best]]))


def _says_something(heatmap: np.ndarray) -> bool:
    """Whether the map is finite and somewhere positive. Flat positive maps do: that every patch counts alike."""
    return bool(np.isfinite(heatmap).all()) and float(heatmap.max()) > 0


def _size(mask: np.ndarray) -> tuple[int, int]:
    return mask.shape[0], mask.shape[1]


def _check(heatmap: np.ndarray, mask: np.ndarray) -> None:
    for name, given, kind, shape in (
        ("heatmap", heatmap, np.floating, "(rows, columns)"),
        ("mask", mask, np.bool_, "(height, width)"),
    ):
        if not isinstance(given, np.ndarray):
            raise OptionError(f"{name} must be a NumPy array {shape}, but got {type(given).__name__}.")
        if given.ndim != 2 or not given.size or not np.issubdtype(given.dtype, kind):
            wanted = "bool" if kind is np.bool_ else "float"
            raise OptionError(f"{name} must be {wanted} {shape}, but is {given.dtype} of shape {given.shape}.")
