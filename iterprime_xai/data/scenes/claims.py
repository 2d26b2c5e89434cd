"""What can be said of a scene: statements of every kind, drawn at random around one of its things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.truth import (
    ORDERS,
    PLACES,
    RELATIONS,
    Description,
    Relation,
    find,
    place_fits,
    referent,
    relates,
)
from iterprime_xai.data.scenes.vocabulary import CATEGORIES, IMPLICIT


@dataclass(frozen=True, slots=True)
class Statement:
    """Something said of a scene.

    With a ``predicate``: the one thing that ``subject`` describes fits it too ("the left dog is red"). Without: there
    is such a thing, and only one if ``definite`` ("the bike left of the tree", "a red dog").
    """

    subject: Description
    predicate: Description | None = None
    definite: bool = True


def any_subject(scene: Scene, dice: Dice) -> int:
    """Something to speak of: mostly one of several of its kind."""
    index = dice.below(len(scene.things))
    for _ in range(3):
        noun = scene.things[index].noun
        if sum(thing.noun == noun for thing in scene.things) > 1:
            break
        index = dice.below(len(scene.things))
    return index


def noun_for(scene: Scene, index: int, dice: Dice, loose: float = 0.12) -> str:
    """Its noun, now and then a category it belongs to, or "thing"."""
    noun = scene.things[index].noun
    if dice.chance(loose):
        groups = [name for name, group in CATEGORIES.items() if noun in group.members]
        return dice.pick(groups)
    return noun


def _attribute(scene: Scene, index: int, dice: Dice, subject: Description) -> Description:
    """A predicate that has to be looked up at this thing: mostly its colour."""
    thing = scene.things[index]
    if subject.noun in CATEGORIES and dice.chance(0.5):
        return Description(noun=thing.noun)
    if subject.size is None and (subject.colour is not None or dice.chance(0.2)):
        return Description(size=thing.size)
    return Description(colour=thing.colour) if subject.colour is None else Description(noun=thing.noun)


def place_of(scene: Scene, index: int, dice: Dice) -> str | None:
    found = [place for place in PLACES if place_fits(scene.things[index], place)]
    return dice.pick(found) if found else None


def relation_of(scene: Scene, index: int, dice: Dice) -> Relation | None:
    """A relation to some other thing that surely holds."""
    for _ in range(3):
        other = dice.below(len(scene.things))
        if other == index:
            continue
        found = [name for name in RELATIONS if relates(scene, index, name, other)]
        if not found:
            continue
        thing = scene.things[other]
        anchor = Description(noun=noun_for(scene, other, dice, 0.06))
        if referent(scene, anchor) is None and dice.chance(0.7):
            anchor = replace(anchor, colour=thing.colour)
        return Relation(dice.pick(found), anchor)
    return None


def _category(scene: Scene, dice: Dice) -> Statement:
    index = dice.below(len(scene.things))
    return Statement(Description(noun=noun_for(scene, index, dice, 0.2)), definite=False)


def _attributes(scene: Scene, dice: Dice) -> Statement:
    index = any_subject(scene, dice)
    thing = scene.things[index]
    subject = Description(noun=noun_for(scene, index, dice))
    style = dice.uniform()
    if style < 0.35:
        both_said = dice.chance(0.15)
        sized = both_said or dice.chance(0.25)
        return Statement(
            replace(
                subject, colour=thing.colour if both_said or not sized else None, size=thing.size if sized else None
            ),
            definite=False,
        )
    if style < 0.6:
        subject = replace(subject, colour=thing.colour)
        return Statement(subject, _attribute(scene, index, dice, subject))
    if style < 0.75:
        subject = replace(subject, size=thing.size)
    return Statement(subject, _attribute(scene, index, dice, subject))


def _spatial(spot: Callable[[Scene, int, Dice], Description | None]) -> Callable[[Scene, Dice], Statement | None]:
    """Statements around a place or a relation: it names the subject, is said of it, or stands in a phrase."""

    def make(scene: Scene, dice: Dice) -> Statement | None:
        index = any_subject(scene, dice)
        thing = scene.things[index]
        where = spot(scene, index, dice)
        if where is None:
            return None
        style = dice.uniform()
        noun = noun_for(scene, index, dice, 0.08)
        if style < 0.42:
            subject = replace(where, noun=noun)
            return Statement(subject, _attribute(scene, index, dice, subject))
        if style < 0.62:
            plain = Description(noun=noun, colour=thing.colour if dice.chance(0.7) else None)
            if plain.colour is None and dice.chance(0.4):
                plain = replace(plain, size=thing.size)
            return Statement(plain, where)
        if style < 0.72:
            subject = replace(where, noun="thing")
            return Statement(subject, _attribute(scene, index, dice, subject))
        colour = thing.colour if dice.chance(0.45) else None
        return Statement(replace(where, noun=noun, colour=colour), definite=dice.chance(0.4))

    return make


def _at_place(scene: Scene, index: int, dice: Dice) -> Description | None:
    place = place_of(scene, index, dice)
    return Description(place=place) if place else None


def _in_relation(scene: Scene, index: int, dice: Dice) -> Description | None:
    relation = relation_of(scene, index, dice)
    return Description(relations=(relation,)) if relation else None


def _ranked(orders: tuple[str, ...], last: int) -> Callable[[Scene, Dice], Statement | None]:
    def make(scene: Scene, dice: Dice) -> Statement | None:
        index = any_subject(scene, dice)
        thing = scene.things[index]
        rest = Description(noun=thing.noun)
        if dice.chance(0.15):
            rest = replace(rest, colour=thing.colour)
        count = len(find(scene, rest))
        if count < 2 and dice.chance(0.3):
            rest, count = Description(), len(scene.things)
        if count < 2:
            return None
        order = dice.pick(orders)
        subject = replace(rest, order=order, rank=1 + dice.below(min(last, count)))
        target = referent(scene, subject)
        return None if target is None else Statement(subject, _attribute(scene, target, dice, subject))

    return make


def _extreme(scene: Scene, dice: Dice) -> Statement | None:
    statement = _ranked(ORDERS if dice.chance(0.5) else ("largest", "smallest"), 1)(scene, dice)
    if statement is None:
        return None
    if statement.subject.order in ("largest", "smallest") and statement.predicate and statement.predicate.size:
        return None  # "the largest dog is large" says too little
    return statement


def _clauses(scene: Scene, dice: Dice) -> Statement | None:
    index = any_subject(scene, dice)
    thing = scene.things[index]
    first, place = relation_of(scene, index, dice), place_of(scene, index, dice)
    if first is None:
        return None
    style = dice.uniform()
    subject = Description(noun=thing.noun, relations=(first,))
    if style < 0.4 and place:
        subject = replace(subject, place=place)
    elif style < 0.75:
        second = relation_of(scene, index, dice)
        if second is None or second.anchor == first.anchor:
            return None
        subject = replace(subject, relations=(first, second))
    else:
        subject = replace(subject, colour=thing.colour, size=thing.size)
    if dice.chance(0.35) or (subject.colour and subject.size):
        return Statement(subject, definite=dice.chance(0.5))
    return Statement(subject, _attribute(scene, index, dice, subject))


def _implicit(scene: Scene, dice: Dice) -> Statement | None:
    index = dice.below(len(scene.things))
    thing = scene.things[index]
    uses = [name for name, group in IMPLICIT.items() if thing.noun in group.members]
    if not uses:
        return None
    subject = Description(noun=dice.pick(uses))
    style = dice.uniform()
    if style < 0.3:
        return Statement(subject, definite=False)
    if style < 0.5:
        return Statement(replace(subject, colour=thing.colour), definite=False)
    if style < 0.7:
        where = place_of(scene, index, dice)
        return Statement(replace(subject, place=where), definite=False) if where else None
    return Statement(subject, Description(colour=thing.colour))


MAKERS: dict[str, Callable[[Scene, Dice], Statement | None]] = {
    "category": _category,
    "attribute": _attributes,
    "position": _spatial(_at_place),
    "relation": _spatial(_in_relation),
    "ordinal": _ranked(("left", "right", "left", "right", "top", "bottom"), 4),
    "comparison": _extreme,
    "clauses": _clauses,
    "implicit": _implicit,
}
"""For each kind a function that draws a statement, ``None`` where the draw came to nothing; truth is proved later."""
