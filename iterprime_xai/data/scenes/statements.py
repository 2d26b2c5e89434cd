"""Training captions: statements whose truth turns on the referent, each with a twin that the scene proves false.

"The left dog" is true of every picture with two dogs and teaches nothing about which one is meant; "the left dog is red" has to
be looked up at the left dog. A false twin says the same but for one thing: a noun, a colour, a size, a place, a relation, a
rank, or who stands where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.truth import (
    OPPOSITE,
    ORDERS,
    PLACES,
    RELATIONS,
    Description,
    Relation,
    Truth,
    both,
    find,
    place_fits,
    referent,
    relates,
    truths,
)
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
from iterprime_xai.data.scenes.wording import AFTER, BEFORE, LINKS, MOST, NUMERALS, RELATING, say

KINDS: tuple[tuple[str, float], ...] = (
    ("position", 28),
    ("relation", 30),
    ("attribute", 14),
    ("category", 7),
    ("ordinal", 8),
    ("comparison", 5),
    ("clauses", 5),
    ("implicit", 3),
)
NAMES = tuple(noun.name for noun in NOUNS)


@dataclass(frozen=True, slots=True)
class Statement:
    """Something said of a scene.

    With a ``predicate``: the one thing that ``subject`` describes fits it too ("the left dog is red"). Without: there is such a
    thing, and only one if ``definite`` ("the bike left of the tree", "a red dog").
    """

    subject: Description
    predicate: Description | None = None
    definite: bool = True


@dataclass(frozen=True, slots=True)
class StatementPair:
    """A true text and a false one for the same scene. ``changed`` names what differs, ``kind`` what has to be understood."""

    true: str
    false: str
    kind: str
    changed: str
    true_statement: Statement
    false_statement: Statement


def holds(scene: Scene, statement: Statement) -> Truth:
    """Whether the scene proves the statement true (``True``), proves it false (``False``), or neither (``None``).

    False means that nothing in the scene could be meant: no thing even possibly fits subject and predicate together.
    """
    subject = truths(scene, statement.subject)
    if statement.predicate is None:
        together: tuple[Truth, ...] = subject
    else:
        together = tuple(both(a, b) for a, b in zip(subject, truths(scene, statement.predicate), strict=True))
    if all(truth is False for truth in together):
        return False
    if statement.definite:
        index = referent(scene, statement.subject)
        return True if index is not None and together[index] else None
    return True if True in together else None


def statement_pairs(scene: Scene, rng: np.random.Generator, count: int) -> list[StatementPair]:
    """``count`` pairs for a scene, spatial ones most; fewer only where a scene offers nothing (it hardly happens)."""
    dice = Dice(int(rng.integers(2**63)))
    pairs: list[StatementPair] = []
    for _ in range(count * 4):
        if len(pairs) == count:
            break
        kind = dice.weighted(KINDS)
        pair = next((found for found in (pair_of_kind(scene, dice, kind) for _ in range(6)) if found), None)
        if pair is not None:
            pairs.append(pair)
    return pairs


def pair_of_kind(scene: Scene, dice: Dice, kind: str) -> StatementPair | None:
    """One try at a pair of this kind; ``None`` where the scene does not prove what came up."""
    statement = _MAKERS[kind](scene, dice)
    if statement is None or not holds(scene, statement):
        return None
    for changed, other in _variants(scene, dice, statement, kind):
        if holds(scene, other) is False and (scene.split == "testB" or not mentions_unseen(other)):
            seed, form = dice.below(2**31), dice.uniform()
            sure = referent_of_anchors(scene, statement)
            true, false = (tell(each, Dice(seed), form, sure) for each in (statement, other))
            if true != false:
                return StatementPair(true, false, kind, changed, statement, other)
    return None


def mentions_unseen(statement: Statement) -> bool:
    """Whether it names a noun-colour combination kept for testB: said only in false texts, it would be learnt as false."""
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


def referent_of_anchors(scene: Scene, statement: Statement) -> bool:
    """Whether everything that the statement points to is the only one of its description, so that "the" is right."""
    parts = [statement.subject] + ([statement.predicate] if statement.predicate else [])
    return all(referent(scene, relation.anchor) is not None for part in parts for relation in part.relations)


def tell(statement: Statement, voice: Dice, form: float, definite_anchors: bool = True) -> str:
    """The statement in words; ``form`` in [0, 1) chooses among "the", "a", "there is a" and no article."""
    subject, predicate = statement.subject, statement.predicate
    anchor = "the" if definite_anchors and form < 0.85 else "a"
    if definite_anchors and 0.6 < form < 0.7:
        anchor = ""  # "bike left of tree"
    if predicate is None and not statement.definite:
        anchor = "the" if definite_anchors and form < 0.4 else "" if definite_anchors and form > 0.92 else "a"
        if form < 0.35 or 0.4 <= form < 0.55:
            return f"there is {say(subject, voice, 'a', anchor).text}"
        return say(subject, voice, "a" if form < 0.8 else "", anchor).text
    text = say(subject, voice, "" if 0.6 < form < 0.85 else "the", anchor).text
    return text if predicate is None else f"{text} is {_predicate(predicate, voice, anchor)}"


def _predicate(predicate: Description, voice: Dice, anchor: str) -> str:
    if predicate.relations:
        return (
            " ".join(say(predicate, voice, "", anchor).text.split(" ")[1:])
            .removeprefix("that is ")
            .removeprefix("which is ")
        )
    if predicate.place is not None:
        return AFTER[predicate.place][voice.below(2)]
    if predicate.noun != "thing":
        return say(predicate, voice, "a").text
    return predicate.colour or predicate.size or ""


# --- what can be said -------------------------------------------------------------------------------------------------


def _subject(scene: Scene, dice: Dice) -> int:
    """Something to speak of: mostly one of several of its kind."""
    index = dice.below(len(scene.things))
    for _ in range(3):
        noun = scene.things[index].noun
        if sum(thing.noun == noun for thing in scene.things) > 1:
            break
        index = dice.below(len(scene.things))
    return index


def _noun(scene: Scene, index: int, dice: Dice, loose: float = 0.12) -> str:
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


def _place(scene: Scene, index: int, dice: Dice) -> str | None:
    found = [place for place in PLACES if place_fits(scene.things[index], place)]
    return dice.pick(found) if found else None


def _relation(scene: Scene, index: int, dice: Dice) -> Relation | None:
    """A relation to some other thing that surely holds."""
    for _ in range(3):
        other = dice.below(len(scene.things))
        if other == index:
            continue
        found = [name for name in RELATIONS if relates(scene, index, name, other)]
        if not found:
            continue
        thing = scene.things[other]
        anchor = Description(noun=_noun(scene, other, dice, 0.06))
        if referent(scene, anchor) is None and dice.chance(0.7):
            anchor = replace(anchor, colour=thing.colour)
        return Relation(dice.pick(found), anchor)
    return None


def _category(scene: Scene, dice: Dice) -> Statement:
    index = dice.below(len(scene.things))
    return Statement(Description(noun=_noun(scene, index, dice, 0.2)), definite=False)


def _attributes(scene: Scene, dice: Dice) -> Statement:
    index = _subject(scene, dice)
    thing = scene.things[index]
    subject = Description(noun=_noun(scene, index, dice))
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
        index = _subject(scene, dice)
        thing = scene.things[index]
        where = spot(scene, index, dice)
        if where is None:
            return None
        style = dice.uniform()
        noun = _noun(scene, index, dice, 0.08)
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


def _spot_place(scene: Scene, index: int, dice: Dice) -> Description | None:
    place = _place(scene, index, dice)
    return Description(place=place) if place else None


def _spot_relation(scene: Scene, index: int, dice: Dice) -> Description | None:
    relation = _relation(scene, index, dice)
    return Description(relations=(relation,)) if relation else None


def _ranked(orders: tuple[str, ...], last: int) -> Callable[[Scene, Dice], Statement | None]:
    def make(scene: Scene, dice: Dice) -> Statement | None:
        index = _subject(scene, dice)
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
    index = _subject(scene, dice)
    thing = scene.things[index]
    first, place = _relation(scene, index, dice), _place(scene, index, dice)
    if first is None:
        return None
    style = dice.uniform()
    subject = Description(noun=thing.noun, relations=(first,))
    if style < 0.4 and place:
        subject = replace(subject, place=place)
    elif style < 0.75:
        second = _relation(scene, index, dice)
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
        where = _place(scene, index, dice)
        return Statement(replace(subject, place=where), definite=False) if where else None
    return Statement(subject, Description(colour=thing.colour))


_MAKERS: dict[str, Callable[[Scene, Dice], Statement | None]] = {
    "category": _category,
    "attribute": _attributes,
    "position": _spatial(_spot_place),
    "relation": _spatial(_spot_relation),
    "ordinal": _ranked(("left", "right", "left", "right", "top", "bottom"), 4),
    "comparison": _extreme,
    "clauses": _clauses,
    "implicit": _implicit,
}


# --- what can be changed ----------------------------------------------------------------------------------------------

Variant = tuple[str, Statement]
SPATIAL = frozenset({"position", "relation", "roles", "ordinal", "comparison"})


def _variants(scene: Scene, dice: Dice, statement: Statement, kind: str) -> Iterator[Variant]:
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
    swapped = _swapped(statement)
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
    """Other categories or uses, each as often as a thing drawn at random belongs to it: just as often as the true ones."""
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


def _swapped(statement: Statement) -> Statement | None:
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


# --- which words there are --------------------------------------------------------------------------------------------


def vocabulary_words() -> list[str]:
    """Every word that a statement or an expression about scenes can contain, sorted, lower case."""
    texts = [way for noun in NOUNS for way in noun.words]
    texts += [way for group in (*CATEGORIES.values(), *IMPLICIT.values()) for way in group.words]
    for table in (BEFORE, AFTER, RELATING, MOST, NUMERALS):
        texts += [way for ways in table.values() for way in ways]
    texts += [*COLOURS, *SIZES, "little", "tiny", "big", *LINKS]
    texts += ["there is a an the in and from thing something one which that"]
    return sorted({word for text in texts for word in text.lower().split()})
