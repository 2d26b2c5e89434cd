"""Scenes as a data set: one sample an expression, with gold mask, the other things' masks, and what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count as count_up

import numpy as np
from PIL import Image

from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.expressions import SceneExpression, expressions
from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.render import render
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.vocabulary import SPLITS
from iterprime_xai.records import OptionError, Sample

SIZE = 336
"""Side of a sample's picture in pixels."""
PER_SCENE = 3


def samples(split: str, count: int, seed: int = 0, *, size: int = SIZE) -> Iterator[Sample]:
    """``count`` samples of a split, up to three a picture, always the same for the same seed.

    Pictures are RGB, ``size`` x ``size``; samples of one picture follow each other and share the tag ``image_id``. Tags
    are ``split``, ``kind``, ``domain`` ("scenes"), ``category`` (the target's noun), ``primary`` and ``context`` (head
    words of the things the phrase points to, comma-separated). Raises ``OptionError`` for an unknown split.
    """
    if split not in SPLITS:
        raise OptionError(f"A split of the scenes is one of {', '.join(SPLITS)}, but got {split!r}.")
    return _samples(split, count, seed, size)


def _samples(split: str, count: int, seed: int, size: int) -> Iterator[Sample]:
    for scene, found in plan(split, count, seed):
        yield from drawn_samples(scene, found, size)


def plan(split: str, count: int, seed: int = 0) -> Iterator[tuple[Scene, list[SceneExpression]]]:
    """The scenes of :func:`samples` and what is said of each, without a picture; scenes of which nothing is said are left out."""
    given = 0
    for index in count_up():
        scene = generate(seed, index, split)
        found = said_of(scene, min(PER_SCENE, count - given))
        if found:
            yield scene, found
            given += len(found)
        if given >= count:
            return


def said_of(scene: Scene, most: int) -> list[SceneExpression]:
    """What :func:`samples` says of a generated scene where it still needs ``most`` expressions."""
    return expressions(scene, Dice(scene.seed, SPLITS.index(scene.split), scene.index, 1), most)


def drawn_samples(scene: Scene, found: list[SceneExpression], size: int = SIZE) -> Iterator[Sample]:
    """The samples of one scene, ``size`` x ``size`` pixels large; all share one picture."""
    drawn = render(scene, size)
    nouns = tuple(thing.noun for thing in scene.things)
    picture = Image.fromarray(drawn.image)
    for place, expression in enumerate(found):
        yield make_sample(scene.name, place, picture, drawn.masks, nouns, expression, scene.split)


def make_sample(
    image_id: str,
    place: int,
    picture: Image.Image,
    masks: np.ndarray,
    nouns: tuple[str, ...],
    expression: SceneExpression,
    split: str,
) -> Sample:
    """The record of one expression about one drawn scene; ``masks`` bool (things, height, width)."""
    target = expression.target
    others = [index for index in range(len(nouns)) if index != target]
    return Sample(
        id=f"{image_id}-{place}",
        image=picture,
        text=expression.text,
        mask=masks[target],
        others=tuple(masks[index] for index in others),
        other_categories=tuple(nouns[index] for index in others),
        tags={
            "split": split,
            "kind": expression.kind,
            "domain": "scenes",
            "category": nouns[target],
            "primary": expression.primary,
            "context": ",".join(word for word, _ in expression.contexts),
            "image_id": image_id,
        },
    )
