"""Finding the head word of a referring phrase: openers, leading places, parts between commas, headless phrases."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language import descriptors as desc
from iterprime_xai.language import nouns
from iterprime_xai.language.lexicon import verb_base
from iterprime_xai.language.openers import after_openers
from iterprime_xai.language.phrases import NounPhrase, modifies, noun_phrase
from iterprime_xai.language.tokens import DESCRIBING, PLACE_NOUNS, Token, compound_at

LOOK = 60
"""How many words of a part between commas are searched for its head: it comes early, and recursion stays shallow."""

CONTENT_TAGS = frozenset(("N", "ING", "PART", "ADJ", "COL", "POS", "ORD", "NUM"))


@dataclass(frozen=True, slots=True)
class Head:
    """The head found: its word, where its compound begins, and what made the decision uncertain."""

    primary: int
    first: int
    headless: bool
    doubts: tuple[str, ...] = ()


def find_head(tokens: list[Token]) -> Head:
    """The head of the phrase; where there is none, its first content word, marked headless."""
    start = after_openers(tokens)
    parts = _parts(tokens, start)
    found = [(part, _part_head(tokens, *part)) for part in parts]
    chosen = _choose_part(tokens, found)
    if chosen is not None and chosen.head is not None:
        return Head(chosen.head, chosen.first, False, chosen.doubts)
    first = first_content(tokens, start)
    return Head(first, first, True, ("headless",))


def first_content(tokens: list[Token], start: int = 0) -> int:
    """The first word from ``start`` that a picture can show; failing that, the first that says anything."""
    for index in range(start, len(tokens)):
        token = tokens[index]
        if token.tag in CONTENT_TAGS or (token.tag == "FIN" and token.norm not in closed.MODALS):
            return index
        if token.tag == "PRON" and token.norm in closed.PRONOUN_HEADS:
            return index
    for index in range(start, len(tokens)):
        if tokens[index].tag not in ("DET", "INTJ", "CONJ", "NEG"):
            return index
    return start


def _parts(tokens: list[Token], start: int) -> list[tuple[int, int]]:
    """The stretches between commas and other marks."""
    edges = [start, *(i for i in range(start + 1, len(tokens)) if tokens[i].piece.break_before), len(tokens)]
    return [(begin, min(end, begin + LOOK)) for begin, end in pairwise(edges)]


def _part_head(tokens: list[Token], start: int, stop: int) -> NounPhrase:
    """The head of one part, past leading places ("on the left the dog") and leading participles."""
    index = start
    doubts: tuple[str, ...] = ()
    while index < stop:
        tag = tokens[index].tag
        if tag in ("ADV", "INTJ", "CONJ", "NEG") and not compound_at(tokens, index):
            index += 1
            continue
        leads = tag == "ADP" or (
            tag in ("ING", "PART") and not compound_at(tokens, index) and not modifies(tokens, index, index, stop)
        )
        if not leads:
            phrase = noun_phrase(tokens, index, stop)
            if phrase.head is not None:
                phrase = _group_owner(tokens, phrase, stop)
                return NounPhrase(phrase.head, phrase.first, phrase.stop, (*doubts, *phrase.doubts))
            if (
                phrase.stop + 1 < stop
                and tokens[phrase.stop].norm == "to"
                and tokens[phrase.stop + 1].norm in ("last", "first")
            ):
                index = phrase.stop + 1  # "second to last cow"
                continue
            counted = any(
                t.tag in ("ORD", "POS", "NUM") or t.norm == "way" or _graded(t) for t in tokens[index : phrase.stop]
            )
            if not (counted and phrase.stop < stop and tokens[phrase.stop].tag == "ADP"):
                return phrase
            index = phrase.stop
        resumed = _past_lead(tokens, index, stop)
        if resumed is None:
            return NounPhrase(None, index, stop)
        index = resumed
        doubts = ("place before target",)
    return NounPhrase(None, stop, stop)


def _graded(token: Token) -> bool:
    return token.norm in desc.SUPERLATIVES or token.norm in desc.COMPARATIVES or token.norm in ("close", "far")


def _past_lead(tokens: list[Token], index: int, stop: int) -> int | None:
    """Where the target's noun phrase begins after a leading prepositional or participial phrase, if it does."""
    opener = tokens[index]
    clothes = opener.norm in ("in", "with", "w/", "w") or verb_base(opener.norm) == "wear"
    places = opener.norm in ("in", "on", "at", "to", "from", "toward", "towards", "by") or opener.tag in ("ING", "PART")
    index += 1
    while index < stop and tokens[index].tag == "ADV":
        index += 1
    while index < stop and tokens[index].tag == "ADP":
        clothes = clothes or tokens[index].norm in ("in", "with", "w/")
        places = places or tokens[index].norm in ("in", "on", "at", "to", "from")
        index += 1
    begin = index
    while index < stop and (tokens[index].tag in DESCRIBING or tokens[index].tag in ("DET", "POSS", "ADV", "PART")):
        if tokens[index].tag == "POS" and places and _ends_place(tokens, index, stop):
            return _resume(tokens, index + 1, stop, True)
        if index > begin and tokens[index].tag == "DET" and tokens[index - 1].tag in DESCRIBING:
            break
        index += 1
    if index >= stop:
        return None
    if tokens[index].tag == "PRON":
        return _resume(tokens, index + 1, stop, tokens[index].norm in closed.VIEWERS)
    if tokens[index].tag != "N":
        return _resume(tokens, index, stop, False) if index > begin else None
    run = index
    if clothes and tokens[run].entry.core_person and any(t.tag == "COL" for t in tokens[begin:run]):
        return run
    while index < stop and (tokens[index].tag == "N" or tokens[index].tag == "GEN"):
        if index > run and tokens[index].entry.core_person and _may_end_lead(tokens[index - 1]):
            return index
        if tokens[index].norm in closed.VIEWERS and index + 1 < stop and tokens[index + 1].tag in ("N", "COL", "ADJ"):
            return index + 1
        index += 1
    return _resume(tokens, index, stop, tokens[index - 1].entry.base in PLACE_NOUNS)


