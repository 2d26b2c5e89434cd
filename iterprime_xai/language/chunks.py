"""Noun chunks: the noun phrase that names the target, and all those of a sentence; by our rules or by a spaCy pipeline.

By our rules a chunk is a run of nouns with the determiners, numbers, adjectives and participles in front of it. By a pipeline it is
what its ``noun_chunks`` say, and the target's is found as Global-Local CLIP's released code does (Yu, Seo, Son, CVPR 2023): the
chunk that holds the root of the last sentence; else that of the root's first child; else the whole text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from iterprime_xai.language.parser import parse
from iterprime_xai.language.readings import read
from iterprime_xai.language.tokens import Token
from iterprime_xai.language.words import split
from iterprime_xai.records import Expression, MissingExtraError

_BEFORE = frozenset(("DET", "POSS", "NUM", "ORD", "ADJ", "COL", "POS", "ING", "PART", "N"))
"""Our tags that may stand in a chunk in front of its last noun."""

_UNIVERSAL_BEFORE = frozenset(("DET", "NUM", "ADJ", "NOUN", "PROPN"))


def target_chunk(expression: Expression) -> str:
    """The noun phrase of the primary word: from the determiner in front of it to the word itself.

    The whole text where the phrase has no head noun ("third from the left"): nothing shorter names the target.
    """
    if expression.headless:
        return expression.text
    words, first = expression.words, expression.primary
    while (
        first
        and words[first - 1].pos in _UNIVERSAL_BEFORE
        and not expression.text[words[first - 1].span[1] : words[first].span[0]].strip(" -'’")
    ):
        first -= 1
    return expression.text[words[first].span[0] : words[expression.primary].span[1]]


def noun_chunks(text: str) -> list[str]:
    """The noun chunks of a sentence such as a caption, in order, by our rules. Raises ``PhraseError`` for a text without a word."""
    tokens, found, start = read(split(text)), [], 0
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.tag not in _BEFORE or token.piece.break_before:
            start = index if token.tag in _BEFORE else index + 1
        if token.tag == "N" and not (following and following.tag == "N" and not following.piece.break_before):
            found.append(_written(text, tokens[start : index + 1]))
            start = index + 1
    return found


def _written(text: str, tokens: Sequence[Token]) -> str:
    return text[tokens[0].piece.start : tokens[-1].piece.end]


def chunk_of_root(doc: Any) -> str:
    """The target's noun phrase in a text that a spaCy pipeline has parsed, as the released code of Global-Local CLIP finds it."""
    chunks = {index: chunk for chunk in doc.noun_chunks for index in range(chunk.start, chunk.end)}
    roots = [token for token in doc if token.head.i == token.i]
    if not roots:
        return doc.text
    head = roots[-1]
    if head.i not in chunks:
        head = next(iter(head.children), head)
    return chunks[head.i].text if head.i in chunks else doc.text


def pipeline_named(name: str, paper: str) -> Any:
    """The trained spaCy pipeline that a paper's released code uses. Raises ``MissingExtraError`` where it is not installed."""
    if find_spec(name) is None:
        raise MissingExtraError(
            f'The preset "paper" of {paper} finds noun phrases with the spaCy pipeline {name}: `python -m spacy download {name}`. '
            'Without it, the preset "paper-offline" uses our own rules and says so.'
        )
    return _loaded(name)


@lru_cache(maxsize=2)
def _loaded(name: str) -> Any:
    return import_module(name).load(exclude=["ner"])


def target_of(text: str) -> str:
    """:func:`target_chunk` of a text that is parsed by our rules."""
    return target_chunk(parse(text, pipeline="rules"))
