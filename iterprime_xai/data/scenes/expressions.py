"""Referring expressions in the manner of RefCOCO, each proved to mean one thing of its scene and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from iterprime_xai.data.scenes.claims import any_subject, noun_for, place_of, relation_of
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.truth import Description, find, referent
from iterprime_xai.data.scenes.vocabulary import IMPLICIT, is_unseen
from iterprime_xai.data.scenes.wording import say, say_headless

KINDS: tuple[tuple[str, float], ...] = (
    ("position", 24),
    ("relation", 24),
    ("attribute", 14),
    ("ordinal", 10),
    ("comparison", 9),
    ("clauses", 9),
    ("category", 6),
    ("implicit", 4),
)
HEADLESS = 0.5
"""How often a description without a noun is said without even "one" ("left", "second from the right")."""


@dataclass(frozen=True, slots=True)
class SceneExpression:
    """A phrase that means one thing of a scene.

    ``target`` is that thing's index. ``primary`` is the head word as written; a headless phrase gives its first content
    word. ``contexts`` are the head words of the things it points to, each with that thing's index.
    """

    text: str
    target: int
    kind: str
    primary: str
    contexts: tuple[tuple[str, int], ...]
    description: Description


def expressions(scene: Scene, rng: np.random.Generator | Dice, count: int = 3) -> list[SceneExpression]:
    """Up to ``count`` expressions for a scene, of different kinds as far as it goes; none where nothing can be proved.

    The words that make the kind are needed: without them the phrase would fit several things. In testB the target is
    a combination of noun and colour that training never shows.
    """
    dice = rng if isinstance(rng, Dice) else Dice(int(rng.integers(2**63)))
    found: dict[str, SceneExpression] = {}
    kinds: set[str] = set()
    for attempt in range(12 * count):
        if len(found) == count:
            break
        kind = dice.weighted(KINDS)
        if kind in kinds and attempt < 8 * count:
            continue
        tries = (expression_of_kind(scene, dice, kind) for _ in range(8))
        expression = next((each for each in tries if each is not None), None)
        if expression is not None and expression.text not in found:
            found[expression.text] = expression
            kinds.add(kind)
    return list(found.values())


def expression_of_kind(scene: Scene, dice: Dice, kind: str) -> SceneExpression | None:
    """One try at an expression of this kind; ``None`` where what came up is not proved to mean one thing."""
    alone = kind in ("category", "implicit")
    index = dice.below(len(scene.things)) if alone else any_subject(scene, dice)
    thing = scene.things[index]
    description = _MAKERS[kind](scene, index, dice)
    if description is None or (scene.split == "testB" and not is_unseen(thing.noun, thing.colour)):
        return None
    return worded(scene, index, kind, description, dice)


def worded(scene: Scene, index: int, kind: str, description: Description, dice: Dice) -> SceneExpression | None:
    """The description as an expression for this thing; ``None`` unless it is proved to mean it and nothing else."""
    if referent(scene, description) != index:
        return None
    plain = replace(description, place=None, relations=(), order=None, rank=1)
    if kind == "attribute":
        plain = replace(plain, colour=None, size=None)
    if kind not in ("category", "implicit") and referent(scene, plain) is not None:
        return None
    anchors = {relation.anchor: referent(scene, relation.anchor) for relation in description.relations}
    if None in anchors.values() or len(set(anchors.values())) < len(anchors):  # "near the bus and below the vehicle"
        return None
    bare = description.noun == "thing" and not description.relations and description.size is None
    if bare and dice.chance(HEADLESS):
        said = say_headless(description, dice)
    else:
        article = "the" if dice.chance(0.5) else ""
        said = say(description, dice, article, article or ("the" if dice.chance(0.5) else ""))
    contexts = tuple((word, anchors[anchor]) for word, anchor in said.contexts)
    return SceneExpression(said.text, index, kind, said.head, contexts, description)  # type: ignore[arg-type]


def _category(scene: Scene, index: int, dice: Dice) -> Description:
    return Description(noun=noun_for(scene, index, dice, 0.2))


def _attribute(scene: Scene, index: int, dice: Dice) -> Description:
    thing = scene.things[index]
    plain = Description(noun=noun_for(scene, index, dice, 0.12))
    style = dice.uniform()
    if style < 0.7:
        return replace(plain, colour=thing.colour)
    return replace(plain, size=thing.size, colour=thing.colour if style > 0.85 else None)


def _position(scene: Scene, index: int, dice: Dice) -> Description | None:
    place = place_of(scene, index, dice)
    if place is None:
        return None
    colour = scene.things[index].colour if dice.chance(0.2) else None
    return Description(noun=noun_for(scene, index, dice, 0.12), colour=colour, place=place)


def _relation(scene: Scene, index: int, dice: Dice) -> Description | None:
    relation = relation_of(scene, index, dice)
    if relation is None:
        return None
    colour = scene.things[index].colour if dice.chance(0.15) else None
    return Description(noun=noun_for(scene, index, dice, 0.08), colour=colour, relations=(relation,))


def _ranked(scene: Scene, index: int, dice: Dice, orders: tuple[str, ...], first: int) -> Description | None:
    thing = scene.things[index]
    rest = Description(noun=thing.noun if dice.chance(0.9) else "thing")
    if dice.chance(0.12):
        rest = replace(rest, colour=thing.colour)
    count = len(find(scene, rest))
    order = dice.pick(orders)
    ranks = [rank for rank in range(first, min(4, count) + 1) if first > 1 or rank == 1]
    found = [replace(rest, order=order, rank=rank) for rank in ranks]
    return next((each for each in found if referent(scene, each) == index), None)


def _ordinal(scene: Scene, index: int, dice: Dice) -> Description | None:
    return _ranked(scene, index, dice, ("left", "right", "left", "right", "top", "bottom"), 2)


def _comparison(scene: Scene, index: int, dice: Dice) -> Description | None:
    sizes = ("largest", "smallest")
    return _ranked(scene, index, dice, sizes if dice.chance(0.5) else ("left", "right", "top", "bottom"), 1)


def _clauses(scene: Scene, index: int, dice: Dice) -> Description | None:
    thing = scene.things[index]
    first = relation_of(scene, index, dice)
    if first is None:
        return None
    description = Description(noun=thing.noun, relations=(first,))
    style = dice.uniform()
    if style < 0.4:
        return replace(description, place=place_of(scene, index, dice))
    if style < 0.75:
        second = relation_of(scene, index, dice)
        different = second is not None and second.anchor != first.anchor
        return replace(description, relations=(first, second)) if second is not None and different else None
    return replace(description, colour=thing.colour, size=thing.size)


def _implicit(scene: Scene, index: int, dice: Dice) -> Description | None:
    thing = scene.things[index]
    uses = [name for name, group in IMPLICIT.items() if thing.noun in group.members]
    if not uses:
        return None
    plain = Description(noun=dice.pick(uses))
    if referent(scene, plain) is not None:
        return plain
    return (
        replace(plain, colour=thing.colour) if dice.chance(0.6) else replace(plain, place=place_of(scene, index, dice))
    )


_MAKERS: dict[str, Callable[[Scene, int, Dice], Description | None]] = {
    "category": _category,
    "attribute": _attribute,
    "position": _position,
    "relation": _relation,
    "ordinal": _ordinal,
    "comparison": _comparison,
    "clauses": _clauses,
    "implicit": _implicit,
}
