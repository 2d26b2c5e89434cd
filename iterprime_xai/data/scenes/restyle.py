"""The same things as other hands might draw them: turned, stretched, flattened, outlined, blurred.

A model that has seen one artist only learns that artist's strokes. Training shows every thing in many such hands, so that the
drawings of an artist it never saw are still known.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from iterprime_xai.data.scenes.dice import Dice

HANDS = 16
"""How many there are; number 0 to ``HANDS - 1``."""


def redraw(tile: np.ndarray, hand: int, noun: int) -> np.ndarray:
    """Brightness and opacity uint8 (side, side, 2) of a drawing, as this hand draws this noun; always the same."""
    dice = Dice(hand, noun, 77)
    light, opacity = _warped(tile, dice)
    light = _toned(light, opacity > 0.5, dice)
    if dice.chance(0.35):
        light = _outlined(light, opacity, dice)
    return np.round(np.stack([np.clip(light, 0, 1), opacity], axis=-1) * 255).astype(np.uint8)


def _warped(tile: np.ndarray, dice: Dice) -> tuple[np.ndarray, np.ndarray]:
    """Turned by up to 15 degrees, slanted and stretched, and fitted to the tile again: brightness and opacity, 0 to 1."""
    side = len(tile)
    turn, slant, stretch = np.radians(dice.between(-15, 15)), dice.between(-0.18, 0.18), dice.between(0.8, 1.25)
    ahead = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    ahead = ahead @ np.array([[1, slant], [0, 1]]) @ np.diag([stretch**0.5, stretch**-0.5])
    back, large = np.linalg.inv(ahead), 2 * side
    shift = np.full(2, side / 2) - back @ np.full(2, large / 2)
    matrix = (back[0, 0], back[0, 1], shift[0], back[1, 0], back[1, 1], shift[1])
    share = tile[..., 1] / np.float32(255)
    # Brightness goes along times opacity, so that what is invisible does not mix in at the rims.
    bands = [Image.fromarray(band) for band in (tile[..., 0] * share, share)]
    wide = [band.transform((large, large), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR) for band in bands]
    rows, columns = (np.flatnonzero((np.asarray(wide[1]) > 0.5).any(axis=axis)) for axis in (1, 0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    scale = (side - 2) / max(box[2] - box[0], box[3] - box[1])
    size = (max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale)))
    fitted = np.zeros((2, side, side), np.float32)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    for band, canvas in zip(wide, fitted, strict=True):
        part = band.crop(box).resize(size, Image.Resampling.BILINEAR)
        canvas[top : top + size[1], left : left + size[0]] = np.asarray(part)
    return fitted[0] / np.maximum(fitted[1], 0.02) / 255, fitted[1]


def _toned(light: np.ndarray, solid: np.ndarray, dice: Dice) -> np.ndarray:
    """Other shading: inverted now and then, flatter or harder, of few steps, soft; the middle stays in the middle."""
    if dice.chance(0.4):
        picture = Image.fromarray(np.round(light * 255).astype(np.uint8))
        light = np.asarray(picture.filter(ImageFilter.GaussianBlur(dice.between(0.5, 4))), np.float32) / 255
    if dice.chance(0.2):
        light = 1 - light
    middle = float(np.median(light[solid])) if solid.any() else 0.5
    light = (light - middle) * dice.between(0.15, 1.4)
    if dice.chance(0.35):
        steps = 2 + dice.below(4)
        light = np.round(light * steps) / steps
    return light + dice.between(0.38, 0.66)


def _outlined(light: np.ndarray, opacity: np.ndarray, dice: Dice) -> np.ndarray:
    """A rim of another brightness, 1 to 4 pixels of a 128-pixel tile wide."""
    picture = Image.fromarray(np.round(opacity * 255).astype(np.uint8))
    inner = np.asarray(picture.filter(ImageFilter.MinFilter(3 + 2 * dice.below(4))), np.float32) / 255
    rim = dice.between(0, 0.3) if dice.chance(0.75) else dice.between(0.7, 1)
    return light * inner + rim * (1 - inner)
