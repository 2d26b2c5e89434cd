"""Whether the map of a caption's word lies on what the word names, on scenes whose things and masks are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.render import render
from iterprime_xai.data.scenes.vocabulary import COLOURS, SIZE_WORDS, SYNONYMS
from iterprime_xai.evaluation.bootstrap import Interval, interval
from iterprime_xai.records.heatmap import is_blank, peak
from iterprime_xai.saliency.captioning import look, read_caption, word_maps

if TYPE_CHECKING:
    from iterprime_xai.data.scenes.scene import Scene
    from iterprime_xai.models.captioner import Captioner
    from iterprime_xai.models.telling import Score
    from iterprime_xai.saliency.recipe import Slope

SIZE = 336
"""Side of a scene's picture in pixels."""

_SIZES = frozenset(word for words in SIZE_WORDS.values() for word in words)
_LONGEST = max(len(words.split()) for words in SYNONYMS)


@dataclass(frozen=True, slots=True)
class Naming:
    """Words of a caption that name things: ``places`` of the words, their ``kind`` ("noun" or "colour"), and what is named.
    ``colour`` is
    ``None`` for a noun without one."""

    places: tuple[int, ...]
    kind: str
    noun: str
    colour: str | None


@dataclass(frozen=True, slots=True)
class WordPointing:
    """One word looked at in one way.

    ``named``: the peak lies on a thing that the word fits (of this noun, or of this colour). ``meant``: on one that noun and colour
    fit together. ``other``: on another thing of the picture. A blank map has no peak and misses. ``area`` is the share of the
    picture that the ``named`` things fill, ``guess`` their share of all things.
    """

    picture: str
    way: str
    layer: int
    kind: str
    named: bool
    meant: bool
    other: bool
    blank: bool
    area: float
    guess: float


@dataclass(frozen=True, slots=True)
class PointingRow:
    """All words of a kind in one way at one layer: see :class:`WordPointing`."""

    way: str
    layer: int
    kind: str
    named: Interval
    meant: Interval
    other: float
    blank: float
    area: float
    guess: float
    count: int


def namings(words: Sequence[str]) -> list[Naming]:
    """What a caption's words name: every noun, and the colour said of it ("red dog", "small red dog", "woman in red")."""
    words = [word.lower() for word in words]
    found, start = [], 0
    while start < len(words):
        for length in range(min(_LONGEST, len(words) - start), 0, -1):
            noun = SYNONYMS.get(" ".join(words[start : start + length]))
            if noun is not None:
                break
        if noun is None:
            start += 1
            continue
        end, before = start + length, start - 1
        while before >= 0 and words[before] in _SIZES:
            before -= 1
        place = None
        if before >= 0 and words[before] in COLOURS:
            place = before
        elif words[end : end + 1] == ["in"] and end + 1 < len(words) and words[end + 1] in COLOURS:
            place = end + 1
        colour = None if place is None else words[place]
        found.append(Naming(tuple(range(start, end)), "noun", noun, colour))
        if place is not None:
            found.append(Naming((place,), "colour", noun, colour))
        start = end
    return found


def point(
    captioner: Captioner,
    scene: Scene,
    layers: Sequence[int],
    ways: Sequence[tuple[Score, Slope]],
    caption: str | None = None,
) -> list[WordPointing]:
    """What the peaks of a caption's words lie on, for each way and layer; ``caption`` stands in for the captioner's own.

    Words that name what is not in the picture are left out: there is nothing for them to point at.
    """
    drawn = render(scene, SIZE)
    picture = Image.fromarray(drawn.image)
    read = read_caption(captioner, captioner.caption(picture) if caption is None else caption)
    named = namings([read.text[start:end] for start, end in read.spans])
    found = []
    for score in dict.fromkeys(score for score, _ in ways):
        telling = look(captioner, picture, read, layers, score)
        for way in (way for way in ways if way[0] == score):
            for layer in layers:
                maps = [word.heatmap for word in word_maps(read, telling, layer, way[1])]
                label = f"{score}, by the {way[1]}"
                for naming in named:
                    found += _pointing(scene, drawn.masks, maps, naming, label, layer)
    return found


def _pointing(
    scene: Scene, masks: np.ndarray, maps: Sequence[np.ndarray], naming: Naming, way: str, layer: int
) -> list[WordPointing]:
    nouns = [thing.noun == naming.noun for thing in scene.things]
    colours = [naming.colour in (None, thing.colour) for thing in scene.things]
    meant = np.logical_and(nouns, colours)
    if not masks[meant].any():
        return []
    named = np.array(nouns if naming.kind == "noun" else colours)
    where = masks[named].any(0)
    found = []
    for place in naming.places:
        spot = peak(maps[place], (SIZE, SIZE))
        on = np.zeros(len(masks), bool) if spot is None else masks[:, spot[1], spot[0]]
        found.append(
            WordPointing(
                picture=scene.name,
                way=way,
                layer=layer,
                kind=naming.kind,
                named=bool(on[named].any()),
                meant=bool(on[meant].any()),
                other=bool(on[~named].any()),
                blank=is_blank(maps[place]),
                area=float(where.mean()),
                guess=float(named.mean()),
            )
        )
    return found


def pointing_rows(words: Iterable[WordPointing], seed: int = 0) -> list[PointingRow]:
    """A row for every kind of word, way and layer; 95 % intervals over pictures."""

    def group(word: WordPointing) -> tuple[str, str, int]:
        return word.kind, word.way, word.layer

    rows = []
    for (kind, way, layer), each in groupby(sorted(words, key=group), group):
        some = list(each)
        pictures = [word.picture for word in some]
        rows.append(
            PointingRow(
                way=way,
                layer=layer,
                kind=kind,
                named=interval([float(word.named) for word in some], pictures, seed),
                meant=interval([float(word.meant) for word in some], pictures, seed),
                other=float(np.mean([word.other for word in some])),
                blank=float(np.mean([word.blank for word in some])),
                area=float(np.mean([word.area for word in some])),
                guess=float(np.mean([word.guess for word in some])),
                count=len(some),
            )
        )
    return rows


def measure(
    captioner: Captioner,
    layers: Sequence[int],
    ways: Sequence[tuple[Score, Slope]],
    split: str = "val",
    count: int = 300,
    seed: int = 0,
    first: int = 0,
) -> list[PointingRow]:
    """:func:`pointing_rows` of the captions of ``count`` scenes of a split."""
    scenes = (generate(seed, index, split) for index in range(first, first + count))
    return pointing_rows([word for scene in scenes for word in point(captioner, scene, layers, ways)], seed)
