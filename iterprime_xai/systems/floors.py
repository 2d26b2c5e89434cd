"""Floors that any system must beat: a random mask, the one at the centre, the largest. They look at no pixel and no word."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from iterprime_xai.data.images import Picture
from iterprime_xai.records import Expression, Proposals
from iterprime_xai.records.packed import Masks, areas, covers, cuts
from iterprime_xai.systems.choosing import ChoosingSystem
from iterprime_xai.systems.scores import Scores, shares_of
from iterprime_xai.systems.settings import MASKS, PRESET, SET_SHARE, Setting, Settings

_SHARED = (replace(PRESET, choices=("default",)), *MASKS, SET_SHARE)

SETTINGS: dict[str, tuple[Setting, ...]] = {
    "random": (*_SHARED, Setting("seed", "whole number", 0, "another number draws other masks", low=0)),
    "centre": _SHARED,
    "largest": _SHARED,
}
PRESETS: dict[str, Mapping[str, Mapping[str, Any]]] = {name: {"default": {}} for name in SETTINGS}


class Floor:
    """What no model has to know; see `systems.choosing.Scorer`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def describe(self) -> dict[str, Any]:
        return {}

    def substitutes(self) -> dict[str, str]:
        return {}

    def score(self, picture: Picture, proposals: Proposals, expressions: Sequence[Expression]) -> list[Scores]:
        masks = proposals.masks
        if self.settings.system == "random":
            seen = picture.sha256
            return [self._drawn(len(masks), f"{self.settings['seed']} {seen} {each.text}") for each in expressions]
        if self.settings.system == "largest":
            sizes = areas(masks) / float(np.prod(masks.shape[1:]))
            found = Scores(sizes, shares_of(sizes), {"area_fraction": sizes}, "it is the largest mask")
        else:
            found = _central(masks)
        return [found] * len(expressions)

    def _drawn(self, count: int, seed: str) -> Scores:
        """The same numbers for the same picture, phrase and seed, in whatever order and process they are asked for."""
        digest = hashlib.sha256(seed.encode("utf-8")).digest()
        drawn = np.random.default_rng(int.from_bytes(digest[:8], "big")).random(count)
        return Scores(drawn, shares_of(drawn), {"drawn": drawn}, "it was drawn at random")


def _central(masks: Masks) -> Scores:
    """1 for a mask that covers the picture's centre, less the more the nearest of its pixels is away; the smaller comes first.

    Of several that cover it, the whole of a picture says least: a hundredth of the score goes down with the mask's area.
    """
    height, width = masks.shape[1:]
    rows, columns = np.arange(height) + 0.5 - height / 2, np.arange(width) + 0.5 - width / 2
    distance = np.hypot(rows[:, None], columns[None])
    nearest, covered = np.full(len(masks), np.inf), np.zeros(len(masks))
    for place, ((left, top, right, bottom), inside) in enumerate(cuts(masks)):
        if right > left:
            nearest[place] = distance[top:bottom, left:right][inside].min()
            covered[place] = covers((left, top, right, bottom), inside, width // 2, height // 2)
    near = np.where(covered > 0, 1.0, 1 - np.minimum(nearest / float(distance.max()), 1.0))
    sizes = areas(masks) / float(height * width)
    score = 0.99 * near + 0.01 * (1 - sizes)
    terms = {"nearness": near, "covers_centre": covered, "area_fraction": sizes}
    return Scores(score, shares_of(score), terms, "it lies nearest to the picture's centre")


def make(settings: Settings) -> ChoosingSystem:
    """The floor that the settings name."""
    return ChoosingSystem(settings, Floor(settings))