def _may_end_lead(token: Token) -> bool:
    base = token.entry.base
    return base in nouns.SUPPORTS or base in PLACE_NOUNS or base in nouns.PICTURE or token.entry.clothing


def _ends_place(tokens: list[Token], index: int, stop: int) -> bool:
    """Whether a leading place ends at this position word: "on the left | car", but "on the top shelf |"."""
    scan = index + 1
    while scan < stop and tokens[scan].tag in (*DESCRIBING, "PART", "ING"):
        if tokens[scan].tag in ("POS", "ADP"):
            return False
        scan += 1
    if scan >= stop or tokens[scan].tag != "N":
        return False
    base = tokens[scan].entry.base
    followed = scan + 1 < stop and tokens[scan + 1].tag == "N"
    return not (base in PLACE_NOUNS or base in nouns.SUPPORTS or (followed and tokens[scan].norm == "hand"))


def _resume(tokens: list[Token], index: int, stop: int, place: bool) -> int | None:
    """The index if a noun phrase with a head begins there, past further prepositional phrases."""
    if index >= stop:
        return None
    if tokens[index].norm == "there" and index + 1 < stop:
        index += 1
    if tokens[index].norm in closed.BE and index + 1 < stop:
        index += 1  # "behind the bus is a man"
    token = tokens[index]
    if token.tag == "ADP":
        return _past_lead(tokens, index, stop)
    begins = token.tag in ("DET", "POSS", "ORD") or token.norm in (
        "one",
        "someone",
        "guy",
        "man",
        "woman",
        "girl",
        "boy",
    )
    begins = begins or (token.tag == "NUM" and not token.norm.isdigit())
    if begins or (place and token.tag in ("N", "ADJ", "COL", "PART", "ING", "NUM")):
        return index if noun_phrase(tokens, index, stop).head is not None else None
    return None


