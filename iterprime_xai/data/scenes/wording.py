"""How a description is said: words in the manner of people who point things out to each other."""

from __future__ import annotations

from dataclasses import dataclass

from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.truth import Description
from iterprime_xai.data.scenes.vocabulary import CATEGORIES, COLOURS, IMPLICIT, NOUN_INDEX, NOUNS, SIZE_WORDS, head_of

BEFORE: dict[str, tuple[str, ...]] = {
    "left": ("left",),
    "right": ("right",),
    "top": ("top", "upper"),
    "bottom": ("bottom", "lower"),
    "middle": ("middle", "center"),
    "top left": ("top left", "upper left"),
    "top right": ("top right", "upper right"),
    "bottom left": ("bottom left", "lower left"),
    "bottom right": ("bottom right", "lower right"),
}
"""An absolute place said before the noun."""

AFTER: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on left", "to the left", "at left", "left", "on the left side"),
    "right": ("on the right", "on right", "to the right", "at right", "right", "on the right side"),
    "top": ("at the top", "at top", "top", "in the upper part"),
    "bottom": ("at the bottom", "at bottom", "bottom", "in the lower part"),
    "middle": ("in the middle", "in middle", "in the center", "middle"),
    "top left": ("in the top left corner", "at the top left", "top left", "in the upper left"),
    "top right": ("in the top right corner", "at the top right", "top right", "in the upper right"),
    "bottom left": ("in the bottom left corner", "at the bottom left", "bottom left", "in the lower left"),
    "bottom right": ("in the bottom right corner", "at the bottom right", "bottom right", "in the lower right"),
}
"""An absolute place said after the noun."""

RELATING: dict[str, tuple[str, ...]] = {
    "left of": ("left of", "to the left of", "on the left of"),
    "right of": ("right of", "to the right of", "on the right of"),
    "above": ("above", "over"),
    "below": ("below", "under", "beneath"),
    "next to": ("next to", "beside"),
    "near": ("near", "close to"),
    "in front of": ("in front of",),
    "behind": ("behind",),
}
MOST: dict[str, tuple[str, ...]] = {
    "left": ("leftmost", "far left", "furthest left"),
    "right": ("rightmost", "far right", "furthest right"),
    "top": ("topmost", "highest", "uppermost"),
    "bottom": ("lowest", "bottommost", "lowest"),
    "largest": ("largest", "biggest"),
    "smallest": ("smallest", "tiniest"),
}
NUMERALS: dict[int, tuple[str, ...]] = {
    1: ("first", "1st"),
    2: ("second", "2nd"),
    3: ("third", "3rd"),
    4: ("fourth", "4th"),
}
LINKS = ("that is", "which is")
PERSONS = frozenset({noun.name for noun in NOUNS if noun.category == "person"} | {"person", "kid"})


@dataclass(frozen=True, slots=True)
class Said:
    """A description in words: text, head word, and the head word of each thing it points to, with that thing."""

    text: str
    head: str
    contexts: tuple[tuple[str, Description], ...] = ()


