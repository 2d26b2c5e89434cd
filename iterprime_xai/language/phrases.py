"""The pieces of a referring phrase: noun runs, noun phrases, and what may stand in front of them."""

from __future__ import annotations

from dataclasses import dataclass

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language import descriptors as desc
from iterprime_xai.language import nouns
from iterprime_xai.language.lexicon import verb_base
from iterprime_xai.language.tokens import DESCRIBING, PLACE_NOUNS, Token, compound_at

HEAD_PRONOUNS = (
    closed.PRONOUN_HEADS
    | frozenset("all both each some any many most either neither".split())
    | frozenset("he she him her it they them this that these those who what which".split())
)


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A noun phrase: its head (``None`` when it only describes), where its compound and what follows begin.

    ``doubts`` names what made the decision uncertain.
    """

    head: int | None
    first: int
    stop: int
    doubts: tuple[str, ...] = ()


def noun_phrase(tokens: list[Token], start: int, stop: int) -> NounPhrase:
    """The noun phrase that begins at ``start``, with its head by the rules for referring phrases."""
    index = start
    while index < stop:
        token = tokens[index]
        following = tokens[index + 1] if index + 1 < stop else None
        if compound_at(tokens, index) and index + 1 < stop:
            return _run(tokens, index, stop, start)
        if token.tag == "POS" and following is not None:
            if following.norm == "of" and token.norm in closed.OWNED_POSITIONS:
                return NounPhrase(index, index, index + 1)
            if following.norm == "hand" and index + 2 < stop and tokens[index + 2].tag in ("N", "PRON"):
                index += 1
        if token.tag == "N":
            if (
                following is not None
                and following.norm in _MEASURED
                and index > start
                and tokens[index - 1].tag == "NUM"
            ):
                index += 1  # "6 foot tall man"
            elif following is not None and following.tag == "COL" and token.norm in desc.COLOUR_MODIFIERS:
                index += 1
            elif following is not None and following.tag == "NUM" and token.norm in ("number", "no"):
                if not (index + 2 < stop and tokens[index + 2].tag in ("N", "PRON")):
                    return NounPhrase(None, index, index)
                index += 1
            else:
                return _run(tokens, index, stop, start)
        elif token.tag == "PRON":
            if token.norm not in HEAD_PRONOUNS:
                return NounPhrase(None, index, index)
            return _after_pronoun(tokens, index, stop)
        elif token.tag == "CONJ":
            joins = (
                index > start
                and following is not None
                and following.tag in (*DESCRIBING, "PART", "ING", "N", "ADV", "DET")
            )
            if not joins:
                return NounPhrase(None, index, index)
        elif token.tag in ("ING", "PART"):
            if not modifies(tokens, index, start, stop):
                return NounPhrase(None, index, index)
            if following is not None and following.tag == "ADV":
                index += 1
        elif token.tag not in DESCRIBING and token.tag not in ("DET", "POSS", "ADV", "NEG", "INTJ"):
            return NounPhrase(None, index, index)
        index += 1
    return NounPhrase(None, stop, stop)


_MEASURED = frozenset("tall old long high wide".split())


def modifies(tokens: list[Token], index: int, start: int, stop: int) -> bool:
    """Whether a participle before a noun describes it ("sleeping cat") rather than takes it ("holding bat")."""
    token = tokens[index]
    if index + 1 >= stop:
        return False
    after = tokens[index + 1]
    beyond = tokens[index + 2] if index + 2 < stop else None
    if after.tag == "CONJ":
        return beyond is not None and (
            (beyond.tag in ("ADJ", "COL") and token.tag == "PART")
            or (beyond.tag in ("ING", "PART") and modifies(tokens, index + 2, start, stop))
        )
    if token.tag == "PART":
        if after.tag == "ADV":
            return beyond is not None and beyond.tag == "N"
        return after.tag in ("N", "ADJ", "COL", "PART", "ING") or after.norm in ("one", "ones")
    base = verb_base(token.norm)
    if after.norm in ("one", "ones") and after.tag == "PRON":
        return base not in desc.HOLDING
    if after.tag == "ADV":
        return beyond is not None and beyond.tag == "N" and base in desc.INTRANSITIVE
    if after.tag not in ("N", "ADJ", "COL", "PART", "ING") or base in desc.HOLDING:
        return False
    if after.tag == "ING":
        return base in desc.INTRANSITIVE and modifies(tokens, index + 1, start, stop)
    if base in desc.INTRANSITIVE or any(t.tag in ("DET", "POSS", "GEN") for t in tokens[start:index]):
        return True
    if after.tag == "N" and after.entry.animate and not (beyond is not None and beyond.tag == "N"):
        return after.entry.person or base in _ANIMALS_DO
    return base == "" and after.tag == "N"


_ANIMALS_DO = frozenset("eat drink play look swing chew face scratch bite lick sniff".split())


def _run(tokens: list[Token], start: int, stop: int, phrase: int) -> NounPhrase:
    """A run of nouns and what decides which of them is the head."""
    run: list[int] = []
    index = start
    owned = start
    doubts: list[str] = []
    while index < stop:
        token = tokens[index]
        if compound_at(tokens, index) and index + 1 < stop and token.tag != "N":
            run += [index, index + 1]
            index += 2
        elif token.tag == "N" and not (run and _numbered(tokens, index, stop)):
            run.append(index)
            index += 1
            if token.piece.genitive_after and index < stop:
                inner = noun_phrase(tokens, index, stop)
                if inner.head is not None:
                    return inner
        else:
            break
    following = tokens[index] if index < stop else None
    last = tokens[run[-1]]

    if following is not None and following.tag == "GEN":
        inner = noun_phrase(tokens, index + 1, stop)
        if inner.head is not None:
            return inner
    elif following is not None:
        later = _describes_next(tokens, run, index, stop) or _owner_without_apostrophe(tokens, run, index, stop)
        later = later or _own_part(tokens, last, index, stop) or _leading_place(tokens, run, index, stop, phrase)
        if later is not None:
            return later
    cut = _cut(tokens, run, following)
    if cut < len(run):
        doubts.append("attribute without preposition")
        index = run[cut]
        run = run[:cut]
    for position, place in enumerate(run[:-1]):
        if _owns(tokens[place], tokens[run[position + 1]]):
            owned = run[position + 1]
            doubts.append("possessive without apostrophe")
        elif _stands_before(tokens, place, run[position + 1], phrase):
            owned = run[position + 1]
    if following is not None and following.tag in ("COL", "ADJ") and not doubts and _noun_follows(tokens, index, stop):
        doubts.append("attribute without preposition")  # "guy blue shirt"
    if not tokens[run[-1]].entry.known:
        doubts.append("unknown head")
    return NounPhrase(run[-1], max(owned, run[0]), index, tuple(dict.fromkeys(doubts)))


def _noun_follows(tokens: list[Token], index: int, stop: int) -> bool:
    while index < stop and tokens[index].tag in ("COL", "ADJ"):
        index += 1
    return index < stop and tokens[index].tag == "N"


def _numbered(tokens: list[Token], index: int, stop: int) -> bool:
    """ "engine number 5": the number is no part of the compound."""
    return tokens[index].norm in ("number", "no") and index + 1 < stop and tokens[index + 1].tag == "NUM"


def _owns(owner: Token, owned: Token) -> bool:
    if owner.norm in nouns.FALSE_POSSESSIVES:
        return True
    return owner.entry.animate and owner.entry.plural and owner.norm.endswith("s") and owned.tag == "N"


def _stands_before(tokens: list[Token], place: int, following: int, phrase: int) -> bool:
    """ "left side man", "red shirt guy": the noun before is a phrase of its own, not part of the compound."""
    if compound_at(tokens, place):
        return False
    if tokens[place].norm in _GROUNDS:
        return True
    if tokens[place].entry.base in PLACE_NOUNS:
        return place > phrase and tokens[place - 1].tag in ("POS", "ORD")
    return tokens[place].entry.clothing and tokens[following].entry.core_person


def _cut(tokens: list[Token], run: list[int], following: Token | None) -> int:
    """How many nouns of the run belong to the target: "guy | shirt", "man | background"."""
    if len(run) < 2:
        return len(run)
    entries = [tokens[i].entry for i in run]
    people = [i for i, e in enumerate(entries) if e.core_person and tokens[run[i]].norm not in nouns.FALSE_POSSESSIVES]
    if people and people[-1] < len(run) - 1:
        last = people[-1]
        owner, owned = tokens[run[last]], entries[-1]
        possessive = owner.entry.plural and owner.norm.endswith("s")
        if not possessive and not owned.animate and (not owned.body or (owned.clothing and owned.base != "hair")):
            return last + 1
    if tokens[run[-1]].norm in _GROUNDS or len(tokens[run[-1]].norm) == 1:
        return len(run) - 1  # "man background", "letter e"
    if entries[-1].base in PLACE_NOUNS and entries[-2].animate:
        return len(run) - 1
    subject = following is not None and following.norm in closed.BE
    if subject and entries[-1].core_person and entries[-1].plural and not entries[-2].animate:
        return len(run) - 1  # "food people are eating"
    return len(run)


_GROUNDS = frozenset("background foreground bg fg backgound foregound bkgd".split())


def _describes_next(tokens: list[Token], run: list[int], index: int, stop: int) -> NounPhrase | None:
    """ "chocolate covered donut", "hat wearing man": the run belongs to a description of the noun after it."""
    token = tokens[index]
    after = tokens[index + 1] if index + 1 < stop else None
    if after is None or (tokens[run[-1]].entry.animate and token.norm != "drawn"):
        return None
    covered = (
        token.tag in ("PART", "ING") and token.norm in desc.LINKING_PARTICIPLES and after.tag in ("N", "ADJ", "COL")
    )
    worn = token.tag == "ING" and verb_base(token.norm) in ("wear", "hold", "ride", "eat", "throw", "swing")
    if covered or (worn and after.entry.core_person and not (index + 2 < stop and tokens[index + 2].tag == "N")):
        inner = noun_phrase(tokens, index + 1, stop)
        if inner.head is not None:
            return inner
    return None


def _owner_without_apostrophe(tokens: list[Token], run: list[int], index: int, stop: int) -> NounPhrase | None:
    """ "boys left shoe", "mans blue shirt": a plural or non-word before a described part of one."""
    owner = tokens[run[-1]]
    if tokens[index].tag not in DESCRIBING or not (owner.norm in nouns.FALSE_POSSESSIVES or _owns(owner, owner)):
        return None
    inner = noun_phrase(tokens, index, stop)
    if inner.head is None or tokens[inner.head].tag != "N":
        return None
    entry = tokens[inner.head].entry
    if owner.norm in nouns.FALSE_POSSESSIVES or entry.body or (entry.clothing and not entry.plural):
        return NounPhrase(inner.head, inner.first, inner.stop, (*inner.doubts, "possessive without apostrophe"))
    return None


def _own_part(tokens: list[Token], owner: Token, index: int, stop: int) -> NounPhrase | None:
    """ "elephant back leg", "sandwich left half", "bus front wheel": the part is what is meant."""
    scan = index
    while scan < stop and tokens[scan].tag == "POS":
        scan += 1
    if scan == index or scan >= stop or tokens[scan].tag != "N" or owner.entry.plural:
        return None
    entry = tokens[scan].entry
    after = tokens[scan + 1] if scan + 1 < stop else None
    if after is not None and after.tag in ("N", "GEN"):
        return None
    if (entry.body and not entry.clothing) or (entry.base in nouns.PARTS and not owner.entry.person):
        return NounPhrase(scan, scan, scan + 1, ("possessive without apostrophe",))
    return None


def _leading_place(tokens: list[Token], run: list[int], index: int, stop: int, phrase: int) -> NounPhrase | None:
    """ "front row second girl": a place, then the target."""
    base = tokens[run[-1]].entry.base
    placed = any(t.tag in ("POS", "ORD") for t in tokens[phrase : run[-1]])
    if not placed or not (base in PLACE_NOUNS or base in nouns.SUPPORTS):
        return None
    tag = tokens[index].tag
    if base in PLACE_NOUNS and tokens[index].norm == "of":
        # "left side of pic man"
        index += 2 if index + 1 < stop and tokens[index + 1].tag == "DET" else 1
        if (
            index + 1 >= stop
            or tokens[index].entry.base not in nouns.PICTURE
            or tokens[index + 1].tag not in ("N", "COL", "ADJ")
        ):
            return None
        index, tag = index + 1, "DET"
    begins = tag in ("ORD", "DET", "NUM") or tokens[index].norm in ("one", "someone")
    if begins or (base in PLACE_NOUNS and tag in ("COL", "ADJ", "POSS", "POS")):
        inner = noun_phrase(tokens, index, stop)
        if inner.head is not None:
            return NounPhrase(inner.head, inner.first, inner.stop, (*inner.doubts, "place before target"))
        if tag == "ORD" and base in PLACE_NOUNS:
            return NounPhrase(None, index, inner.stop, ("place before target",))
    return None


def _after_pronoun(tokens: list[Token], index: int, stop: int) -> NounPhrase:
    """A pronoun, unless it owns what follows ("someone's arm")."""
    if index + 2 < stop and tokens[index + 1].tag == "GEN":
        inner = noun_phrase(tokens, index + 2, stop)
        if inner.head is not None:
            return inner
    return NounPhrase(index, index, index + 1)
