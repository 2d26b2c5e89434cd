"""What is true of a scene: which things a description fits, surely, surely not, or unsurely.

Every answer has three values: ``True``, ``False``, and ``None`` where people might disagree. A referent is proved when
exactly one thing fits and none is unsure; a statement is proved false when nothing fits and none is unsure.

Margins, in shares of the picture (x to the right, y down, centres of things):

- left: x < 0.42; surely not from x > 0.55. right, top and bottom alike. "top left" is both. middle: within 0.13 of the
  centre across and 0.2 down; surely not beyond 0.25 across or 0.35 down.
- A left of B: A's centre is left of B's by at least 0.1 and 0.6 of half their summed widths, and the step across is at
  least the step down; surely not when A's centre is not left of B's at all. right of, above and below alike.
- next to: a gap of at most 0.08 across, hardly any step down; surely not from 0.25 between their boxes. near: boxes
  within 0.06; surely not from 0.25.
- in front of: hides at least 10 % of the other; surely not when hidden by it, or without overlap and not lower.
- Ordinals and extremes compare only the things that the rest of the description fits, and need 0.06 between neighbours;
  largest and smallest need a ratio of 1.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from iterprime_xai.data.scenes.scene import Scene, Thing
from iterprime_xai.data.scenes.vocabulary import CATEGORIES, IMPLICIT, NOUN_INDEX

Truth = bool | None

PLACES = (
    "left",
    "right",
    "top",
    "bottom",
    "middle",
    "top left",
    "top right",
    "bottom left",
    "bottom right",
)
RELATIONS = ("left of", "right of", "above", "below", "next to", "near", "in front of", "behind")
ORDERS = ("left", "right", "top", "bottom", "largest", "smallest")
OPPOSITE = {
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "below": "above",
    "in front of": "behind",
    "behind": "in front of",
}
LEAST_GAP = 0.06
LEAST_RATIO = 1.3


@dataclass(frozen=True, slots=True)
class Relation:
    """How a thing stands to another one: a name of ``RELATIONS`` and a description of the other."""

    name: str
    anchor: Description


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of a thing; everything given has to fit.

    ``noun`` is the name of a noun, a category, or a use of ``IMPLICIT``. ``order`` with ``rank`` picks from the things
    that the rest fits: ("left", 2) is the second from the left, ("largest", 1) the largest.
    """

    noun: str = "thing"
    colour: str | None = None
    size: str | None = None
    place: str | None = None
    relations: tuple[Relation, ...] = ()
    order: str | None = None
    rank: int = 1


def fits(scene: Scene, thing: int, description: Description) -> Truth:
    """Whether the description fits the thing with this index: ``True``, ``False``, or ``None`` for unsure."""
    return truths(scene, description)[thing]


def find(scene: Scene, description: Description) -> tuple[int, ...]:
    """The things that the description surely fits."""
    return tuple(index for index, truth in enumerate(truths(scene, description)) if truth)


def referent(scene: Scene, description: Description) -> int | None:
    """The one thing that the description fits; ``None`` where it is not exactly one, or any other is unsure."""
    found = truths(scene, description)
    if found.count(False) != len(found) - 1:
        return None
    return next((index for index, truth in enumerate(found) if truth), None)


def truths(scene: Scene, description: Description) -> tuple[Truth, ...]:
    """For every thing of the scene whether the description fits it."""
    known = scene.memory.get(description)
    if known is None:
        known = scene.memory[description] = _truths(scene, description)
    return known  # type: ignore[return-value]


def _truths(scene: Scene, description: Description) -> tuple[Truth, ...]:
    if description.order is not None:
        rest = truths(scene, replace(description, order=None, rank=1))
        return _ordered(scene, rest, description.order, description.rank)
    answers: list[Truth] = []
    for index, thing in enumerate(scene.things):
        answer = noun_fits(thing.noun, description.noun)
        if description.colour is not None and thing.colour != description.colour:
            answer = False
        if description.size is not None and thing.size != description.size:
            answer = False
        if answer is not False and description.place is not None:
            answer = both(answer, place_fits(thing, description.place))
        for relation in description.relations:
            if answer is False:
                break
            answer = both(answer, _related(scene, index, relation))
        answers.append(answer)
    return tuple(answers)


