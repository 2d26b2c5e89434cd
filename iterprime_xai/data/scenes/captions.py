"""A scene told in one sentence: up to four things, each with its colour, and how they stand to each other.

"A red dog left of a blue bike and a white cat at the top" is true of a scene when every clause of it is; each clause is proved as
:mod:`~iterprime_xai.data.scenes.truth` proves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.scene import Scene, Thing
from iterprime_xai.data.scenes.truth import Description, Relation, place_fits, relates
from iterprime_xai.data.scenes.wording import AFTER, PERSONS, RELATING, noun_words, with_article

RELATIONS = ("in front of", "behind", "left of", "right of", "above", "below", "next to", "near")
"""Which relation is told when several hold: the first."""

PLACES = ("top left", "top right", "bottom left", "bottom right", "middle", "left", "right", "top", "bottom")
"""Which place is told when several hold: the first."""

CLAUSES = 2


@dataclass(frozen=True, slots=True)
class SceneCaption:
    """One sentence about a scene, and what each of its clauses claims: that there is such a thing."""

    text: str
    claims: tuple[Statement, ...]


def scene_caption(scene: Scene, dice: Dice | None = None) -> SceneCaption:
    """The scene in one sentence.

    Without ``dice`` the one description of the scene that this project calls its caption: the largest things come first and the
    commonest words are taken, so that a model can learn to say it. With ``dice`` another one: things, relations and words at
    random.
    """
    order = sorted(range(len(scene.things)), key=lambda index: (-scene.things[index].extent, scene.things[index].x))
    if dice is not None:
        order = dice.shuffled(order)
    free = list(order)
    clauses: list[Description] = []
    for index in order:
        if index not in free or len(clauses) == CLAUSES:
            continue
        description, told = _clause(scene, index, free, dice)
        clauses.append(description)
        said = {_look(scene.things[each]) for each in told}
        # "A red dog on the left and a red dog at the top" leaves open whether it is the same one.
        free = [each for each in free if _look(scene.things[each]) not in said]
    text = " and ".join(_words(each, dice) for each in clauses)
    return SceneCaption(text, tuple(Statement(each, definite=False) for each in clauses))


def _look(thing: Thing) -> tuple[str, str]:
    return thing.noun, thing.colour


def _clause(scene: Scene, index: int, free: Sequence[int], dice: Dice | None) -> tuple[Description, tuple[int, ...]]:
    """A description of a thing by one of the ``free`` others, or by its place, with the things it tells of."""
    thing = scene.things[index]
    relations, places = (RELATIONS, PLACES) if dice is None else (dice.shuffled(RELATIONS), dice.shuffled(PLACES))
    # Some place is always sure: what is neither left, right, top nor bottom is in the middle.
    place = next(each for each in places if place_fits(thing, each))
    if dice is not None and dice.chance(0.3):
        return Description(thing.noun, thing.colour, place=place), (index,)
    for other in free:
        if _look(scene.things[other]) == _look(thing):
            continue
        name = next((each for each in relations if relates(scene, index, each, other)), None)
        if name is not None:
            anchor = Description(scene.things[other].noun, scene.things[other].colour)
            return Description(thing.noun, thing.colour, relations=(Relation(name, anchor),)), (index, other)
    return Description(thing.noun, thing.colour, place=place), (index,)


def _words(description: Description, dice: Dice | None) -> str:
    """A clause in words: the commonest ones without ``dice``."""
    noun = noun_words(description.noun, 0 if dice is None else dice.uniform())
    colour, dressed = description.colour, description.noun in PERSONS and (dice is None or dice.chance(0.7))
    parts = [with_article("a", f"{noun} in {colour}" if dressed else f"{colour} {noun}")]
    for relation in description.relations:
        parts += [_one(RELATING[relation.name], dice), _words(relation.anchor, dice)]
    if description.place is not None:
        # Not "a dog left": whole turns of phrase only.
        parts.append(_one([way for way in AFTER[description.place] if " the " in way], dice))
    return " ".join(parts)


def _one(ways: Sequence[str], dice: Dice | None) -> str:
    return ways[0] if dice is None else dice.pick(ways)
