"""Draws the sprite atlases of the package; needed only when the vocabulary changes, never at run time.

Run as ``python -m iterprime_xai.data.scenes.build_atlas --font NotoColorEmoji.ttf --drawings FOLDER --sets FOLDER`` where the
first FOLDER holds the flat SVG files of Fluent emoji (the npm package ``fluentui-emoji``, ``icons/flat``) and the second a folder
with the ``icons.json`` of each set in ``SETS`` (the npm packages ``@iconify-json/twemoji``, ...). Needs CairoSVG.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from iterprime_xai.data.scenes.sprites import ASSETS, COLUMNS, TILE
from iterprime_xai.data.scenes.vocabulary import NOUNS, Noun

FONT_SIZE = 109  # the only size at which the font carries its bitmaps

_SMALLER = {"man": "man", "zebra": "", "chair": "", "teddy bear": ""}
SETS: dict[str, dict[str, str]] = {
    "twemoji": {},
    "noto-v1": _SMALLER,
    "emojione": _SMALLER,
    "fxemoji": {
        **dict.fromkeys(("zebra", "butterfly", "carrot", "couch", "bed", "boat", "teddy bear"), ""),
        "dog": "dogside",
        "cat": "catside",
        "sheep": "sheep",
        "pig": "pigside",
        "rabbit": "bunnyside",
        "chair": "seat",
        "truck": "deliverytruck",
        "train": "steamlocomotive",
        "apple": "redapple",
        "pizza": "sliceofpizza",
        "cake": "birthdaycake",
        "tree": "deciduoustree",
        "hat": "tophat",
        "shirt": "mansshirt",
        "shoe": "mensrunner",
        "cup": "hotbeverage",
        "wine glass": "wineglass",
        "ball": "soccerball",
        "book": "closedbook",
        "clock": "alarmclock",
        "house": "housebuilding",
        "man": "man",
    },
    "streamline-emojis": {
        **dict.fromkeys(("zebra", "butterfly", "carrot", "tree", "bed", "couch", "chair", "hat", "ball", "fish"), ""),
        **dict.fromkeys(("teddy bear", "book", "clock", "key", "banana", "house"), ""),
        "sheep": "ewe-1",
        "bird": "bird-1",
        "cake": "birthday-cake-1",
        "donut": "doughnut-1",
        "pizza": "pizza-1",
        "flower": "sunflower-1",
        "cactus": "cactus-1",
        "cup": "hot-beverage-1",
        "man": "man-1",
        "woman": "woman-1",
        "boy": "boy-1",
        "girl": "girl-1",
    },
}
"""Artists whose drawings only training sees: what they call a noun where it is not ``Noun.drawing``, "" where they lack it."""


def from_font(font: ImageFont.FreeTypeFont, noun: Noun) -> Image.Image:
    """One glyph, RGBA, on a canvas larger than it.

    Drawn on black and on white, which together tell colour and opacity apart: drawn straight onto a transparent
    canvas, rims would be blended with the canvas's own colour.
    """
    layers = []
    for ground in (0, 255):
        canvas = Image.new("RGB", (220, 220), (ground, ground, ground))
        ImageDraw.Draw(canvas).text((30, 40), noun.glyph, font=font, embedded_color=True)
        layers.append(np.asarray(canvas, dtype=np.float64))
    opacity = np.clip(1 - (layers[1] - layers[0]).mean(axis=-1) / 255, 0, 1)
    colour = np.clip(layers[0] / np.maximum(opacity, 1e-3)[..., None], 0, 255)
    return Image.fromarray(np.round(np.dstack([colour, opacity * 255])).astype(np.uint8))


def from_svg(svg: bytes, aspect: float = 1.0) -> Image.Image:
    """One SVG drawing, ``aspect`` times as high as wide: RGBA, well above tile size."""
    import cairosvg

    png = cairosvg.svg2png(bytestring=svg, output_width=4 * TILE, output_height=round(4 * TILE * aspect))
    return Image.open(io.BytesIO(png)).convert("RGBA")


def from_set(icons: dict[str, Any], artist: str, noun: Noun) -> Image.Image | None:
    """One drawing of a set in Iconify's layout, RGBA; ``None`` where the artist has not drawn it."""
    name = SETS[artist].get(noun.name, noun.drawing.removesuffix("-default"))
    if not name:
        return None
    icon = icons["icons"].get(name) or icons["icons"][icons["aliases"][name]["parent"]]
    wide, high = (icon.get(side, icons.get(side, 16)) for side in ("width", "height"))
    box = f"{icon.get('left', 0)} {icon.get('top', 0)} {wide} {high}"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}">{icon["body"]}</svg>'
    return from_svg(svg.encode(), high / wide)