def both(one: Truth, other: Truth) -> Truth:
    """Three-valued and."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def noun_fits(noun: str, name: str) -> Truth:
    """Whether a thing of this noun goes by this name (a noun, a category, or a use)."""
    if name in NOUN_INDEX:
        return noun == name
    group = CATEGORIES.get(name) or IMPLICIT[name]
    if noun in group.members:
        return True
    return None if noun in group.unsure else False


def place_fits(thing: Thing, place: str) -> Truth:
    """Whether a thing is at an absolute place of the picture."""
    if place == "middle":
        across, down = abs(thing.x - 0.5), abs(thing.y - 0.5)
        if across <= 0.13 and down <= 0.2:
            return True
        return False if across > 0.25 or down > 0.35 else None
    answer: Truth = True
    for side in place.split():
        away = {"left": thing.x, "right": 1 - thing.x, "top": thing.y, "bottom": 1 - thing.y}[side]
        answer = both(answer, True if away < 0.42 else False if away > 0.55 else None)
    return answer


def _related(scene: Scene, index: int, relation: Relation) -> Truth:
    best: Truth = False
    for other, anchor in enumerate(truths(scene, relation.anchor)):
        if other == index or anchor is False:
            continue
        answer = both(anchor, relates(scene, index, relation.name, other))
        if answer:
            return True
        if answer is None:
            best = None
    return best


def relates(scene: Scene, one: int, name: str, other: int) -> Truth:
    """Whether one thing stands so to another one."""
    key = (one, name, other)
    if key not in scene.memory:
        scene.memory[key] = _RELATES[name](scene, one, other)
    return scene.memory[key]  # type: ignore[return-value]


def _directed(scene: Scene, one: int, other: int, axis: int, sign: int) -> Truth:
    first, second = scene.things[one], scene.things[other]
    steps = (second.x - first.x, second.y - first.y)
    along, across = steps[axis] * sign, abs(steps[1 - axis])
    if along <= 0:
        return False
    half = (scene.spans[one][axis] + scene.spans[other][axis]) / 2
    return True if along >= max(0.1, 0.6 * half) and along >= across else None


def _gap(scene: Scene, one: int, other: int) -> float:
    """Distance between the boxes of two things; 0 where they touch."""
    first, second = scene.things[one], scene.things[other]
    (wide, high), (width, height) = scene.spans[one], scene.spans[other]
    across = max(0.0, abs(first.x - second.x) - (wide + width) / 2)
    down = max(0.0, abs(first.y - second.y) - (high + height) / 2)
    return (across**2 + down**2) ** 0.5


def _next_to(scene: Scene, one: int, other: int) -> Truth:
    gap = _gap(scene, one, other)
    if gap > 0.25:
        return False
    first, second = scene.things[one], scene.things[other]
    (wide, high), (width, height) = scene.spans[one], scene.spans[other]
    beside = abs(first.x - second.x) >= 0.35 * (wide + width) and abs(first.y - second.y) <= 0.3 * (high + height)
    return True if gap <= 0.08 and beside else None


def _near(scene: Scene, one: int, other: int) -> Truth:
    gap = _gap(scene, one, other)
    return True if gap <= 0.06 else False if gap > 0.25 else None


def _in_front(scene: Scene, one: int, other: int) -> Truth:
    shares = {(front, back): share for front, back, share in scene.hidden}
    if (one, other) in shares:
        return True if shares[one, other] >= 0.1 else None
    if (other, one) in shares:
        return False if shares[other, one] >= 0.03 else None
    foot = [scene.things[index].y + scene.spans[index][1] / 2 for index in (one, other)]
    return False if foot[0] < foot[1] - 0.05 else None  # people also call the lower of two things the one in front


_RELATES: dict[str, Callable[[Scene, int, int], Truth]] = {
    "left of": lambda scene, one, other: _directed(scene, one, other, 0, 1),
    "right of": lambda scene, one, other: _directed(scene, one, other, 0, -1),
    "above": lambda scene, one, other: _directed(scene, one, other, 1, 1),
    "below": lambda scene, one, other: _directed(scene, one, other, 1, -1),
    "next to": _next_to,
    "near": _near,
    "in front of": _in_front,
    "behind": lambda scene, one, other: _in_front(scene, other, one),
}

_KEYS: dict[str, Callable[[Thing], float]] = {
    "left": lambda thing: thing.x,
    "right": lambda thing: -thing.x,
    "top": lambda thing: thing.y,
    "bottom": lambda thing: -thing.y,
    "largest": lambda thing: -thing.extent,
    "smallest": lambda thing: thing.extent,
}


def _ordered(scene: Scene, rest: tuple[Truth, ...], order: str, rank: int) -> tuple[Truth, ...]:
    """Which of the things that the rest of a description fits comes at this rank."""
    chosen = [index for index, truth in enumerate(rest) if truth]
    unsure = tuple(False if truth is False else None for truth in rest)
    if None in rest or len(chosen) < 2:
        return unsure
    if len({scene.things[index].noun for index in chosen}) > 1 and order in ("largest", "smallest"):
        return unsure  # sizes of different kinds of things are compared by each person in another way
    if rank > len(chosen):
        return (False,) * len(rest)
    key = _KEYS[order]
    values = {index: key(scene.things[index]) for index in chosen}
    chosen.sort(key=values.__getitem__)
    for before, after in pairwise(chosen[: rank + 1]):
        low, high = sorted((abs(values[before]), abs(values[after])))
        clear = high >= LEAST_RATIO * low if order in ("largest", "smallest") else high - low >= LEAST_GAP
        if not clear:
            return unsure
    return tuple(index == chosen[rank - 1] for index in range(len(rest)))
