"""Training captions: statements whose truth turns on the referent, each with a twin that the scene proves false.

"The left dog" is true of every picture with two dogs and teaches nothing about which one is meant; "the left dog is
red" has to be looked up at the left dog. A false twin says the same but for one thing: a noun, a colour, a size, a
place, a relation, a rank, or who stands where. The changes are balanced: the text alone does not tell which is false.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iterprime_xai.data.scenes.changes import mentions_unseen, variants
from iterprime_xai.data.scenes.claims import MAKERS, Statement
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.expressions import KINDS as PHRASE_KINDS
from iterprime_xai.data.scenes.expressions import SceneExpression, expression_of_kind
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.truth import Description, Truth, both, referent, truths
from iterprime_xai.data.scenes.wording import AFTER, say, say_headless, vocabulary_words

__all__ = [
    "KINDS",
    "PhrasePair",
    "Statement",
    "StatementPair",
    "holds",
    "pair_of_kind",
    "phrase_pairs",
    "statement_pairs",
    "tell",
    "vocabulary_words",
]

KINDS: tuple[tuple[str, float], ...] = (
    ("position", 28),
    ("relation", 30),
    ("attribute", 14),
    ("category", 7),
    ("ordinal", 12),
    ("comparison", 5),
    ("clauses", 5),
    ("implicit", 3),
)


@dataclass(frozen=True, slots=True)
class StatementPair:
    """A true and a false text for one scene. ``changed`` names what differs, ``kind`` what has to be understood."""

    true: str
    false: str
    kind: str
    changed: str
    true_statement: Statement
    false_statement: Statement


@dataclass(frozen=True, slots=True)
class PhrasePair:
    """A phrase that means the one thing ``target``, and a phrase like it that fits nothing in the scene."""

    true: str
    false: str
    kind: str
    target: int


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


def statement_pairs(
    scene: Scene, rng: np.random.Generator, count: int, kinds: tuple[str, ...] | None = None
) -> list[StatementPair]:
    """``count`` pairs for a scene, spatial ones most; fewer only where a scene offers nothing (it hardly happens).

    ``kinds`` leaves out every other kind; ``None`` has them all.
    """
    dice = Dice(int(rng.integers(2**63)))
    weights = tuple(each for each in KINDS if kinds is None or each[0] in kinds)
    pairs: list[StatementPair] = []
    for _ in range(count * 4):
        if len(pairs) == count:
            break
        kind = dice.weighted(weights)
        pair = next((found for found in (pair_of_kind(scene, dice, kind) for _ in range(6)) if found), None)
        if pair is not None:
            pairs.append(pair)
    return pairs


def pair_of_kind(scene: Scene, dice: Dice, kind: str) -> StatementPair | None:
    """One try at a pair of this kind; ``None`` where the scene does not prove what came up."""
    statement = MAKERS[kind](scene, dice)
    if statement is None or not holds(scene, statement):
        return None
    for changed, other in variants(scene, dice, statement, kind):
        if holds(scene, other) is False and (scene.split == "testB" or not mentions_unseen(other)):
            seed, form = dice.below(2**31), dice.uniform()
            sure = referent_of_anchors(scene, statement)
            true, false = (tell(each, Dice(seed), form, sure) for each in (statement, other))
            if true != false:
                return StatementPair(true, false, kind, changed, statement, other)
    return None


def phrase_pairs(
    scene: Scene, rng: np.random.Generator, count: int, kinds: tuple[str, ...] | None = None
) -> list[PhrasePair]:
    """``count`` pairs of referring phrases, said as people say them, with or without a noun; fewer where little can be said."""
    dice = Dice(int(rng.integers(2**63)))
    weights = tuple(each for each in PHRASE_KINDS if kinds is None or each[0] in kinds)
    pairs: list[PhrasePair] = []
    for _ in range(count * 3):
        if len(pairs) == count:
            break
        kind = dice.weighted(weights)
        found = next((each for each in (expression_of_kind(scene, dice, kind) for _ in range(6)) if each), None)
        false = found and _absent(scene, dice, found)
        if found and false:
            pairs.append(PhrasePair(found.text, false, kind, found.target))
    return pairs


def _absent(scene: Scene, dice: Dice, expression: SceneExpression) -> str | None:
    """A phrase that differs from this one in one thing and fits nothing in the scene; ``None`` if there is none."""
    headless = expression.description.noun == "thing" and not any(
        word in expression.text.split() for word in ("thing", "one", "object")
    )
    for _, other in variants(scene, dice, Statement(expression.description), expression.kind):
        if holds(scene, other) is not False or mentions_unseen(other):
            continue
        if headless and other.subject.noun == "thing":
            return say_headless(other.subject, dice).text
        article = "the" if expression.text.startswith("the ") else ""
        anchor = "the" if article or " the " in expression.text else ""
        return say(other.subject, dice, article, anchor).text
    return None


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
