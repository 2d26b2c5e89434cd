"""A plausible grounding made by hand, so that what is drawn can be tested without a model."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from iterprime_xai.records import Expression, Grounding, Pass, Proposals, RankedProposal, Selection, SpatialCue, WordMap
from iterprime_xai.records.expression import Word
from iterprime_xai.records.heatmap import box_of, peak

PHRASE = "the red ball left of the tree"
_CONTENT = {"red": "ADJ", "ball": "NOUN", "left": "NOUN", "tree": "NOUN"}


def picture(width: int = 480, height: int = 360) -> Image.Image:
    """A meadow under a sky with a tree in the middle, a red ball on its left and a blue one on its right."""
    rows = np.linspace(0, 1, height)[:, None, None]
    sky = (1 - rows) * np.array([120, 180, 235]) + rows * np.array([225, 240, 250])
    meadow = (1 - rows) * np.array([150, 190, 90]) + rows * np.array([95, 150, 70])
    colours = np.where(rows < 0.55, sky, meadow).repeat(width, axis=1)
    speckle = np.random.default_rng(0).normal(0, 5, (height, width, 1))
    image = Image.fromarray(np.clip(colours + speckle, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)

    def place(x: float, y: float) -> tuple[float, float]:
        return x * width, y * height

    draw.rectangle((*place(0.49, 0.4), *place(0.54, 0.75)), fill=(110, 78, 48))
    draw.ellipse((*place(0.38, 0.1), *place(0.65, 0.55)), fill=(56, 122, 62))
    draw.ellipse((*place(0.12, 0.6), *place(0.30, 0.85)), fill=(200, 46, 42), outline=(120, 20, 20), width=3)
    draw.ellipse((*place(0.72, 0.62), *place(0.88, 0.84)), fill=(50, 90, 190), outline=(20, 40, 110), width=3)
    return image


def expression(text: str = PHRASE, primary: str | None = "ball") -> Expression:
    """The expression of ``text`` split at spaces, with ``primary`` (else the last word) as its primary word."""
    words = tuple(
        Word(match.group(), match.span(), match.group() in _CONTENT, _CONTENT.get(match.group(), "X"))
        for match in re.finditer(r"\S+", text)
    )
    texts = [word.text for word in words]
    index = texts.index(primary) if primary in texts else len(words) - 1
    cues = ()
    if "left of" in text:
        start = text.index("left of")
        cues = (SpatialCue("left of", (start, start + 7), "relative", "left", texts.index("tree")),)
    return Expression(text, words, index, words[index].span, cues, parser="by hand", confidence=0.9)


def blob(grid: tuple[int, int], x: float, y: float, spread: float = 0.12) -> np.ndarray:
    """A float32 bump of height 1 at the unit position (x, y)."""
    rows = (np.arange(grid[0]) + 0.5)[:, None] / grid[0]
    columns = (np.arange(grid[1]) + 0.5)[None, :] / grid[1]
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread**2)).astype(np.float32)


def disc(width: int, height: int) -> np.ndarray:
    """The mask of the red ball in :func:`picture`."""
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).ellipse((0.12 * width, 0.6 * height, 0.30 * width, 0.85 * height), fill=255)
    return np.asarray(image) > 0


def grounding(
    grid: tuple[int, int] = (14, 14),
    *,
    text: str = PHRASE,
    primary: str | None = "ball",
    passes: int = 3,
    size: tuple[int, int] = (480, 360),
    magnitude: float = 3e-10,
    words: bool = True,
    mask: bool = True,
    **changes: Any,
) -> Grounding:
    """A grounding of ``passes`` looks that sharpen on the red ball; the last of several looks is rejected.

    ``changes`` replaces any field of the finished record.
    """
    width, height = size
    phrase = expression(text, primary)
    ball, tree, other = blob(grid, 0.21, 0.72, 0.09), blob(grid, 0.51, 0.35), blob(grid, 0.8, 0.73)
    noise = np.random.default_rng(1).random(grid).astype(np.float32)
    keep = np.ones(grid, bool)
    blended = np.zeros(grid, np.float32)
    looks: list[Pass] = []
    for number in range(passes):
        fade = 0.6**number
        heatmap = magnitude * (ball + 0.5 * fade * tree + 0.3 * fade * other + 0.06 * noise) * keep
        blended = heatmap if number == 0 else 0.8 * blended + 0.2 * heatmap
        last = number == passes - 1
        rejected = last and passes > 1
        maps = []
        for index, word in enumerate(phrase.words):
            place = tree if word.text == "tree" else other if word.text == "of" else ball
            weight = 1.0 if index == phrase.primary else 0.55 if word.content else 0.12
            maps.append(
                WordMap(word.text, word.span, (magnitude * weight * (place + 0.08 * noise) * keep).astype(np.float32))
            )
        looks.append(
            Pass(
                heatmap=heatmap.astype(np.float32),
                blended=blended.astype(np.float32),
                keep=keep.copy(),
                logit=2.0 - 0.5 * number,
                probability=0.94 - 0.07 * number,
                words=tuple(maps) if words else (),
                accepted=not rejected,
                stopped=("the match probability fell" if rejected else "one pass was asked for") if last else None,
            )
        )
        keep = keep & (heatmap < (0.62 - 0.04 * number) * heatmap.max())
    final = [each for each in looks if each.accepted][-1].blended
    region = disc(width, height)
    box, point = box_of(region), peak(final, (height, width))
    boxes = np.zeros_like(region)
    boxes[int(0.62 * height) : int(0.84 * height), int(0.72 * width) : int(0.88 * width)] = True
    result = Grounding(
        image=picture(width, height),
        expression=phrase,
        heatmap=final,
        passes=tuple(looks),
        box=box,
        point=point,
        proposals=Proposals(np.stack([region, boxes]), np.ones(2, np.float32), "classical (by hand)"),
        selection=Selection(
            (
                RankedProposal(0, 0.83, {"heat inside": 0.71, "heat outside": -0.08, "position": 0.2}),
                RankedProposal(1, 0.34, {"heat inside": 0.3, "heat outside": -0.06, "position": 0.1}),
            ),
            answer=0,
            margin=0.59,
            rule="heat",
            reason="The best proposal holds the peak and most of the heat.",
        ),
        mask=region,
        trace=(
            "primary word 'ball' from parser by hand (confidence 0.90)",
            "layer 2, two thirds of the depth: not validated for this checkpoint",
            "pass 3: match probability 0.800, 180 of 196 patches seen, left out of the map",
            "2 proposals from classical (by hand)",
        ),
        parameters={
            "method": "gradcam",
            "answer": "always",
            "image": {"path": "meadow.png", "sha256": "0" * 64, "size": [height, width]},
            "model": {"name": "handmade", "family": "blip", "grid": list(grid), "heads": 4},
            "layer": 2,
            "recipe": {"name": "default", "prompt": "{expression}", "emphasis": "both", "passes": passes, "blend": 0.2},
            "proposals": "classical (by hand)",
        },
    )
    if not mask:
        result = replace(result, mask=None, proposals=None, selection=None, box=None)
    return replace(result, **changes)