def say(description: Description, voice: Dice, article: str = "the", anchor_article: str = "the") -> Said:
    """The description in words; ``article`` is "the", "a" or "", ``anchor_article`` the same for what it points to.

    The same voice gives the same turns of phrase, so that two descriptions said with it differ only in what they say.
    """
    use, bare, first, last = voice.uniform(), voice.uniform(), voice.uniform(), voice.uniform()
    words = noun_words(description.noun, bare)
    implicit = description.noun in IMPLICIT
    before: list[str] = []
    after: list[str] = []
    if description.order is not None:
        lead, close = _order_words(description, use, first)
        before += lead
        after += close
    if description.place is not None:
        if not implicit and use < 0.45:
            before.append(_at(BEFORE[description.place], first))
        else:
            options = AFTER[description.place]
            if implicit:  # not "something to sit on on the left"
                options = tuple(option for option in options if option.startswith(("at ", "in ", "to ")))
            after.append(_at(options, first))
    if description.size is not None:
        before.append(_at(SIZE_WORDS[description.size], last**2))
    if description.colour is not None:
        if description.noun in PERSONS and last < 0.3:
            after.insert(0, f"in {description.colour}")
        else:
            before.append(description.colour)
    contexts: list[tuple[str, Description]] = []
    related: list[str] = []
    for relation in description.relations:
        anchor = say(relation.anchor, voice, anchor_article, anchor_article)
        related.append(f"{_at(RELATING[relation.name], voice.uniform())} {anchor.text}")
        contexts += [(anchor.head, relation.anchor), *anchor.contexts]
    if related:
        link = voice.uniform()
        after.append((f"{LINKS[int(link * 10)]} " if link < 0.2 else "") + " and ".join(related))
    if implicit:
        tail = words.split(" ", 1)[1]
        if use < 0.75:  # "something red to sit on"
            pieces = ["something", *before, tail, *after]
            return Said(" ".join(pieces), "something", tuple(contexts))
        words = f"thing {tail}"
    head = "thing" if implicit else head_of(words)
    text = " ".join([*before, words, *after])
    if description.order is not None and article == "a":
        article = "the"
    return Said(with_article(article, text), head, tuple(contexts))


FUNCTION_WORDS = frozenset({"a", "an", "the", "on", "in", "at", "to", "from", "of"})


def say_headless(description: Description, voice: Dice) -> Said:
    """A description of a "thing" said without any noun: "left", "red", "second from the right"."""
    use, first = voice.uniform(), voice.uniform()
    before: list[str] = []
    after: list[str] = []
    if description.order is not None:
        before, after = _order_words(description, use, first)
    if description.colour is not None:
        before.append(description.colour)
    if description.place is not None:
        if use < 0.45 and not before:
            before.append(_at(BEFORE[description.place], first))
        else:
            after.append(_at(AFTER[description.place], first))
    text = " ".join([*before, *after])
    return Said(text, next(word for word in text.split() if word not in FUNCTION_WORDS))


def noun_words(noun: str, level: float) -> str:
    """One of the ways to say a noun, category or use; the first is the commonest. ``level`` in [0, 1) chooses."""
    if noun in NOUN_INDEX:
        ways = NOUNS[NOUN_INDEX[noun]].words
    else:
        ways = (CATEGORIES.get(noun) or IMPLICIT[noun]).words
    if len(ways) == 1 or level < 0.6:
        return ways[0]
    return _at(ways[1:], (level - 0.6) / 0.4)


def with_article(article: str, text: str) -> str:
    """The text with "the", with "a" or "an" as it sounds, or with nothing in front."""
    if article == "a":
        vowel = text[0] in "aeiou" and not text.startswith("one")
        return f"{'an' if vowel else 'a'} {text}"
    return f"{article} {text}" if article else text


def _order_words(description: Description, use: float, level: float) -> tuple[list[str], list[str]]:
    """(before the noun, after the noun) for an ordinal or an extreme."""
    order, rank = description.order or "", description.rank
    if order in ("largest", "smallest") or (rank == 1 and use < 0.6):
        return [_at(MOST[order], level)], []
    numeral = NUMERALS[rank][0 if level < 0.7 else 1]
    return [numeral], [f"from the {order}" if use < 0.85 else f"from {order}"]


def _at(options: tuple[str, ...], level: float) -> str:
    return options[min(int(level * len(options)), len(options) - 1)]


def vocabulary_words() -> list[str]:
    """Every word that a statement or an expression about scenes can contain, sorted, lower case."""
    texts = [way for noun in NOUNS for way in noun.words]
    texts += [way for group in (*CATEGORIES.values(), *IMPLICIT.values()) for way in group.words]
    for table in (BEFORE, AFTER, RELATING, MOST, NUMERALS):
        texts += [way for ways in table.values() for way in ways]
    texts += [way for ways in SIZE_WORDS.values() for way in ways]
    texts += [*COLOURS, *LINKS]
    texts += ["there is a an the in and from thing something one which that"]
    return sorted({word for text in texts for word in text.lower().split()})
