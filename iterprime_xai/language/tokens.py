"""A word with the reading it has in its phrase, and the groups of readings that the rules speak of."""

from __future__ import annotations

from dataclasses import dataclass

from iterprime_xai.language.lexicon import Entry
from iterprime_xai.language.nouns import COMPOUNDS, PLACES
from iterprime_xai.language.words import Piece

NOMINAL = frozenset(("N", "ADJ", "COL", "POS", "ORD", "NUM", "ING", "PART"))
DESCRIBING = frozenset(("ADJ", "COL", "POS", "ORD", "NUM"))
UNIVERSAL = {
    "N": "NOUN", "PRON": "PRON", "DET": "DET", "POSS": "PRON", "GEN": "PART", "NUM": "NUM", "ORD": "ADJ", "POS": "ADJ",
    "COL": "ADJ", "ADJ": "ADJ", "ADV": "ADV", "ING": "VERB", "PART": "VERB", "FIN": "VERB", "ADP": "ADP", "REL": "PRON",
    "CONJ": "CCONJ", "NEG": "PART", "INTJ": "INTJ",
}  # fmt: skip
"""Our tags in universal parts of speech; modal and auxiliary verbs become AUX."""


@dataclass(slots=True)
class Token:
    """A word with the reading it has here."""

    piece: Piece
    entry: Entry
    tag: str

    @property
    def norm(self) -> str:
        return self.entry.repaired or self.piece.norm


def compound_at(tokens: list[Token], index: int) -> bool:
    """Whether the words ``index`` and ``index + 1`` are a listed compound ("hot dog", "dining table")."""
    if index < 0 or index + 1 >= len(tokens) or tokens[index + 1].piece.break_before:
        return False
    return (tokens[index].norm, tokens[index + 1].norm) in COMPOUNDS


def nominal(token: Token) -> bool:
    """Whether the word may belong to a noun phrase whose head is still to come."""
    return token.entry.can("N") or token.entry.tags[0] in NOMINAL


def may_describe(token: Token) -> bool:
    return any(tag in NOMINAL for tag in token.entry.tags) or token.norm in ("one", "ones")


def verb_like(token: Token) -> bool:
    return token.entry.tags[0] in ("ING", "ADP") and not token.entry.can("N")


PLACE_NOUNS = PLACES - {"left", "right", "top", "bottom", "middle", "center", "centre"}
