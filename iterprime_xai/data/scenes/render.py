"""Draws a scene at any size, with the exact visible mask of every thing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.scene import Background, Scene, Thing
from iterprime_xai.data.scenes.sprites import sprite

_SMALL = 14  # cells of the noise that textures are made of


@dataclass(frozen=True, eq=False)
class Rendered:
    """A drawn scene: ``image`` uint8 (size, size, 3), ``masks`` bool (things, size, size) of what is visible."""

    image: np.ndarray
    masks: np.ndarray


def render(scene: Scene, size: int) -> Rendered:
    """Draw the scene ``size`` x ``size`` pixels large. A pixel is in the mask of the frontmost solid thing only."""
    canvas = _background(scene.background, size)
    owner = np.full((size, size), -1, np.int8)
    for index, thing in enumerate(scene.things):
        rows, columns, inner_rows, inner_columns = _window(thing, size)
        adds, lets, solid = _sprite(thing, scene.atlas, size)
        window = canvas[rows, columns]
        canvas[rows, columns] = (
            adds[inner_rows, inner_columns] + window * lets[inner_rows, inner_columns] + 127
        ) // 255
        owner[rows, columns][solid[inner_rows, inner_columns]] = index
    masks = owner[None] == np.arange(len(scene.things), dtype=np.int8)[:, None, None]
    return Rendered(canvas.astype(np.uint8), masks)


def render_image(scene: Scene, size: int) -> np.ndarray:
    """The picture alone, uint8 (size, size, 3): the same pixels as :func:`render`, without the cost of the masks."""
    canvas = _background(scene.background, size)
    for thing in scene.things:
        rows, columns, inner_rows, inner_columns = _window(thing, size)
        adds, lets, _ = _sprite(thing, scene.atlas, size)
        window = canvas[rows, columns]
        canvas[rows, columns] = (
            adds[inner_rows, inner_columns] + window * lets[inner_rows, inner_columns] + 127
        ) // 255
    return canvas.astype(np.uint8)


def _sprite(thing: Thing, atlas: str, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return sprite(atlas, thing.noun, thing.colour, max(1, round(thing.extent * size)), thing.flipped)


def _window(thing: Thing, size: int) -> tuple[slice, slice, slice, slice]:
    """Where the sprite lies: rows and columns of the picture, and of the sprite where the picture's edge cuts it."""
    side = max(1, round(thing.extent * size))
    left, top = round(thing.x * size - side / 2), round(thing.y * size - side / 2)
    x, y, right, bottom = max(0, left), max(0, top), min(size, left + side), min(size, top + side)
    return slice(y, bottom), slice(x, right), slice(y - top, bottom - top), slice(x - left, right - left)


def _background(background: Background, size: int) -> np.ndarray:
    """uint16 (size, size, 3); the pattern is the same at every size."""
    first = np.array(background.colours[0], dtype=np.float32)
    second = np.array(background.colours[-1], dtype=np.float32)
    if background.kind == "flat":
        return np.full((size, size, 3), first, np.uint16)
    dice = Dice(background.seed)
    if background.kind == "gradient":
        across, down = dice.between(-1, 1), dice.between(-1, 1)
        steps = _steps(size)
        level = np.clip(0.5 + across * steps[None] + down * steps[:, None], 0, 1)
        return (first + (second - first) * level[..., None]).astype(np.uint16)
    if background.kind == "texture":
        return _texture(dice, first, second, size)
    return _clutter(dice, background, size)


@lru_cache(maxsize=8)
def _steps(size: int) -> np.ndarray:
    return ((np.arange(size, dtype=np.float32) + 0.5) / size) - 0.5


def _texture(dice: Dice, first: np.ndarray, second: np.ndarray, size: int) -> np.ndarray:
    """Soft noise, stripes, or a checkerboard, of low contrast."""
    style = dice.below(3)
    if style == 0:
        cells = np.array([dice.uniform() for _ in range(_SMALL * _SMALL)], np.float32).reshape(_SMALL, _SMALL)
        level = np.asarray(Image.fromarray(cells).resize((size, size), Image.Resampling.BILINEAR))
    else:
        steps = _steps(size)
        pitch, turn = dice.between(6, 12), dice.between(-1, 1)
        if style == 1:
            level = 0.5 + 0.5 * np.sin(2 * np.pi * pitch * (steps[None] * (1 - abs(turn)) + steps[:, None] * turn))
        else:
            level = ((np.floor(steps[None] * pitch) + np.floor(steps[:, None] * pitch)) % 2).astype(np.float32)
    return (first + (second - first) * (0.5 * level[..., None])).astype(np.uint16)


def _clutter(dice: Dice, background: Background, size: int) -> np.ndarray:
    """Faint blots and boxes, none of which is a thing."""
    picture = Image.new("RGB", (size, size), background.colours[0])
    pen = ImageDraw.Draw(picture)
    for _ in range(8 + dice.below(14)):
        x, y, wide, high = dice.uniform(), dice.uniform(), dice.between(0.04, 0.3), dice.between(0.04, 0.3)
        shift = dice.between(-26, 26)
        colour = tuple(int(min(240, max(80, value + shift + dice.between(-8, 8)))) for value in background.colours[0])
        box = [(x - wide / 2) * size, (y - high / 2) * size, (x + wide / 2) * size, (y + high / 2) * size]
        if dice.chance(0.5):
            pen.ellipse(box, fill=colour)
        else:
            pen.rectangle(box, fill=colour)
    return np.asarray(picture, dtype=np.uint16)
