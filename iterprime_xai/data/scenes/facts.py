"""What a scene holds, as arrays: of every thing its noun, colour and size, where it stands, and how it stands to others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.truth import ORDERS, PLACES, RELATIONS, Description, place_fits, relates, truths
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUN_INDEX, NOUNS, SIZES

MOST_THINGS = 8
SPATIAL_ORDERS = ("left", "right", "top", "bottom")
RANKS: tuple[tuple[str, int, bool], ...] = (
    *((order, rank, True) for order in SPATIAL_ORDERS for rank in (2, 3)),
    *((order, rank, False) for order in SPATIAL_ORDERS for rank in (1, 2, 3, 4)),
)
"""Order, rank, and whether among its kind only: third of its kind from the left, fourth of all things from the top."""

FLAGS = len(PLACES) + len(ORDERS) + len(RELATIONS) * len(NOUNS) + len(RANKS) + len(RELATIONS) * len(COLOURS)
"""Places, being the first of its kind in an order, every relation to every noun, ranks, and every relation to every colour, in
this sequence."""

NO, YES, UNSURE = 0, 1, 2
BACKGROUND, MIXED, BESIDE = 255, 254, 253
"""In a map of cells: no thing near; partly a thing; a thing at the rim, but none in the middle."""


@dataclass(frozen=True, eq=False)
class Facts:
    """All uint8. ``names`` (things, 3): indices of noun, colour and size; ``flags`` (things, FLAGS): NO, YES or UNSURE."""

    names: np.ndarray
    flags: np.ndarray


def facts(scene: Scene) -> Facts:
    """Everything that :class:`Facts` says, proved as :mod:`~iterprime_xai.data.scenes.truth` proves it."""
    things = scene.things
    names = [(NOUN_INDEX[thing.noun], COLOURS.index(thing.colour), SIZES.index(thing.size)) for thing in things]
    flags = np.zeros((len(things), FLAGS), np.uint8)
    start = len(PLACES) + len(ORDERS)
    ranked = start + len(RELATIONS) * len(NOUNS)
    coloured = ranked + len(RANKS)
    to_noun = flags[:, start:ranked].reshape(len(things), len(RELATIONS), len(NOUNS))
    to_colour = flags[:, coloured:].reshape(len(things), len(RELATIONS), len(COLOURS))
    for index, thing in enumerate(things):
        flags[index, : len(PLACES)] = [_code(place_fits(thing, place)) for place in PLACES]
        flags[index, len(PLACES) : start] = [_ranked(scene, index, order, 1, True) for order in ORDERS]
        flags[index, ranked:coloured] = [_ranked(scene, index, *each) for each in RANKS]
        for other, (noun, colour, _) in enumerate(names):
            if other == index:
                continue
            for place, relation in enumerate(RELATIONS):
                code = _code(relates(scene, index, relation, other))
                for known in (to_noun[index, place, noun : noun + 1], to_colour[index, place, colour : colour + 1]):
                    # One of several such things is enough; otherwise one that is unsure leaves it unsure.
                    known[0] = YES if YES in (code, known[0]) else max(code, known[0])
    return Facts(np.asarray(names, np.uint8), flags)


def _ranked(scene: Scene, index: int, order: str, rank: int, own_kind: bool) -> int:
    """Whether a thing comes at this rank; a thing without its like is the first and the last of it, so it is not asked."""
    noun = scene.things[index].noun
    if own_kind and sum(thing.noun == noun for thing in scene.things) < 2:
        return UNSURE
    return _code(truths(scene, Description(noun=noun if own_kind else "thing", order=order, rank=rank))[index])


def _code(truth: bool | None) -> int:
    return UNSURE if truth is None else YES if truth else NO


def cells(masks: np.ndarray, grid: int) -> np.ndarray:
    """uint8 (grid, grid): the thing in the middle of each cell, or ``BACKGROUND``, ``BESIDE`` or ``MIXED``.

    The middle counts, half the cell's side, because that is where a cell's heat is said to be. A thing owns the cells whose middle
    it fills at least half; one so thin that it fills no middle owns those that it fills most, if a sixth at least.
    ``masks`` bool (things, side, side) with ``side`` a multiple of ``grid``.
    """
    count, side, _ = masks.shape
    size = side // grid
    rim = size // 4
    tiles = masks.reshape(count, grid, size, grid, size)
    middle = tiles[:, :, rim : size - rim, :, rim : size - rim].mean(axis=(2, 4))
    covered = tiles.mean(axis=(2, 4)).sum(axis=0)
    enough = np.clip(middle.max(axis=(1, 2), initial=0), 1 / 6, 0.5)[:, None, None]
    owned = np.where(middle >= enough, middle, 0)
    rest = np.where(covered < 0.04, BACKGROUND, np.where(middle.sum(axis=0) < 0.1, BESIDE, MIXED))
    return np.where(owned.max(axis=0, initial=0) > 0, owned.argmax(axis=0) if count else 0, rest).astype(np.uint8)
