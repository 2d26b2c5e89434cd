"""Which of its possible readings each word has here: part-of-speech choice from the words around it."""

from __future__ import annotations

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language import descriptors as desc
from iterprime_xai.language.lexicon import lookup, verb_base
from iterprime_xai.language.special_words import SPECIAL, preposition
from iterprime_xai.language.tokens import Token, compound_at, may_describe, nominal, verb_like
from iterprime_xai.language.words import Piece


def read(pieces: tuple[Piece, ...]) -> list[Token]:
    """Give every word the reading that fits its neighbours, from left to right."""
    tokens = [Token(piece, lookup(piece.norm), "") for piece in pieces]
    for index, token in enumerate(tokens):
        ambiguous = (
            len(token.entry.tags) > 1
            or token.entry.tags[0] in ("FIN", "PART")
            or token.norm in SPECIAL
            or compound_at(tokens, index - 1)
        )
        token.tag = _choose(tokens, index) if ambiguous else token.entry.tags[0]
    return tokens


def _choose(tokens: list[Token], index: int) -> str:
    """One reading of an ambiguous word."""
    token = tokens[index]
    word, can = token.norm, token.entry.can
    before = tokens[index - 1] if index and not token.piece.break_before else None
    after = tokens[index + 1] if index + 1 < len(tokens) and not tokens[index + 1].piece.break_before else None
    tag_before = before.tag if before else ""
    opens = before is None or tag_before in ("ADP", "FIN", "DET", "CONJ", "INTJ", "ADV", "NEG")

    if compound_at(tokens, index - 1) and not (word == "top" and after is not None and after.entry.can("POS")):
        return "N"  # but "the tree top right"
    special = SPECIAL.get(word)
    if special is not None:
        return special(before, after, tokens, index)
    if (
        after is not None
        and after.norm == "of"
        and opens
        and token.entry.tags[0] in ("FIN", "PART")
        and word not in closed.MODALS
    ):
        return "N"  # "set of stairs", "type of bird"
    if can("GEN"):
        return _genitive(before, after)
    if can("DET") and can("REL"):
        return _that(before, after)
    if can("DET") and can("PRON"):
        return "DET" if after and may_describe(after) else "PRON"
    if can("POSS") and can("PRON"):
        return "POSS" if after and may_describe(after) and not verb_like(after) else "PRON"
    if can("POSS") and can("REL"):
        return "REL" if before else "POSS"
    if can("POS"):
        return _position(word, before, after)
    if can("COL"):
        return _colour(word, before, after)
    if can("ADP"):
        return preposition(word, token, before, after, opens)
    if can("ADV") and (can("ADJ") or can("N")):
        return _adverb(token, before, after)
    if can("FIN") and word in closed.MODALS:
        return "N" if can("N") and not _modal(before, after) else "FIN"
    if can("N") and can("ING"):
        return "ING" if before and _acts(before) else "N"
    if can("ADJ") and can("N"):
        return _adjective_or_noun(token, before, after)
    if can("PART") and can("N"):
        return "N" if tag_before in ("DET", "POSS", "GEN") and not (after and nominal(after)) else "PART"
    if can("PART") and can("ADJ"):
        return "ADJ" if opens and after and nominal(after) else "PART"
    if can("FIN") and can("ADJ"):
        return "FIN" if before and (_verb_follows(before, token) or before.norm == "to") else "ADJ"
    if can("FIN") and word not in closed.MODALS and not can("N"):
        # "stop sign", "skate park": a plain verb with nobody to do it names a kind of thing
        plain = (
            word == token.entry.base
            and after is not None
            and after.entry.can("N")
            and not (before and _subject(before))
        )
        # "bus stop", "banana peel"
        kind = word == token.entry.base and before is not None and before.tag == "N" and not before.entry.animate
        return "N" if plain or kind else token.entry.tags[0]
    if can("FIN") and can("N"):
        return "FIN" if before and after and _verb_follows(before, token) else "N"
    return token.entry.tags[0]


def _acts(token: Token) -> bool:
    """Whether the word before a form in -ing is one that does something."""
    return (
        token.entry.animate
        or token.norm in closed.BE
        or token.norm in ("plane", "airplane", "jet", "one", "someone", "who")
    )


def _verb_follows(before: Token, token: Token) -> bool:
    """Whether ``token`` is the verb of the noun or pronoun before it ("man walks", "people walk", "he walks")."""
    third_person = token.norm != verb_base(token.norm)
    if before.tag == "REL" or before.norm in closed.SUBJECTS or before.norm in ("to", "to", "not"):
        return before.norm != "whose"
    if before.tag == "FIN" and before.norm in ("does", "do", "can", "will", "nt", "n't"):
        return True
    if before.tag == "PRON":
        return third_person
    if before.tag == "N" and before.entry.animate:
        if token.entry.body or (token.entry.clothing and not third_person):
            return False
        return (third_person and not before.entry.plural) or (not third_person and before.entry.plural)
    return False


def _subject(before: Token) -> bool:
    return (
        before.tag in ("REL", "PRON", "FIN", "NEG")
        or before.norm == "to"
        or (before.tag == "N" and before.entry.animate)
    )


