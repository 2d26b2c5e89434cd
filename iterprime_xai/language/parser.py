"""From a phrase to an ``Expression``: words, primary word, cues, who said so, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language import pipeline as trained
from iterprime_xai.language.cues import find_cues
from iterprime_xai.language.openers import after_openers
from iterprime_xai.language.readings import read
from iterprime_xai.language.rules import CONTENT_TAGS, Head, find_head
from iterprime_xai.language.tokens import UNIVERSAL, Token
from iterprime_xai.language.words import check_text, split
from iterprime_xai.records import Expression, Word

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token as SpacyToken

CERTAIN = 0.99
"""Confidence of a phrase without any doubt."""

DOUBTS = {
    "headless": 0.92,
    "unknown head": 0.94,
    "attribute without preposition": 0.92,
    "possessive without apostrophe": 0.92,
    "place before target": 0.92,
    "chosen across commas": 0.92,
    "parser found no head": 0.90,
    "parser corrected": 0.85,
    "parser and rules differ": 0.75,
    "spelling repaired": 0.96,
    "head could be another part of speech": 0.95,
    "no known word": 0.6,
    "long": 0.95,
}
"""What lowers the confidence, and by which factor."""

LONG = 25
"""Phrases with more words than this are "long"."""


def parse(text: str, *, pipeline: Language | str | None = None) -> Expression:
    """Take a referring phrase apart: words with exact spans, the primary word, spatial cues.

    ``pipeline`` is a loaded spaCy ``Language``, the name of an installed one, or ``"rules"``; ``None`` takes the best
    installed ``en_core_web_*`` pipeline, and our rules on spaCy's blank English where there is none. Words are in order
    and ``text[slice(*word.span)] == word.text``; punctuation and emoji are no words. ``confidence`` is the product of
    ``CERTAIN`` and the factors of ``DOUBTS`` that apply.

    Raises ``PhraseError`` for what is not a str, empty, or without a word, and ``OptionError`` for a ``pipeline`` that is
    unknown or gives neither tags nor dependencies.
    """
    text = check_text(text)
    nlp = trained.choose(pipeline)
    if nlp is None:
        tokens = read(split(text))
        return _expression(text, tokens, find_head(tokens), "rules", [])
    doc = trained.annotate(nlp, text)
    tokens = read(split(text, doc))
    aligned = trained.align(tokens, doc)
    trained.retag(tokens, aligned)
    head = trained.reconcile(tokens, aligned, find_head(tokens))
    return _expression(text, tokens, head, f"spacy:{trained.name_of(nlp)}", aligned)


def _expression(text: str, tokens: list[Token], head: Head, parser: str, aligned: list[SpacyToken]) -> Expression:
    start = after_openers(tokens)
    words = tuple(
        Word(
            token.piece.text,
            (token.piece.start, token.piece.end),
            index == head.primary or (index >= start and _is_content(token)),
            (aligned[index].pos_ if aligned else "") or _universal(tokens, index),
        )
        for index, token in enumerate(tokens)
    )
    span = (tokens[head.first].piece.start, tokens[head.primary].piece.end)
    return Expression(
        text=text,
        words=words,
        primary=head.primary,
        primary_span=span,
        cues=find_cues(tokens, head.primary),
        headless=head.headless,
        parser=parser,
        confidence=_confidence(tokens, head),
    )


def _is_content(token: Token) -> bool:
    """Nouns, verbs, adjectives, numbers and pronoun heads: what a picture can show."""
    if token.tag == "FIN":
        return token.norm not in closed.MODALS
    return token.tag in CONTENT_TAGS or (token.tag == "PRON" and token.norm in closed.PRONOUN_HEADS)


def _universal(tokens: list[Token], index: int) -> str:
    """The coarse universal part of speech of our tag."""
    token = tokens[index]
    if token.tag == "FIN" and token.norm in closed.MODALS:
        return "AUX"
    named = (
        token.tag == "N" and not token.entry.known and token.piece.text[:1].isupper() and not token.piece.text.isupper()
    )
    return "PROPN" if named and index > 0 else UNIVERSAL[token.tag]


def _confidence(tokens: list[Token], head: Head) -> float:
    doubts = set(head.doubts)
    entry = tokens[head.primary].entry
    if entry.repaired or any(token.entry.repaired for token in tokens):
        doubts.add("spelling repaired")
    if tokens[head.primary].tag != entry.tags[0]:
        doubts.add("head could be another part of speech")
    if not any(token.entry.known for token in tokens):
        doubts.add("no known word")
    if len(tokens) > LONG:
        doubts.add("long")
    confidence = CERTAIN
    for doubt in sorted(doubts):
        confidence *= DOUBTS[doubt]
    return round(confidence, 3)
