"""Deletion and insertion: how the match probability falls when the hottest patches go, and rises when they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageFilter

from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.frozen import freeze

Score = Callable[[Sequence[np.ndarray]], np.ndarray]
"""Pictures, uint8 (height, width, 3) each, -> match probabilities (n,)."""

Kind = Literal["deletion", "insertion"]
Fill = Literal["mean", "blur", "noise"]
"""What stands where nothing is shown: the picture's mean colour, the picture blurred, or noise of the picture's mean and spread."""

STEPS = 32
"""Steps of a curve where nothing is said, on grids with more patches than that."""

BLUR = 1 / 20
"""Standard deviation of the blur, as a share of the picture's longer side."""

_SLACK = 1e-4
"""How far over 0 and 1 a probability may step by rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """Match probabilities along the way: ``fractions`` float64 (steps + 1,) of the patches deleted or inserted, from 0 to 1,
    ``probabilities`` float64 (steps + 1,), and the ``area`` below by trapezoids, from 0 to 1."""

    kind: Kind
    fill: Fill
    fractions: np.ndarray
    probabilities: np.ndarray
    area: float

    def __post_init__(self) -> None:
        freeze(self, "fractions", "probabilities")


def curve(
    score: Score,
    pixels: np.ndarray,
    heatmap: np.ndarray,
    kind: Kind = "deletion",
    fill: Fill = "mean",
    *,
    steps: int | None = None,
    seed: int = 0,
    batch: int = 16,
) -> Curve:
    """Delete the patches of a picture from the hottest on, or insert them into its fill, and watch the match (Petsiuk et al. 2018).

    A map that found what the match rests on has a small area under deletion and a large one under insertion. Patches that tie, all
    of them in a flat map or one that is not finite, are taken in an order drawn from ``seed``: reading order would delete the sky
    first, which is no blind guess.

    Args:
        score: the match probabilities of pictures; asked for ``steps`` + 1 of them, at most ``batch`` at once.
        pixels: the picture, uint8 (height, width, 3).
        heatmap: float (rows, columns); each patch is its share of the picture's pixels, to the nearest pixel.
        kind: "deletion" starts at the picture, "insertion" at the fill.
        fill: see :data:`Fill`. Noise is drawn from ``seed``.
        steps: equal steps, to the nearest patch. ``None``: one for each patch, and 32 where there are more patches.
        seed: of ties and noise.
        batch: pictures in memory at once.

    Raises:
        OptionError: a wrong shape, type or name, a grid finer than the picture, more steps than patches, or a score that gives no
            probabilities.
    """
    _check(pixels, heatmap, kind, fill)
    patches = heatmap.size
    steps = min(patches, STEPS) if steps is None else steps
    for name, value, most in (("steps", steps, patches), ("batch", batch, None)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= (most or value):
            limit = f" to {most}, the number of patches" if most else ""
            raise OptionError(f"{name} must be a whole number from 1{limit}, but got {value!r}.")
    counts = np.round(np.linspace(0, patches, steps + 1)).astype(int)
    rank = np.empty(patches, int)
    rank[_order(heatmap, seed)] = np.arange(patches)
    rank_of_pixel = rank.reshape(heatmap.shape)[_places(pixels, heatmap)]
    filled = fill_in(pixels, fill, seed)
    hidden, shown = (pixels, filled) if kind == "insertion" else (filled, pixels)
    found: list[np.ndarray] = []
    for start in range(0, len(counts), batch):
        pictures = [
            np.where((rank_of_pixel < count)[..., None], hidden, shown) for count in counts[start : start + batch]
        ]
        found.append(_probabilities(score(pictures), len(pictures)))
    fractions, probabilities = counts / patches, np.concatenate(found)
    return Curve(kind, fill, fractions, probabilities, float(np.trapezoid(probabilities, fractions)))


def fill_in(pixels: np.ndarray, fill: Fill, seed: int = 0) -> np.ndarray:
    """The picture that stands where nothing is shown: uint8, shaped like ``pixels`` (height, width, 3)."""
    mean = pixels.mean((0, 1), dtype=np.float64)
    if fill == "mean":
        return np.broadcast_to(np.round(mean).astype(np.uint8), pixels.shape).copy()
    if fill == "blur":
        blurred = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(max(pixels.shape[:2]) * BLUR))
        return np.asarray(blurred, np.uint8)
    spread = pixels.std((0, 1), dtype=np.float64)
    drawn = np.random.default_rng(seed).normal(mean, spread, pixels.shape)
    return np.clip(np.round(drawn), 0, 255).astype(np.uint8)


def _order(heatmap: np.ndarray, seed: int) -> np.ndarray:
    """Places of the patches from the hottest on; ties in an order drawn from the seed."""
    heat = heatmap.ravel() if np.isfinite(heatmap).all() else np.zeros(heatmap.size)
    drawn = np.random.default_rng(seed).permutation(heat.size)
    return np.lexsort((drawn, -heat))


def _places(pixels: np.ndarray, heatmap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of the patch of every pixel, to index a (rows, columns) array with."""
    sides = zip(pixels.shape[:2], heatmap.shape, strict=True)
    row, column = (((np.arange(length) + 0.5) * cells / length).astype(int) for length, cells in sides)
    return row[:, None], column[None, :]


def _probabilities(given: np.ndarray, count: int) -> np.ndarray:
    try:
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"score must give {count} numbers, but gave {type(given).__name__}.") from error
    if values.shape != (count,):
        raise OptionError(
            f"score must give one probability a picture, shape ({count},), but gave shape {values.shape}."
        )
    if not ((values >= -_SLACK) & (values <= 1 + _SLACK)).all():
        raise OptionError(
            f"score must give probabilities from 0 to 1, but gave values from {values.min():g} to {values.max():g}; "
            "logits need a sigmoid or softmax first."
        )
    return np.clip(values, 0, 1)


def _check(pixels: np.ndarray, heatmap: np.ndarray, kind: str, fill: str) -> None:
    for name, given, allowed in (("kind", kind, get_args(Kind)), ("fill", fill, get_args(Fill))):
        if given not in allowed:
            raise OptionError(f"{name} must be one of {', '.join(map(repr, allowed))}, but got {given!r}.")
    for name, array, dtype, wanted in (
        ("pixels", pixels, np.uint8, "uint8 (height, width, 3)"),
        ("heatmap", heatmap, np.floating, "float (rows, columns)"),
    ):
        if not isinstance(array, np.ndarray):
            raise OptionError(f"{name} must be a NumPy array, {wanted}, but got {type(array).__name__}.")
        fits = array.ndim == 2 if name == "heatmap" else array.ndim == 3 and array.shape[2] == 3
        if not fits or not array.size or not np.issubdtype(array.dtype, dtype):
            raise OptionError(f"{name} must be {wanted}, but is {array.dtype} of shape {array.shape}.")
    if any(cells > length for cells, length in zip(heatmap.shape, pixels.shape[:2], strict=True)):
        raise OptionError(
            f"A map of {heatmap.shape} patches is finer than a picture of {pixels.shape[:2]} pixels; take a larger picture."
        )