def fitted(drawing: Image.Image) -> Image.Image:
    """The drawing cut to what is visible, scaled so that its longest side fills a tile, and centred."""
    left, top, right, bottom = drawing.getchannel("A").point(lambda value: 255 * (value > 8)).getbbox()  # type: ignore
    drawing = drawing.crop((left, top, right, bottom))
    scale = (TILE - 2) / max(drawing.size)
    size = (max(1, round(drawing.width * scale)), max(1, round(drawing.height * scale)))
    drawing = drawing.resize(size, Image.Resampling.LANCZOS)
    tile = Image.new("RGBA", (TILE, TILE), (0, 0, 0, 0))
    tile.paste(drawing, ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
    return tile


def shaded(tile: Image.Image) -> np.ndarray:
    """Brightness (stretched to the full range, its median brought to the middle) and opacity, uint8 (TILE, TILE, 2)."""
    pixels = np.asarray(tile, dtype=np.float64)
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    light = (0.34 * red + 0.5 * green + 0.16 * blue) / 255
    solid = inside(pixels[..., 3] >= 128)
    low, high = np.percentile(light[solid], (2, 98))
    light = np.clip(0.5 + (light - (low + high) / 2) / max(high - low, 0.2), 0, 1)
    middle = float(np.clip(np.median(light[solid]), 0.08, 0.92))
    gamma = float(np.clip(np.log(0.55) / np.log(middle), 0.45, 2.2))
    light = spread(light**gamma, solid)
    light[pixels[..., 3] == 0] = 0
    return np.stack([np.round(light * 255), pixels[..., 3]], axis=-1).astype(np.uint8)


def inside(solid: np.ndarray) -> np.ndarray:
    """Pixels whose four neighbours are solid too: the drawing without its rim, whose colours are mixed."""
    padded = np.pad(solid, 1)
    return solid & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]


def spread(light: np.ndarray, solid: np.ndarray, steps: int = 6) -> np.ndarray:
    """Rims take the brightness of their solid neighbours, so that they do not show as a dotted line."""
    known, own, light = solid.copy(), light, np.where(solid, light, 0.0)
    for _ in range(steps):
        padded, counted = np.pad(light, 1), np.pad(known.astype(float), 1)
        shifts = [(row, column) for row in range(3) for column in range(3)]
        height, width = light.shape
        total = sum(padded[row : row + height, column : column + width] for row, column in shifts)
        count = sum(counted[row : row + height, column : column + width] for row, column in shifts)
        fresh = ~known & (count > 0)
        light[fresh] = (total / np.maximum(count, 1))[fresh]
        known |= fresh
    return np.where(known, light, own)


def sheet(tiles: list[Image.Image]) -> Image.Image:
    """All tiles in one picture of brightness and opacity, in the order of the vocabulary."""
    rows = -(-len(tiles) // COLUMNS)
    pixels = np.zeros((rows * TILE, COLUMNS * TILE, 2), np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // COLUMNS * TILE, index % COLUMNS * TILE
        pixels[top : top + TILE, left : left + TILE] = shaded(fitted(tile))
    return Image.fromarray(pixels, "LA")


def main() -> None:
    """Write ``sprites-main.png``, ``sprites-ood.png`` and a sheet for each of ``SETS`` into the package's assets.

    What a set lacks is taken from Twemoji, which lacks nothing.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, required=True)
    parser.add_argument("--drawings", type=Path, required=True)
    parser.add_argument("--sets", type=Path, required=True)
    options = parser.parse_args()
    font = ImageFont.truetype(str(options.font), FONT_SIZE)
    ASSETS.mkdir(parents=True, exist_ok=True)
    sheet([from_font(font, noun) for noun in NOUNS]).save(ASSETS / "sprites-main.png", optimize=True)
    drawings = [from_svg((options.drawings / f"{noun.drawing}.svg").read_bytes()) for noun in NOUNS]
    sheet(drawings).save(ASSETS / "sprites-ood.png", optimize=True)
    others = {}
    for artist in SETS:
        icons = json.loads((options.sets / artist / "icons.json").read_text(encoding="utf-8"))
        others[artist] = [from_set(icons, artist, noun) for noun in NOUNS]
    whole = others["twemoji"]
    for artist, tiles in others.items():
        filled = [tile or other for tile, other in zip(tiles, whole, strict=True)]
        sheet([tile for tile in filled if tile]).save(ASSETS / f"sprites-{artist}.png", optimize=True)


if __name__ == "__main__":
    main()