def _group_owner(tokens: list[Token], phrase: NounPhrase, stop: int) -> NounPhrase:
    """ "the man on the left's arm": the owner is a whole phrase, the head comes after it."""
    for index in range(phrase.stop, stop - 1):
        if tokens[index].tag in ("REL", "FIN", "ING", "CONJ"):
            break
        if tokens[index].tag == "GEN" and index > phrase.stop and tokens[index - 1].tag in ("POS", "COL", "N"):
            inner = noun_phrase(tokens, index + 1, stop)
            nested = tokens[index - 1].tag == "N"
            if inner.head is not None and not nested:
                return inner
    return phrase


def _choose_part(tokens: list[Token], found: list[tuple[tuple[int, int], NounPhrase]]) -> NounPhrase | None:
    """Which part between commas names the target."""
    named = [(part, phrase) for part, phrase in found if phrase.head is not None]
    if len(named) > 1:
        wanted = [(part, phrase) for part, phrase in named if tokens[part[0]].tag != "NEG"]
        named = wanted or named
    if not named:
        return None
    (start, stop), chosen = named[0]
    skipped = start > found[0][0][0]
    if skipped and tokens[found[0][0][0]].tag in ("ORD", "NUM") and _place_noun(tokens, chosen):
        return None  # "second from left, front row"
    for part, phrase in named[1:]:
        if _only_place(tokens, chosen, start, stop) and _introduces(tokens, chosen, part, phrase):
            return _doubted(phrase, "place before target")
        if (
            _only_attribute(tokens, chosen)
            and tokens[phrase.head or 0].entry.person
            and not _owned(tokens, phrase, part)
        ):
            return _doubted(phrase, "chosen across commas")
    if _place_noun(tokens, chosen):
        later = [part for part, phrase in found if part[0] >= stop and phrase.head is None]
        if any(tokens[part[0]].tag == "ORD" or _det_then_ordinal(tokens, part) for part in later):
            return None
    return _doubted(chosen, "chosen across commas") if skipped else chosen


def _doubted(phrase: NounPhrase, doubt: str) -> NounPhrase:
    return NounPhrase(phrase.head, phrase.first, phrase.stop, tuple(dict.fromkeys((*phrase.doubts, doubt))))


def _det_then_ordinal(tokens: list[Token], part: tuple[int, int]) -> bool:
    return part[1] - part[0] > 1 and tokens[part[0]].tag == "DET" and tokens[part[0] + 1].tag == "ORD"


def _place_noun(tokens: list[Token], phrase: NounPhrase) -> bool:
    return phrase.head is not None and tokens[phrase.head].entry.base in PLACE_NOUNS


def _only_place(tokens: list[Token], phrase: NounPhrase, start: int, stop: int) -> bool:
    """ "left side", "top shelf", "the background": a part that says where."""
    if phrase.head is None:
        return False
    entry = tokens[phrase.head].entry
    before = [t for t in tokens[start : phrase.head] if t.tag not in ("DET", "ADP", "ADV")]
    if entry.base in PLACE_NOUNS or tokens[phrase.head].tag == "POS":
        return True
    return entry.base in nouns.SUPPORTS and bool(before) and all(t.tag in ("POS", "ORD") for t in before)


def _introduces(tokens: list[Token], chosen: NounPhrase, part: tuple[int, int], phrase: NounPhrase) -> bool:
    """Whether the later part names a thing in that place."""
    if phrase.head is None or tokens[part[0]].tag in ("ADP", "REL", "ING"):
        return False
    strong = tokens[chosen.head or 0].entry.base in PLACE_NOUNS or tokens[chosen.head or 0].tag == "POS"
    strong = strong or tokens[chosen.head or 0].entry.base in ("shelf", "rack", "tier", "level")
    return strong or tokens[part[0]].tag in ("ORD", "NUM") or tokens[phrase.head].norm == "one"


def _only_attribute(tokens: list[Token], phrase: NounPhrase) -> bool:
    return phrase.head is not None and tokens[phrase.head].entry.clothing and not tokens[phrase.head].entry.animate


def _owned(tokens: list[Token], phrase: NounPhrase, part: tuple[int, int]) -> bool:
    """Whether the person of a later part stands inside something else ("shirt, worn by the man")."""
    return tokens[part[0]].tag in ("ADP", "ING", "PART", "REL", "FIN")
