"""Makes scenes: the same (seed, index, split) gives the same scene on every machine, whatever was made before it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.scene import Background, Scene, Thing
from iterprime_xai.data.scenes.sprites import aspect, coverage
from iterprime_xai.data.scenes.vocabulary import COLOURS, EXTENTS, NOUNS, SPLITS, is_unseen
from iterprime_xai.records import OptionError

COUNTS = ((2, 10), (3, 22), (4, 26), (5, 20), (6, 12), (7, 6), (8, 4))
GRID = 64
LEAST_VISIBLE = 0.5
"""On the planning grid; masks at other sizes round differently, and stay above 0.45."""
NAMES = tuple(noun.name for noun in NOUNS)
ALLOWED = {
    (name, unseen): tuple(colour for colour in COLOURS if is_unseen(name, colour) == unseen)
    for name in NAMES
    for unseen in (False, True)
}


def generate(seed: int, index: int, split: str = "val", atlas: str | None = None) -> Scene:
    """The scene with this number in this split; 2 to 8 things, nouns repeated in most.

    Every thing stays at least 45 % visible. ``atlas`` has it drawn by another hand than the split's own (see
    :func:`~iterprime_xai.data.scenes.sprites.tile`). Raises ``OptionError`` for an unknown split.
    """
    if split not in SPLITS:
        raise OptionError(f"A split of the scenes is one of {', '.join(SPLITS)}, but got {split!r}.")
    dice = Dice(seed, SPLITS.index(split), index)
    atlas = atlas or ("ood" if split == "ood" else "main")
    background = _background(dice)
    things, hidden = _placed(dice, _cast(dice, split), atlas)
    while len(things) < 2:  # crowded out; the next draw has room
        things, hidden = _placed(dice, _cast(dice, split), atlas)
    return Scene(things, background, atlas, hidden, split, seed, index)


def _background(dice: Dice) -> Background:
    kind = dice.weighted((("flat", 25), ("gradient", 30), ("texture", 25), ("clutter", 20)))
    first = _pastel(dice)
    second = _near(dice, first) if dice.chance(0.6) else _pastel(dice)
    return Background(kind, (first, second), dice.below(2**31))


def _pastel(dice: Dice) -> tuple[int, int, int]:
    """A muted colour of middle brightness, against which white and black things both stand out."""
    grey = dice.between(128, 192)
    reach = dice.between(0, 38)
    red, green, blue = (int(min(218, max(96, grey + reach * dice.between(-1, 1)))) for _ in range(3))
    return red, green, blue


def _near(dice: Dice, colour: tuple[int, int, int]) -> tuple[int, int, int]:
    step = dice.between(-34, 34)
    red, green, blue = (int(min(218, max(96, value + step))) for value in colour)
    return red, green, blue


def _cast(dice: Dice, split: str) -> list[tuple[str, str, str]]:
    """Who appears: (noun, colour, size) of every thing."""
    count = dice.weighted(COUNTS)
    nouns: list[str] = []
    fresh = iter(dice.shuffled(NAMES))
    if dice.chance(0.88):
        copies = min(count, 2 + (count > 3 and dice.chance(0.45)) + (count > 5 and dice.chance(0.3)))
        nouns += [next(fresh)] * copies
        if count - copies >= 2 and dice.chance(0.4):
            nouns += [next(fresh)] * 2
    while len(nouns) < count:
        nouns.append(next(fresh))
    palette = dice.shuffled(COLOURS)[: 2 + dice.below(4)]
    cast: list[tuple[str, str, str]] = []
    for noun in nouns:
        options = _options(dice, noun, split)
        taken = {colour for other, colour, _ in cast if other == noun}
        if dice.chance(0.75):  # things of one kind mostly differ in colour, so that naming one means something
            options = tuple(colour for colour in options if colour not in taken) or options
        if dice.chance(0.55):  # and share colours with other kinds, so that a colour alone does not give them away
            options = tuple(colour for colour in options if colour in palette) or options
        weights = (
            (("small", 35), ("medium", 35), ("large", 30))
            if count < 6
            else (("small", 45), ("medium", 45), ("large", 10))
        )
        cast.append((noun, dice.pick(options), dice.weighted(weights)))
    return cast


def _options(dice: Dice, noun: str, split: str) -> tuple[str, ...]:
    unseen = split == "testB" and dice.chance(0.75)
    return ALLOWED[noun, unseen]


def _placed(
    dice: Dice, cast: list[tuple[str, str, str]], atlas: str
) -> tuple[tuple[Thing, ...], tuple[tuple[int, int, float], ...]]:
    """Gives everyone a place, large things mostly first (behind); who finds none after many tries is left out."""
    cast = [card for _, card in sorted(((-_depth(dice, card[2]), card) for card in cast), key=_first)]
    things: list[Thing] = []
    solids: list[np.ndarray] = []  # coverage of each thing, before anything hides it
    seen: list[np.ndarray] = []  # what is still visible of it
    for noun, colour, size in cast:
        extent = dice.pick(EXTENTS[size])
        crowded = dice.chance(0.35)
        flipped = dice.chance(0.5)
        width, height = (extent * share / 2 + 0.01 for share in aspect(atlas, noun))
        for _ in range(24):
            x, y = round(dice.between(width, 1 - width), 4), round(dice.between(height, 1 - height), 4)
            thing = Thing(noun, colour, size, x, y, extent, flipped)
            touching = [other for other in range(len(things)) if _touch(thing, things[other])]
            if touching and not crowded:
                continue
            solid = _stamp(thing, atlas)
            rest = [seen[other] & ~solid for other in touching]
            if all(
                np.count_nonzero(left) >= LEAST_VISIBLE * np.count_nonzero(solids[other])
                for other, left in zip(touching, rest, strict=True)
            ):
                for other, left in zip(touching, rest, strict=True):
                    seen[other] = left
                things.append(thing)
                solids.append(solid)
                seen.append(solid)
                break
    return tuple(things), _hidden(things, solids)


def compose(things: Sequence[Thing], background: Background, atlas: str = "main", split: str = "val") -> Scene:
    """A scene made by hand, things from back to front; what hides what is worked out."""
    return Scene(tuple(things), background, atlas, _hidden(things, [_stamp(thing, atlas) for thing in things]), split)


def _hidden(things: Sequence[Thing], solids: Sequence[np.ndarray]) -> tuple[tuple[int, int, float], ...]:
    entries = [
        (front, back, round(float(np.count_nonzero(solids[front] & solids[back]) / np.count_nonzero(solids[back])), 4))
        for front in range(len(things))
        for back in range(front)
        if _touch(things[front], things[back])
    ]
    return tuple(entry for entry in entries if entry[2] > 0)


def _first(pair: tuple[float, tuple[str, str, str]]) -> float:
    return pair[0]


def _depth(dice: Dice, size: str) -> float:
    return EXTENTS[size][0] + dice.between(0, 0.12)


def _touch(one: Thing, other: Thing) -> bool:
    reach = (one.extent + other.extent) / 2
    return abs(one.x - other.x) < reach and abs(one.y - other.y) < reach


def _stamp(thing: Thing, atlas: str) -> np.ndarray:
    """The thing's solid pixels on the planning grid."""
    size = max(1, round(thing.extent * GRID))
    left, top = round(thing.x * GRID - size / 2), round(thing.y * GRID - size / 2)
    canvas = np.zeros((GRID, GRID), bool)
    shape = coverage(atlas, thing.noun, size, thing.flipped)
    x, y = max(0, left), max(0, top)
    part = canvas[y : top + size, x : left + size]
    part |= shape[y - top : y - top + part.shape[0], x - left : x - left + part.shape[1]]
    return canvas
