"""The drawings that scenes are made of: one atlas an artist, tinted to any of the colours and scaled on demand."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from iterprime_xai.data.scenes.restyle import redraw
from iterprime_xai.data.scenes.vocabulary import NOUN_INDEX

ASSETS = Path(__file__).parents[2] / "assets"
TILE = 128
COLUMNS = 7
ATLASES = ("main", "ood")
ARTISTS = ("main", "twemoji", "noto-v1", "emojione", "fxemoji", "streamline-emojis")
"""Whose drawings training shows; the published splits hold those of ``ATLASES``, and nobody in training has drawn "ood"."""

RAMPS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "red": ((60, 0, 6), (222, 22, 32), (255, 168, 160)),
    "orange": ((84, 30, 0), (255, 128, 8), (255, 214, 160)),
    "yellow": ((92, 70, 0), (250, 218, 24), (255, 249, 190)),
    "green": ((0, 46, 14), (32, 160, 58), (176, 240, 176)),
    "blue": ((0, 14, 74), (32, 96, 228), (170, 212, 255)),
    "purple": ((42, 0, 60), (144, 46, 196), (228, 184, 248)),
    "white": ((112, 116, 122), (232, 233, 236), (255, 255, 255)),
    "black": ((4, 4, 6), (44, 46, 50), (128, 132, 138)),
}
"""For each colour what the darkest, middle and lightest brightness of a drawing becomes."""


@cache
def ramp(colour: str) -> np.ndarray:
    """uint8 (256, 3): the tint of every brightness."""
    dark, middle, light = (np.array(stop, dtype=np.float64) for stop in RAMPS[colour])
    level = np.linspace(0, 1, 256)[:, None]
    lower, upper = np.clip(level / 0.5, 0, 1), np.clip((level - 0.5) / 0.5, 0, 1)
    return np.round(dark + (middle - dark) * lower + (light - middle) * upper**1.8).astype(np.uint8)


@cache
def _atlas(name: str) -> np.ndarray:
    with Image.open(ASSETS / f"sprites-{name}.png") as sheet:
        return np.asarray(sheet.convert("LA"))


@lru_cache(maxsize=4096)
def tile(atlas: str, noun: str) -> np.ndarray:
    """Brightness and opacity of one drawing, uint8 (TILE, TILE, 2).

    ``atlas`` is one of ``ATLASES`` or ``ARTISTS``, or such a name with a hand that redraws it: "main/7".
    """
    sheet, _, hand = atlas.partition("/")
    if hand:
        return redraw(tile(sheet, noun), int(hand), NOUN_INDEX[noun])
    row, column = divmod(NOUN_INDEX[noun], COLUMNS)
    return _atlas(sheet)[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]


@lru_cache(maxsize=4096)
def aspect(atlas: str, noun: str) -> tuple[float, float]:
    """(width, height) of what is visible in a tile, as shares of the tile; the longer is about 1."""
    solid = tile(atlas, noun)[..., 1] > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    return (int(columns[-1] - columns[0]) + 1) / TILE, (int(rows[-1] - rows[0]) + 1) / TILE


@lru_cache(maxsize=2048)
def tinted(atlas: str, noun: str, colour: str) -> Image.Image:
    """One drawing in one colour: RGBA, TILE x TILE."""
    shade = tile(atlas, noun)
    return Image.fromarray(np.dstack([ramp(colour)[shade[..., 0]], shade[..., 1]]))


@lru_cache(maxsize=16384)
def sprite(atlas: str, noun: str, colour: str, size: int, flipped: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A drawing ready to be laid down at ``size`` x ``size`` pixels.

    Returns what it adds (uint16 (size, size, 3), colour times opacity), what it lets through (uint16 (size, size, 1),
    255 minus opacity), and its solid pixels (bool (size, size), opacity at least one half). Pillow filters RGBA with
    premultiplied colours and an antialiasing support, so small sizes neither alias nor grow dark fringes.
    """
    picture = tinted(atlas, noun, colour)
    if flipped:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    method = Image.Resampling.LANCZOS if size >= TILE else Image.Resampling.HAMMING
    pixels = np.asarray(picture.resize((size, size), method), dtype=np.uint16)
    opacity = pixels[..., 3:]
    return pixels[..., :3] * opacity, 255 - opacity, opacity[..., 0] >= 128


@lru_cache(maxsize=4096)
def coverage(atlas: str, noun: str, size: int, flipped: bool) -> np.ndarray:
    """Solid pixels of a drawing at ``size`` x ``size``, bool, whatever its colour."""
    return sprite(atlas, noun, "red", size, flipped)[2]
