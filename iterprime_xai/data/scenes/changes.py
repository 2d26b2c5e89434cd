"""What can be changed in a statement: one noun, colour, size, place, relation, rank, or who stands where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.truth import OPPOSITE, PLACES, RELATIONS, Description, Relation, find
from iterprime_xai.data.scenes.vocabulary import (
    CATEGORIES,
    COLOURS,
    IMPLICIT,
    NOUN_INDEX,
    NOUNS,
    SIZES,
    Category,
    is_unseen,
)

NAMES = tuple(noun.name for noun in NOUNS)
Variant = tuple[str, Statement]
SPATIAL = frozenset({"position", "relation", "roles", "ordinal", "comparison"})


def variants(scene: Scene, dice: Dice, statement: Statement, kind: str) -> Iterator[Variant]:
    """Statements that differ in one thing, the telling ones first and every sort of change in turn."""
    groups: list[tuple[float, list[Variant]]] = []
    subject, predicate = statement.subject, statement.predicate
    for part, rebuild in (
        (subject, lambda new: replace(statement, subject=new)),
        (predicate, lambda new: replace(statement, predicate=new)),
    ):
        if part is None:
            continue
        for changed, options in _changes(scene, dice, part, kind):
            weight = 1.0
            if changed in SPATIAL:
                weight = 2.2
            elif part is predicate:
                weight = 2.0
            elif changed == "noun" and kind != "category":
                weight = 0.5
            groups.append((weight, [(changed, rebuild(new)) for new in options]))
    swapped = swapped_roles(statement)
    if swapped is not None:
        groups.append((1.5, [("roles", swapped)]))
    while groups:
        place = dice.weighted([(index, weight) for index, (weight, _) in enumerate(groups)])
        yield from groups.pop(place)[1]


def _changes(scene: Scene, dice: Dice, part: Description, kind: str) -> Iterator[tuple[str, list[Description]]]:
    if part.colour is not None:
        seen = [scene.things[i].colour for i in find(scene, Description(noun=part.noun))]
        colours = _nearest(dice, part.colour, seen, [thing.colour for thing in scene.things], COLOURS)
        yield "colour", [replace(part, colour=colour) for colour in colours]
    if part.size is not None:
        seen = [scene.things[i].size for i in find(scene, Description(noun=part.noun))]
        sizes = _nearest(dice, part.size, seen, [], SIZES)
        yield "size", [replace(part, size=size) for size in sizes]
    if part.noun in IMPLICIT:
        yield "noun", [replace(part, noun=use) for use in _other_groups(dice, part.noun, IMPLICIT)]
    elif part.noun in CATEGORIES and part.noun != "thing":
        yield "noun", [replace(part, noun=name) for name in _other_groups(dice, part.noun, CATEGORIES)]
    elif part.noun != "thing":
        nouns = _nearest(dice, part.noun, [thing.noun for thing in scene.things], [], NAMES)
        yield "noun", [replace(part, noun=noun) for noun in nouns]
    if part.place is not None:
        yield "position", [replace(part, place=place) for place in _other_places(dice, part.place)]
    if part.order is not None:
        changed = "comparison" if kind == "comparison" else "ordinal"
        yield changed, _other_orders(scene, dice, part, ranks=kind != "comparison")
    for index, relation in enumerate(part.relations):
        before, after = part.relations[:index], part.relations[index + 1 :]

        def with_relation(
            new: Relation, before: tuple[Relation, ...] = before, after: tuple[Relation, ...] = after
        ) -> Description:
            return replace(part, relations=(*before, new, *after))

        names = [name for name in dice.shuffled(RELATIONS) if name != relation.name]
        names.sort(key=lambda name: name in ("in front of", "behind"))  # last: they would mostly come up in false texts
        if dice.chance(0.66):
            names.sort(key=lambda name, said=relation.name: name != OPPOSITE.get(said))  # type: ignore[misc]
        else:
            names.sort(key=lambda name: name not in ("near", "next to"))
        yield "relation", [with_relation(replace(relation, name=name)) for name in names]
        for changed, anchors in _changes(scene, dice, relation.anchor, kind):
            yield f"anchor {changed}", [with_relation(replace(relation, anchor=anchor)) for anchor in anchors]


def _nearest(dice: Dice, said: str, rivals: list[str], present: list[str], every: tuple[str, ...]) -> list[str]:
    """Other values: mostly first those that a rival has, then those present in the scene, then any."""
    if dice.chance(0.2):
        rivals, present = [], []
    order = [*dice.shuffled(rivals), *dice.shuffled(present), *dice.shuffled(every)]
    return [value for value in dict.fromkeys(order) if value != said][:8]


def _other_places(dice: Dice, place: str) -> list[str]:
    flip = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
    sides = place.split()
    turned = [
        " ".join(flip.get(side, side) if at == turn else side for at, side in enumerate(sides)) for turn in (0, 1)
    ]
    close = [other for other in dice.shuffled(turned) if other != place]
    others = [other for other in PLACES if len(other.split()) == len(sides) and other != place]
    if len(sides) == 1 and place != "middle" and dice.chance(0.12):
        close = ["middle", *close]
    return list(dict.fromkeys([*close, *dice.shuffled(others)]))


def _other_groups(dice: Dice, said: str, groups: dict[str, Category]) -> list[str]:
    """Other categories or uses, each as often as a random thing belongs to it: as often as the true ones come up."""
    order: list[str] = []
    for noun in dice.shuffled(NAMES)[:24]:
        found = [name for name, group in groups.items() if noun in group.members and name not in (said, "thing")]
        if found:
            order.append(dice.pick(found))
    return list(dict.fromkeys(order))


def _other_orders(scene: Scene, dice: Dice, part: Description, ranks: bool) -> list[Description]:
    flip = {
        "left": "right",
        "right": "left",
        "top": "bottom",
        "bottom": "top",
        "largest": "smallest",
        "smallest": "largest",
    }
    assert part.order is not None
    opposite = replace(part, order=flip[part.order])
    if not ranks or part.order in ("largest", "smallest"):
        return [opposite]
    count = min(4, len(find(scene, replace(part, order=None, rank=1))))
    others = [replace(part, rank=rank) for rank in range(1, count + 1) if rank != part.rank]
    return dice.shuffled([opposite, *others])


def swapped_roles(statement: Statement) -> Statement | None:
    """The same relation with the two things in each other's place."""
    subject, predicate = statement.subject, statement.predicate
    if predicate is not None:
        if len(predicate.relations) != 1 or predicate != Description(relations=predicate.relations):
            return None
        relation = predicate.relations[0]
        if relation.anchor == subject or subject.relations:
            return None
        return replace(
            statement, subject=relation.anchor, predicate=Description(relations=(Relation(relation.name, subject),))
        )
    if len(subject.relations) != 1:
        return None
    relation = subject.relations[0]
    rest = replace(subject, relations=())
    if relation.anchor == rest or relation.anchor.relations:
        return None
    return replace(statement, subject=replace(relation.anchor, relations=(Relation(relation.name, rest),)))


def mentions_unseen(statement: Statement) -> bool:
    """Whether it names a combination kept for testB: if only false texts said it, it would be learnt as false."""
    subject, predicate = statement.subject, statement.predicate
    parts = [subject]
    if predicate is not None:
        parts += [predicate, replace(subject, colour=predicate.colour), replace(predicate, colour=subject.colour)]
    while parts:
        part = parts.pop()
        if part.colour is not None and part.noun in NOUN_INDEX and is_unseen(part.noun, part.colour):
            return True
        parts += [relation.anchor for relation in part.relations]
    return False
