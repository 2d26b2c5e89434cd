"""What is said of a picture in a contrastive training: every text with a twin that differs in one thing and is false."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.truth import noun_fits
from iterprime_xai.data.scenes.vocabulary import CATEGORIES, COLOURS, IMPLICIT, SIZE_WORDS, is_unseen
from iterprime_xai.data.scenes.wording import PERSONS, noun_words, vocabulary_words, with_article
from iterprime_xai.training.clip_needs import GROUPS, NAMES, surely_false

if TYPE_CHECKING:
    from iterprime_xai.data.scenes.scene import Scene

Pair = tuple[str, str]
"""A true text and a false one; the false one is empty where there is none."""

PROMPT = "a photo of"
"""The words that CLIP's prompts start with; bare phrases are said more often."""

PROMPT_SHARE = 0.3

SIZED = frozenset(word for words in SIZE_WORDS.values() for word in words) | {
    "largest",
    "biggest",
    "smallest",
    "tiniest",
}

_FORMS: tuple[tuple[str, float], ...] = (
    ("{noun}", 3),
    ("a {noun}", 2),
    ("the {noun}", 1),
    ("{colour} {noun}", 4),
    ("a {colour} {noun}", 4),
    ("the {colour} {noun}", 2),
    ("there is a {colour} {noun}", 1),
    ("the {noun} is {colour}", 1),
    ("{colour} thing", 0.7),
    ("the {colour} one", 0.7),
    ("a {colour} object", 0.5),
    ("{colour}", 0.7),
    ("{group}", 1.5),
    ("a {colour} {group}", 1),
)
_PERSON_FORMS = (*_FORMS, ("{noun} in {colour}", 2.0), ("the {noun} in {colour}", 1.0))


def clip_words() -> list[str]:
    """Every word of a training text: those of the scenes, and that of the prompt which they have not."""
    return sorted({*vocabulary_words(), *PROMPT.split()})


def naming_pair(noun: str, colour: str, shown: np.ndarray, dice: Dice) -> Pair | None:
    """A text that names a thing, and one that names another noun, colour or group, which the picture does not show.

    ``None`` where what came up is not surely false.
    """
    form = dice.weighted(_PERSON_FORMS if noun in PERSONS else _FORMS)
    way, group, start = dice.uniform(), _group(noun, dice, True), dice.chance(PROMPT_SHARE)
    other_noun, other_colour = noun, colour
    other_group = group
    if "{colour}" in form and ("{noun}" not in form or dice.chance(0.6)):
        other_colour = dice.pick([each for each in COLOURS if each != colour])
    elif "{noun}" in form:
        other_noun = dice.pick([each for each in NAMES if each != noun])
    else:
        other_group = _group(noun, dice, False)
    if group is None or other_group is None or ("{noun}" in form and is_unseen(other_noun, other_colour)):
        return None
    true = _worded(form, noun, colour, group, way, start)
    false = _worded(form, other_noun, other_colour, other_group, way, start)
    return (true, false) if surely_false(false, shown) else None


def _group(noun: str, dice: Dice, member: bool) -> str | None:
    """A category or use that the noun surely belongs to, or surely does not."""
    return next((each for each in dice.shuffled(GROUPS) if noun_fits(noun, each) is member), None)


def _worded(form: str, noun: str, colour: str, group: str, way: float, start: bool) -> str:
    name = noun_words(noun, way)
    if "{group}" in form and group in IMPLICIT:
        # "something red to sit on"
        tail = noun_words(group, way).split(" ", 1)[1]
        text = f"something {colour} {tail}" if "{colour}" in form else f"something {tail}"
        return f"{PROMPT} {text}" if start else text
    kind = noun_words(group, way) if group in CATEGORIES else group
    text = form.format(noun=name, colour=colour, group=kind)
    lead, found, rest = text.partition("a ") if text.startswith(("a ", "there is a ")) else ("", "", text)
    text = lead + (with_article("a", rest) if found else rest)
    if start and not text.startswith("there is ") and " is " not in text:
        return f"{PROMPT} {text}"
    return text


def scene_pairs(scene: Scene, shown: np.ndarray, dice: Dice, sized: bool, counts: tuple[int, int, int]) -> list[Pair]:
    """Statements, phrases and names (``counts`` of each) of a scene with false twins, and one caption without; fewer at times.

    Without ``sized`` nothing is said about sizes.
    """
    from iterprime_xai.data.scenes.captions import scene_caption
    from iterprime_xai.data.scenes.statements import phrase_pairs, statement_pairs

    rng = np.random.default_rng(int(dice.uniform() * 2**53))
    found: list[Pair] = [(each.true, each.false) for each in statement_pairs(scene, rng, counts[0])]
    if len(scene.things) > 1:  # nobody says which one is meant where there is but one
        found += [(each.true, each.false) for each in phrase_pairs(scene, rng, counts[1])]
    for _ in range(counts[2]):
        thing = dice.pick(scene.things)
        pair = naming_pair(thing.noun, thing.colour, shown, dice)
        found += [pair] if pair else []
    found.append((scene_caption(scene, dice).text, ""))
    return found if sized else [each for each in found if not SIZED & {*each[0].split(), *each[1].split()}]
