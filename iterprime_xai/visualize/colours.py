"""Colour tables for heat, the scale that maps heat to them, and heat laid over a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

SIGNED_FROM = 0.1
"""A map is signed, and gets the blue-orange table, when its negative part reaches this share of its positive one."""

COLD_OPACITY = 0.48
"""How opaque the coldest heat is, relative to the hottest: cold parts darken a little and stay readable."""

FADE = 0.65
"""How far the picture under the heat loses its own colours, so that they are not mistaken for heat."""

OPACITY = 0.72
"""Default opacity of the hottest heat."""

_BLUE_ORANGE = (
    (8, 48, 99),
    (20, 92, 153),
    (62, 143, 196),
    (146, 195, 222),
    (240, 239, 235),
    (250, 196, 126),
    (238, 143, 43),
    (196, 92, 8),
    (118, 48, 4),
)


@cache
def sequential() -> np.ndarray:
    """Viridis as a uint8 table of shape (256, 3): even in lightness, readable by the colour-blind and in grey."""
    from matplotlib import colormaps

    table = np.rint(colormaps["viridis"](np.arange(256))[:, :3] * 255).astype(np.uint8)
    table.setflags(write=False)
    return table


@cache
def diverging() -> np.ndarray:
    """Blue (negative) over near-white (zero) to orange (positive), as a uint8 table of shape (256, 3)."""
    anchors = np.array(_BLUE_ORANGE, dtype=np.float64)
    places = np.linspace(0, len(anchors) - 1, 256)
    columns = [np.interp(places, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    table = np.rint(np.stack(columns, axis=1)).astype(np.uint8)
    table.setflags(write=False)
    return table


@dataclass(frozen=True, slots=True)
class Scale:
    """What heat the ends of the colour table stand for.

    ``signed`` scales lie evenly about zero and use the diverging table. ``flat`` is true when there is nothing to
    show: every value is the same, or some are not finite.
    """

    low: float
    high: float
    signed: bool = False
    flat: bool = False

    @property
    def table(self) -> np.ndarray:
        """The uint8 (256, 3) colour table that belongs to this scale."""
        return diverging() if self.signed else sequential()

    def levels(self, heatmap: np.ndarray) -> np.ndarray:
        """Heat as places in the table: float32 in [0, 1], clipped at the ends; a flat scale has no strength."""
        if self.flat:
            return np.full(np.shape(heatmap), 0.5 if self.signed else 0.0, np.float32)
        # In double precision: maps of 1e-38 would lose their differences in single.
        scaled = (np.asarray(heatmap, np.float64) - self.low) / (self.high - self.low)
        return np.clip(np.nan_to_num(scaled, nan=0.0), 0, 1).astype(np.float32)

    def strength(self, levels: np.ndarray) -> np.ndarray:
        """How much heat a level stands for, in [0, 1]: the level, or its distance from zero on a signed scale."""
        return np.abs(2 * levels - 1) if self.signed else levels


def scale_of(heatmaps: Iterable[np.ndarray]) -> Scale:
    """The scale that shows all of these maps on common terms; of one map, its own range from lowest to highest."""
    maps = [np.asarray(each, np.float64) for each in heatmaps]
    low = min((float(each.min()) for each in maps if each.size), default=0.0)
    high = max((float(each.max()) for each in maps if each.size), default=0.0)
    if not (np.isfinite(low) and np.isfinite(high)) or high <= low:
        return Scale(low, high, flat=True)
    if low < 0 and -low >= SIGNED_FROM * max(high, 0.0):
        reach = max(-low, high)
        return Scale(-reach, reach, signed=True)
    return Scale(low, high)


def faded(picture: np.ndarray, amount: float = FADE) -> np.ndarray:
    """The uint8 RGB picture with its own colours drawn towards grey by ``amount`` (0 to 1)."""
    colours = picture.astype(np.float32)
    grey = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(colours + amount * (grey[..., None] - colours)).astype(np.uint8)


def heat_layer(heatmap: np.ndarray, scale: Scale, opacity: float = OPACITY, threshold: float = 0.0) -> np.ndarray:
    """Heat as a uint8 (rows, columns, 4) layer to lay over a picture: the hotter, the more opaque.

    ``opacity`` (0 to 1) is that of the hottest heat. Heat whose strength on the scale is below ``threshold`` (0 to 1)
    is left out. A flat scale gives an even, cold layer: no evidence must look like none.
    """
    levels = scale.levels(heatmap)
    strength = scale.strength(levels)
    alpha = opacity * (COLD_OPACITY + (1 - COLD_OPACITY) * strength)
    alpha[strength < threshold] = 0
    colours = scale.table[np.rint(levels * 255).astype(np.intp)]
    return np.dstack([colours, np.rint(255 * alpha).astype(np.uint8)])


def overlay(
    picture: np.ndarray, heatmap: np.ndarray, scale: Scale, opacity: float = OPACITY, threshold: float = 0.0
) -> np.ndarray:
    """Heat laid over a picture: uint8 RGB (height, width, 3); ``heatmap`` is already at the picture's size."""
    return laid_over(faded(picture), heat_layer(heatmap, scale, opacity, threshold))


def laid_over(picture: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """A layer (uint8, height x width x 4) over a picture (uint8 RGB) of its size, by the layer's opacity."""
    from PIL import Image

    paper, alpha = Image.fromarray(picture), Image.fromarray(np.ascontiguousarray(layer[..., 3]))
    return np.asarray(Image.composite(Image.fromarray(np.ascontiguousarray(layer[..., :3])), paper, alpha))
