"""The primary word as IteRPrimE's released code finds it: from Stanza's constituency tree.

The first noun phrase of the tree that has no other inside it and holds a singular noun (tag NN); its last such noun. Where there
is none: the last word tagged NOUN. Plurals and proper nouns are missed ("men next to the car" gives "car"): the paper's numbers
were measured so; our own rules do not share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from iterprime_xai.language.parser import parse
from iterprime_xai.records import Expression, MissingExtraError


def stanza_parser() -> Callable[[str], Expression]:
    """A parser of phrases whose primary word comes from Stanza.

    Raises ``MissingExtraError`` where Stanza or its English models are not installed.
    """
    pipeline = _pipeline()

    def parsed(text: str) -> Expression:
        expression = parse(text, pipeline="rules")
        spans = [
            (word.start_char, word.end_char, word.upos, sentence.constituency if first else None)
            for sentence in pipeline(text).sentences
            for first, word in zip((True, *([False] * len(sentence.words))), sentence.words, strict=False)
        ]
        trees = [tree for *_, tree in spans if tree is not None]
        chosen = primary_leaf(trees, [tag for _, _, tag, _ in spans])
        if chosen is None:
            return replace(expression, parser="stanza: no noun, our rules")
        start, end = spans[chosen][:2]
        place = next(
            (index for index, word in enumerate(expression.words) if word.span[0] < end and start < word.span[1]),
            None,
        )
        if place is None:
            return replace(expression, parser="stanza: no noun, our rules")
        words = tuple(
            replace(word, content=word.content or index == place) for index, word in enumerate(expression.words)
        )
        return replace(
            expression,
            words=words,
            primary=place,
            primary_span=words[place].span,
            headless=False,
            parser="stanza",
            confidence=1.0,
        )

    return parsed


def primary_leaf(trees: list[Any], tags: list[str]) -> int | None:
    """Index of the primary word among all words; ``None`` where nothing is a noun.

    ``trees`` are constituency trees in order, each with ``label`` and ``children``; a leaf's label is its word. ``tags`` are the
    universal tags of all words.
    """
    first = 0
    for tree in trees:
        for phrase, begin in _noun_phrases(tree, first):
            inside = [index for index, (label, _) in enumerate(_tagged(phrase)) if label == "NN"]
            if inside:
                return begin + inside[-1]
        first += sum(1 for _ in _tagged(tree))
    nouns = [index for index, tag in enumerate(tags) if tag == "NOUN"]
    return nouns[-1] if nouns else None


def _noun_phrases(tree: Any, first: int) -> Iterator[tuple[Any, int]]:
    """Noun phrases without another inside, in order, each with the index of its first word."""
    if not tree.children:
        return
    if tree.label == "NP" and not any(_holds_np(child) for child in tree.children):
        yield tree, first
        return
    for child in tree.children:
        yield from _noun_phrases(child, first)
        first += sum(1 for _ in _tagged(child))


def _holds_np(tree: Any) -> bool:
    return bool(tree.children) and (tree.label == "NP" or any(_holds_np(child) for child in tree.children))


def _tagged(tree: Any) -> Iterator[tuple[str, str]]:
    """(tag, word) of every word below: a leaf's parent is its tag."""
    for child in tree.children:
        if child.children:
            yield from _tagged(child)
        else:
            yield tree.label, child.label


@lru_cache(maxsize=1)
def _pipeline() -> Any:
    to_do = (
        'The preset "paper" finds the primary word with Stanza: `pip install "iterprime-xai[paper]"`, then '
        "`python -c \"import stanza; stanza.download('en')\"`. "
        'Without it, the preset "paper-offline" uses our own rules and says so.'
    )
    try:
        import stanza
    except ImportError as error:
        raise MissingExtraError(to_do) from error
    try:
        return stanza.Pipeline(
            "en", processors="tokenize,pos,constituency", verbose=False, download_method=None, tokenize_no_ssplit=True
        )
    except Exception as error:  # Stanza has no one class for models that are not there
        raise MissingExtraError(f"{to_do} (Stanza says: {error})") from error