def _genitive(before: Token | None, after: Token | None) -> str:
    if (
        before is None
        or (before.tag in ("PRON", "REL") and before.norm not in _OWNING)
        or before.norm in ("that", "there", "here", "where")
    ):
        return "FIN"
    if after is None:
        return "GEN"
    if after.tag == "" and after.entry.tags[0] in ("DET", "ADP", "NEG", "POSS", "ADV") and not after.entry.can("ADJ"):
        return "FIN"
    if after.entry.tags[0] == "ING" and before.entry.animate and verb_base(after.norm) not in desc.INTRANSITIVE:
        return "FIN"
    return "GEN"


_OWNING = frozenset("someone somebody anyone anybody everyone everybody one whoever other".split())


def _that(before: Token | None, after: Token | None) -> str:
    if before is not None and before.tag not in ("ADP", "FIN", "CONJ", "INTJ", "ADV", "REL"):
        return "REL"
    return "DET" if after and may_describe(after) and after.entry.tags[0] not in ("ING", "PART") else "PRON"


def _position(word: str, before: Token | None, after: Token | None) -> str:
    follows = after is not None and (nominal(after) or after.norm == "of")
    if before is not None and not follows:
        owned = before.tag in ("POSS", "GEN") or before.norm == "whose"
        if owned and word in ("back", "front", "bottom", "rear"):
            return "N"
        if word == "top" and (before.tag == "COL" or before.norm in _TOPS):
            return "N"  # "pink top"
    if word == "right" and after is not None and after.norm in _RIGHT_BEFORE:
        return "POS" if before is not None and before.tag in ("ADP", "DET", "POSS") else "ADV"
    return "POS"


_TOPS = frozenset(
    "tank crop halter lap table counter desk roof stove tree tube hill mountain striped floral patterned plaid".split()
)
_RIGHT_BEFORE = frozenset("next behind beside by near under above below between at underneath infront over".split())


def _colour(word: str, before: Token | None, after: Token | None) -> str:
    if word not in desc.COLOUR_NOUNS:
        return "COL"
    if after and (after.norm in _FRUIT_PARTS and word in ("orange", "peach", "lime")):
        return "N"
    superlative = after is not None and after.norm in (*desc.SUPERLATIVES, *desc.COMPARATIVES, "close", "far")
    if after and not superlative and (after.entry.can("N") or after.entry.tags[0] in ("COL", "ADJ", "PRON", "PART")):
        return "COL"
    if after and after.tag == "" and after.norm in ("and", "&", "n") and not (before and before.tag == "DET"):
        return "COL"
    if before and (before.tag in ("N", "FIN", "COL", "CONJ") or before.norm in ("in", "wearing")):
        return "COL"
    return "COL" if word in ("gold", "silver", "cream") else "N"


_FRUIT_PARTS = frozenset(
    "slice slices juice peel wedge wedges half halves piece pieces tree segment segments section skin".split()
)


def _adverb(token: Token, before: Token | None, after: Token | None) -> str:
    if token.norm == "pretty":
        return "ADV" if after and after.entry.tags[0] in ("ADJ", "COL") else "ADJ"
    if token.norm == "light":
        return "ADJ"
    if before is not None and before.tag in ("N", "ING", "PART", "FIN", "POS"):
        return "ADV"
    if after and nominal(after) and token.entry.can("ADJ"):
        return "ADJ"
    if token.entry.can("N") and before is not None and before.tag in ("DET", "ADJ", "COL"):
        return "N"
    return "ADV"


def _modal(before: Token | None, after: Token | None) -> bool:
    """Whether "can" or "will" helps a verb here, rather than holding soda."""
    if before is not None and (before.norm in closed.SUBJECTS or before.tag == "REL"):
        return True
    return after is not None and after.norm in ("be", "see", "not", "you", "barely", "only", "n't", "also", "just")


def _adjective_or_noun(token: Token, before: Token | None, after: Token | None) -> str:
    if token.norm == "light":
        return _light(before, after)
    if before is not None and before.norm in closed.BE:
        return "ADJ"
    if token.entry.tags.index("N") < token.entry.tags.index("ADJ"):
        return "N"
    if after and (after.entry.can("N") or after.entry.tags[0] in ("ADJ", "COL", "PRON")):
        return "ADJ"
    if token.norm in desc.ADJECTIVE_OR_NOUN:
        return "ADJ" if before is not None and before.tag == "N" and not token.entry.person else "N"
    if before is not None and before.tag in ("N", "COL", "ADJ", "POS", "DET", "POSS", "GEN", "ORD", "NUM"):
        return "N" if token.entry.base not in _MOSTLY_ADJECTIVES else "ADJ"
    return "ADJ"


_MOSTLY_ADJECTIVES = frozenset(
    "clear flat dark cold hot open empty dry wet round short small square cross clean wooden back".split()
)


def _light(before: Token | None, after: Token | None) -> str:
    if after and after.norm in ("post", "pole", "fixture", "bulb", "switch", "posts", "poles", "fixtures", "bulbs"):
        return "N"
    if (
        after
        and (after.entry.can("N") or after.entry.tags[0] in ("COL", "ADJ"))
        and not (before and before.norm in ("traffic", "street"))
    ):
        return "ADJ"
    followed = after is not None and after.norm in ("one", "ones")
    return "ADJ" if followed or (before is not None and before.norm in closed.BE) else "N"
