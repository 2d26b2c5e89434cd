"""Words with a reading rule of their own: half, one, her, which, who, looking, way, off, next, all, inside, ..."""

from __future__ import annotations

from collections.abc import Callable

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language import descriptors as desc
from iterprime_xai.language.tokens import Token, may_describe, nominal, verb_like


def preposition(word: str, token: Token, before: Token | None, after: Token | None, opens: bool) -> str:
    if word in ("near", "outside", "inside", "opposite") and after is not None:
        if before is not None and before.tag == "DET" and nominal(after):
            return "ADJ"
        if before is None and after.entry.animate and not after.entry.plural:
            return "ADJ"
    if token.entry.can("N") and opens and not (after and (after.entry.tags[0] in ("DET", "N", "ADJ", "COL"))):
        return "N"
    if word == "like" and before is not None and before.norm in closed.SUBJECTS:
        return "FIN"
    return "ADP"


def _counts_back(tokens: list[Token], index: int) -> bool:
    """ "next to last cow" counts; "next to the cow" is a place."""
    return index + 2 < len(tokens) and tokens[index + 2].norm in ("last", "first")


def _next(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    return "ADP" if after and after.norm == "to" and not _counts_back(tokens, index) else "ORD"


def _quantity(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    """ "some of the fruit" stands for the target as "one of the dogs" does."""
    if after and after.norm == "of" and before is None:
        return "PRON"
    return tokens[index].entry.tags[0]


def _inside(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    """ "inside of the oven" names the inside."""
    if after and after.norm == "of" and (before is None or before.tag == "DET"):
        return "N"
    return preposition(tokens[index].norm, tokens[index], before, after, before is None)


def _half(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    if after is None or (
        (before is not None and before.tag in ("N", "DET", "ORD", "POS")) and after.entry.tags[0] not in ("PART", "ADJ")
    ):
        return "N"
    if after.entry.tags[0] in ("PART", "ADJ", "COL", "NUM", "DET"):
        return "ADV"
    return "N"


def _one(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    """ "one man" counts, "left one" and "one with a hat" stand for the target."""
    if before is not None and before.tag in ("COL", "ADJ", "POS", "ORD") and before.norm != "only":
        return "PRON"
    stop = index + 1
    while stop < len(tokens) and not tokens[stop].piece.break_before and tokens[stop].entry.tags[0] in ("COL", "ADJ"):
        if tokens[stop].norm in desc.SUPERLATIVES or tokens[stop].norm in desc.COMPARATIVES:
            return "PRON"
        stop += 1
    if stop < len(tokens) and not tokens[stop].piece.break_before:
        head = tokens[stop].entry
        if tokens[stop].norm == "way":
            return "NUM"
        if before is not None and before.tag == "DET" and stop + 1 < len(tokens) and tokens[stop + 1].norm in closed.BE:
            return "PRON"  # "the one girl is petting"
        if head.tags[0] == "N" or (
            head.can("N") and not head.can("POS") and head.tags[0] not in ("ADP", "ING", "DET", "FIN")
        ):
            return "NUM"
    return "PRON"


def _number_sign(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    if after and after.entry.tags[0] == "NUM":
        return "N"
    return "NEG" if tokens[index].norm == "no" else "N"


def _her(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    return "POSS" if after and nominal(after) and not verb_like(after) and after.entry.tags[0] != "ING" else "PRON"


def _what(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    if before is not None:
        return "REL"
    return "DET" if after and may_describe(after) and tokens[index].norm in ("which", "what") else "PRON"


def _who(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    return "PRON" if before is None else "REL"


def _looking(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    """ "funny looking dog" describes, "dog looking left" tells."""
    if before is not None and before.tag == "ADJ" and after is not None and after.entry.can("N"):
        return "ADJ"
    return "ING"


def _way(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    if before is not None and before.norm in ("one", "wrong", "two"):
        return "N"
    if (before is not None and before.norm in ("all", "the")) or (
        after and after.entry.tags[0] in ("ADP", "POS", "ADV")
    ):
        return "ADV"
    return "N"


def _off(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    """ "cut off man": a particle, unless it says off what."""
    if (
        before is not None
        and before.tag in ("PART", "ING")
        and (after is None or after.norm not in ("of", "the", "a", "his", "her"))
    ):
        return "ADV"
    return "ADP"


def _few(before: Token | None, after: Token | None, tokens: list[Token], index: int) -> str:
    return "NUM"


Rule = Callable[[Token | None, Token | None, list[Token], int], str]

SPECIAL: dict[str, Rule] = {
    "half": _half, "one": _one, "no": _number_sign, "number": _number_sign, "her": _her, "which": _what, "what": _what,
    "who": _who, "looking": _looking, "way": _way, "off": _off, "next": _next, "inside": _inside, "outside": _inside,
    "few": _few, "several": _few,
    **dict.fromkeys(("all", "both", "each", "some", "any", "many", "most", "either", "neither"), _quantity),
}  # fmt: skip
