"""The words that a closed-vocabulary model was trained on, and which of them comes near to one that it was not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection

from iterprime_xai.language.closed_class import PREPOSITIONS
from iterprime_xai.language.lexicon import lookup

CLITICS = frozenset("'s 're 'm 've 'll 'd n't s t re ve ll m d".split())
"""What stands after an apostrophe: no words of their own."""

SURE, NEAR = 0.85, 0.7
"""Likeness of spelling from which a word is suggested: any word, or a content word with the same first letter."""


def known_words(tokens: Collection[str]) -> frozenset[str]:
    """The real words among a word-piece vocabulary: single letters other than "a" only spell out what it does not know."""
    return frozenset(
        token
        for token in tokens
        if not token.startswith(("##", "[")) and any(map(str.isalpha, token)) and (len(token) > 1 or token == "a")
    )


def unknown_words(
    words: Collection[str], known: Collection[str], normalise: Callable[[str], str]
) -> dict[str, str | None]:
    """The words that are not ``known``, each with the nearest that is, or ``None`` where none is near.

    Args:
        words: as written; numbers and clitics ('s, n't) are passed over.
        known: the words of training, see :func:`known_words`.
        normalise: how the tokenizer changes a word before it looks it up (lower case, accents).
    """
    found: dict[str, str | None] = {}
    for word in sorted(words):
        plain = normalise(word.replace("’", "'")).strip()
        if not any(map(str.isalpha, plain)) or plain in CLITICS:
            continue
        parts = [part for part in re.split(r"[\W_]+", plain) if part]  # the tokenizer cuts at hyphens and apostrophes
        if plain not in known and any(part not in known and part not in CLITICS for part in parts):
            found[word] = nearest_word(plain, known)
    return found


def nearest_word(word: str, known: Collection[str]) -> str | None:
    """The known word that a word is a form or a misspelling of, or ends in; ``None`` rather than a far-fetched one."""
    for form in (lookup(word).base, f"{word}s", f"{word}es", word.removesuffix("s"), word.removesuffix("es")):
        if form in known:
            return form
    alike = difflib.get_close_matches(word, sorted(known), 1, SURE)
    if alike:
        return alike[0]
    ends = [each for each in known if len(each) >= 4 and word.endswith(each)]
    if ends:
        return max(ends, key=lambda each: (len(each), each))  # a compound: "motorbike"
    same_start = sorted(each for each in known if each[0] == word[0] and each not in PREPOSITIONS)
    return next(iter(difflib.get_close_matches(word, same_start, 1, NEAR)), None)
