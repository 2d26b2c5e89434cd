"""Pairs of a true and a false text for a picture, and what could be told from them without understanding the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count as count_up

from PIL import Image

from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.render import render_image
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.statements import KINDS, pair_of_kind
from iterprime_xai.data.scenes.truth import Description, find, truths
from iterprime_xai.data.scenes.vocabulary import SPLITS
from iterprime_xai.records import OptionError


@dataclass(frozen=True, eq=False)
class MatchingPair:
    """A picture with a true and a false text; a matcher is right when it scores the true one higher.

    ``told_by_nouns``: one who only looks whether the things named are in the picture tells the two texts apart.
    ``told_by_positions``: so does one who only looks whether *anything* stands as the text says. Where a flag is false
    that one can only guess, so the prior to beat is (1 + share of true flags) / 2.
    """

    id: str
    image: Image.Image
    true: str
    false: str
    kind: str
    changed: str
    told_by_nouns: bool
    told_by_positions: bool


def matching_pairs(split: str, count: int, seed: int = 0, *, size: int = 336) -> Iterator[MatchingPair]:
    """``count`` pairs of a split, one a picture, every kind equally often; always the same for the same seed.

    Pictures are RGB, ``size`` x ``size``. Raises ``OptionError`` for an unknown split.
    """
    if split not in SPLITS:
        raise OptionError(f"A split of the scenes is one of {', '.join(SPLITS)}, but got {split!r}.")
    return _pairs(split, count, seed, size)


def _pairs(split: str, count: int, seed: int, size: int) -> Iterator[MatchingPair]:
    waiting = [kind for kind, _ in KINDS]
    given = 0
    for index in count_up():
        if given == count:
            return
        scene = generate(seed, index, split)
        dice = Dice(seed, SPLITS.index(split), index, 2)
        for place, kind in enumerate(waiting):  # a kind that a scene cannot serve waits for the next one
            pair = next((found for found in (pair_of_kind(scene, dice, kind) for _ in range(6)) if found), None)
            if pair is None:
                continue
            waiting.append(waiting.pop(place))
            yield MatchingPair(
                scene.name,
                Image.fromarray(render_image(scene, size)),
                pair.true,
                pair.false,
                kind,
                pair.changed,
                told_by_nouns(scene, pair.false_statement),
                told_by_positions(scene, pair.false_statement),
            )
            given += 1
            break


def told_by_nouns(scene: Scene, statement: Statement) -> bool:
    """Whether a statement names something that the scene does not hold at all, colours, sizes and places aside."""
    return any(not find(scene, Description(noun=noun)) for noun in _nouns(statement))


def told_by_positions(scene: Scene, statement: Statement) -> bool:
    """Whether nothing in the scene, whatever it is, stands as the statement says."""
    parts = [statement.subject] + ([statement.predicate] if statement.predicate is not None else [])
    return any(all(truth is False for truth in truths(scene, _positions(part))) for part in parts)


def _nouns(statement: Statement) -> set[str]:
    parts = [statement.subject] + ([statement.predicate] if statement.predicate is not None else [])
    nouns: set[str] = set()
    while parts:
        part = parts.pop()
        nouns.add(part.noun)
        parts += [relation.anchor for relation in part.relations]
    return nouns


def _positions(part: Description) -> Description:
    """What is left of a description when things, colours and sizes are not known."""
    relations = tuple(replace(relation, anchor=_positions(relation.anchor)) for relation in part.relations)
    spatial = part.order if part.order not in ("largest", "smallest") else None
    return Description(place=part.place, relations=relations, order=spatial, rank=part.rank if spatial else 1)
