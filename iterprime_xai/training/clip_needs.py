"""Which pictures a text is surely not true of: those that lack a noun, a colour or a thing that it names.

In a contrastive batch the text of one picture is a false text of the others only where that is sure: "a dog" is true of many
pictures. What a text needs is read from its words; what a picture shows is known from its scene.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from iterprime_xai.data.scenes.truth import noun_fits
from iterprime_xai.data.scenes.vocabulary import CATEGORIES, COLOURS, IMPLICIT, NOUN_INDEX, NOUNS

NAMES = tuple(NOUN_INDEX)
GROUPS = tuple(name for name in (*CATEGORIES, *IMPLICIT) if name != "thing")
FEATURES = len(NAMES) + len(COLOURS) + len(NAMES) * len(COLOURS) + len(GROUPS)
"""Nouns, colours, nouns of a colour, and groups of nouns (categories and uses), in this order."""

MOST_NEEDS = 12
"""Needs kept of one text; with fewer than all a text is just less often surely false."""


def shown_by(things: Iterable[tuple[str, str]]) -> np.ndarray:
    """What a picture of these (noun, colour) shows, bool (FEATURES,); a group is shown also where that is unsure."""
    shown = np.zeros(FEATURES, bool)
    for noun, colour in things:
        shown[[_noun(noun), _colour(colour), _both(noun, colour)]] = True
        for place, group in enumerate(GROUPS):
            if noun_fits(noun, group) is not False:
                shown[FEATURES - len(GROUPS) + place] = True
    return shown


@lru_cache(maxsize=65536)
def needs_of(text: str) -> tuple[int, ...]:
    """The features that every picture shows of which this text is true: at most ``MOST_NEEDS``, in order."""
    words, needs, place = text.split(), set[int](), 0
    while place < len(words):
        length, name = _longest(words, place)
        if name is None:
            if words[place] in COLOURS:
                needs.add(_colour(words[place]))
        elif name in NOUN_INDEX:
            needs.add(_noun(name))
            before, after = words[max(0, place - 1) : place], words[place + length : place + length + 2]
            for colour in (*before, *(after[1:] if after[:1] == ["in"] else ())):
                if colour in COLOURS:
                    needs.add(_both(name, colour))
        else:
            needs.add(FEATURES - len(GROUPS) + GROUPS.index(name))
        place += length
    return tuple(sorted(needs))[:MOST_NEEDS]


def surely_false(text: str, shown: np.ndarray) -> bool:
    """Whether a picture that shows this (see :func:`shown_by`) lacks something that the text needs."""
    return not all(shown[need] for need in needs_of(text))


def _noun(name: str) -> int:
    return NOUN_INDEX[name]


def _colour(name: str) -> int:
    return len(NAMES) + COLOURS.index(name)


def _both(noun: str, colour: str) -> int:
    return len(NAMES) + len(COLOURS) + NOUN_INDEX[noun] * len(COLOURS) + COLOURS.index(colour)


def _table() -> dict[tuple[str, ...], str]:
    """Every way to say a noun or a group, as words, and what it says; of "something to eat" the end says it."""
    table = {tuple(way.split()): noun.name for noun in NOUNS for way in noun.words}
    for name in GROUPS:
        for way in (CATEGORIES.get(name) or IMPLICIT[name]).words:
            words = tuple(way.split())
            table[words[1:] if name in IMPLICIT else words] = name
    return table


_WAYS = _table()
_LONGEST = max(map(len, _WAYS))


def _longest(words: list[str], place: int) -> tuple[int, str | None]:
    """(number of words, what they say) of the longest way to say something that starts here; (1, None) for none."""
    for length in range(min(_LONGEST, len(words) - place), 0, -1):
        name = _WAYS.get(tuple(words[place : place + length]))
        if name is not None:
            return length, name
    return 1, None
