"""What each word can be: our word lists, their inflections, and guesses from the form of words that are not listed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language import descriptors as desc
from iterprime_xai.language import nouns
from iterprime_xai.language.spelling import repair, repair_noun

NOUNS = (
    nouns.PEOPLE
    | nouns.ANIMALS
    | nouns.CLOTHING
    | nouns.BODY
    | nouns.PARTS
    | nouns.PLACES
    | nouns.THINGS
    | nouns.PICTURE
)
NOUNS = NOUNS | nouns.SUPPORTS | nouns.ING_NOUNS | nouns.ED_NOUNS | nouns.EST_NOUNS | nouns.LY_NOUNS
VERBS = desc.INTRANSITIVE | desc.HOLDING | desc.TRANSITIVE
_PARTICIPLES = desc.IRREGULAR_PARTICIPLES | desc.LINKING_PARTICIPLES | desc.STANDING_PARTICIPLES

_NUMBER = re.compile(r"#?\d[\d.,:/']*(?:s|am|pm|ft|oz|k)?|[ivx]{2,4}")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_ADJECTIVE_ENDING = re.compile(r".{3,}(?:less|ous|ish|able|ible|[^n]ful|esque|ical|-like|-size|-sized|-free)")
_NOT_WORDS = re.compile(r".*[^\W\d_].*")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one word can be. ``tags`` are possible readings, likeliest first; ``base`` is the singular or plain form.

    ``known`` is false for a guess from the word's form; ``repaired`` names the listed word that a misspelling was
    taken for.
    """

    tags: tuple[str, ...]
    base: str
    known: bool = True
    plural: bool = False
    repaired: str = ""

    def can(self, tag: str) -> bool:
        """Whether ``tag`` is one of the readings."""
        return tag in self.tags

    @property
    def person(self) -> bool:
        return "N" in self.tags and self.base in nouns.PEOPLE

    @property
    def core_person(self) -> bool:
        return "N" in self.tags and (self.base in nouns.CORE_PEOPLE or self.base in _CORE_MORE)

    @property
    def animate(self) -> bool:
        return "N" in self.tags and (self.base in nouns.PEOPLE or self.base in nouns.ANIMALS)

    @property
    def clothing(self) -> bool:
        return self.base in nouns.CLOTHING

    @property
    def body(self) -> bool:
        return self.base in nouns.BODY


_CORE_MORE = frozenset("person people kid child".split())


def singular(word: str) -> str:
    """The listed singular of a plural noun, or the word itself when it is none."""
    if word in nouns.IRREGULAR_PLURALS:
        return nouns.IRREGULAR_PLURALS[word]
    if word in NOUNS or not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith("ies") and word[:-3] + "y" in NOUNS:
        return word[:-3] + "y"
    if word.endswith("ves") and word[:-3] + "f" in NOUNS:
        return word[:-3] + "f"
    if word.endswith("es") and word[:-2] in NOUNS:
        return word[:-2]
    return word[:-1]


def verb_base(word: str) -> str:
    """The listed verb that ``word`` is an -ing, -s or -ed form of, or an empty string."""
    for ending in ("ing", "ed", "es", "s"):
        if not word.endswith(ending) or len(word) < len(ending) + 2:
            continue
        stem = word[: -len(ending)]
        candidates = [stem, stem + "e"]
        if len(stem) > 2 and stem[-1] == stem[-2]:
            candidates.append(stem[:-1])
        if ending == "ing" and stem.endswith("y"):
            candidates.append(stem[:-1] + "ie")
        if stem.endswith("i"):
            candidates.append(stem[:-1] + "y")
        for candidate in candidates:
            if candidate in VERBS:
                return candidate
    return word if word in VERBS else ""


@lru_cache(maxsize=8192)
def lookup(word: str) -> Entry:
    """What ``word`` (lower case) can be; never fails.

    Tags: N noun, PRON pronoun head or personal pronoun, DET, POSS, GEN, NUM, ORD, POS position, COL colour, ADJ, ADV,
    ING, PART participle, FIN finite verb, ADP, REL, CONJ, NEG, INTJ.
    """
    entry = _closed(word) or _open(word)
    if entry is None and "-" in word:
        entry = _hyphenated(word)
    if entry is None:
        repaired = "" if singular(word) in NOUNS else repair(word)
        if repaired:
            fixed = _closed(repaired) or _open(repaired)
            if fixed is not None:
                return Entry(fixed.tags, fixed.base, True, fixed.plural, repaired)
        entry = _guess(word)
    return entry


def _closed(word: str) -> Entry | None:
    tags: list[str] = []
    for tag, words in (
        ("DET", closed.DETERMINERS), ("POSS", closed.POSSESSIVES), ("REL", closed.RELATIVES), ("CONJ", closed.CONJUNCTIONS),
        ("NEG", closed.NEGATIONS), ("FIN", closed.MODALS), ("ORD", closed.ORDINALS), ("NUM", closed.NUMBERS),
        ("POS", closed.POSITIONS), ("ADP", closed.PREPOSITIONS), ("ADV", closed.ADVERBS), ("INTJ", closed.INTERJECTIONS),
    ):  # fmt: skip
        if word in words:
            tags.append(tag)
    if word in closed.PRONOUN_HEADS or word in closed.PERSONAL:
        tags.append("PRON")
    if word in ("'s", "'"):
        return Entry(("GEN", "FIN"), word)
    if _ORDINAL.fullmatch(word):
        tags.append("ORD")
    elif _NUMBER.fullmatch(word) and not tags:
        tags.append("NUM")
    if not tags:
        return _joined_positions(word)
    return Entry(tuple(tags) + _open_tags(word), singular(word) if singular(word) in NOUNS else word)


def _joined_positions(word: str) -> Entry | None:
    """ "bottomleft", "top-right": one word made of two positions."""
    if 5 <= len(word) <= 15:
        for cut in range(3, len(word) - 2):
            first, rest = word[:cut].rstrip("-"), word[cut:].lstrip("-")
            if first in _PLAIN_POSITIONS and (rest in _PLAIN_POSITIONS or rest in ("most", "side", "hand")):
                return Entry(("POS",), first)
    return None


_PLAIN_POSITIONS = frozenset("left right top bottom upper lower center middle mid front back far".split())


def _open_tags(word: str) -> tuple[str, ...]:
    tags: list[str] = []
    base = singular(word)
    is_noun = base in NOUNS
    if word in desc.COLOURS:
        tags.append("COL")
    if word in desc.COLOUR_NOUNS or (word in desc.ADJECTIVE_OR_NOUN):
        is_noun = True
    if (
        word in desc.ADJECTIVES
        or word in desc.COMPARATIVES
        or word in desc.SUPERLATIVES
        or _graded(word)
        or _from_noun(word)
    ):
        tags.append("ADJ")
    if word in desc.ADJECTIVE_OR_NOUN and "ADJ" not in tags:
        tags.append("ADJ")
    verb = verb_base(word)
    if word.endswith("ing") and (verb or word not in NOUNS) and len(word) > 4:
        tags.insert(0, "ING") if word not in nouns.ING_NOUNS else tags.append("ING")
    elif word in _PARTICIPLES or (word.endswith("ed") and verb and verb != word and word not in nouns.ED_NOUNS):
        tags.append("PART")
    elif word in desc.PAST_ONLY or verb:
        tags.append("FIN")
    if is_noun:
        tags.append("N")
    return tuple(dict.fromkeys(tags))


def _open(word: str) -> Entry | None:
    tags = _open_tags(word)
    if not tags or (tags == ("ING",) and not verb_base(word)):
        return None
    base = singular(word)
    return Entry(
        tags, base if "N" in tags else (verb_base(word) or word), True, base != word or _invariant_plural(word)
    )


def _invariant_plural(word: str) -> bool:
    return word in ("people", "ppl", "police", "cattle", "sheep", "folks") or word in nouns.IRREGULAR_PLURALS


def _graded(word: str) -> bool:
    """ "greenest", "stripier": -er and -est of a listed adjective or colour."""
    for ending in ("est", "er"):
        if word.endswith(ending) and len(word) > len(ending) + 2 and word not in NOUNS:
            stem = word[: -len(ending)]
            forms = [
                stem,
                stem + "e",
                stem[:-1] if stem[-1] == stem[-2] else "",
                stem[:-1] + "y" if stem[-1] == "i" else "",
            ]
            if any(form in desc.ADJECTIVES or form in desc.COLOURS for form in forms if form):
                return True
    return False


def _from_noun(word: str) -> bool:
    """ "stripy", "cheesy": -y on a listed noun."""
    if len(word) < 5 or word in NOUNS or not word.endswith("y"):
        return False
    stem = word[:-1]
    return stem in nouns.THINGS or stem + "e" in nouns.THINGS or (stem[-1] == stem[-2] and stem[:-1] in nouns.THINGS)


def _hyphenated(word: str) -> Entry | None:
    """A word joined by hyphens is read by its last part: "half-eaten" describes, "x-box" names."""
    parts = [part for part in word.split("-") if part]
    if len(parts) < 2:
        return None
    entries = [lookup(part) for part in parts]
    last = entries[-1]
    if all(e.tags[0] in ("COL", "ADJ", "CONJ", "PART", "ADV", "ORD") for e in entries):
        return Entry(("COL" if entries[0].tags[0] == "COL" else "ADJ",), word)
    if (
        last.can("PART")
        or last.can("ADJ")
        or last.can("COL")
        or parts[-1] in ("like", "style", "size", "shaped", "type")
    ):
        return Entry(("ADJ",), word)
    if last.can("ING") and not last.can("N"):
        return Entry(("ADJ",) if entries[0].tags[0] in ("POS", "N", "ADJ") else ("ING",), word)
    if entries[0].can("NUM") and last.can("N"):
        return Entry(("ADJ", "N"), last.base, last.known, last.plural)
    if last.can("N"):
        return Entry(("N",), last.base, last.known, last.plural)
    return Entry(("N",), word, all(e.known for e in entries))


def _guess(word: str) -> Entry:
    if not _NOT_WORDS.fullmatch(word):
        return Entry(("NUM",) if any(c.isdigit() for c in word) else ("N",), word, False)
    if word.endswith("ing") and len(word) > 4 and any(c in "aeiouy" for c in word[:-3]):
        return Entry(("ING",), word, False)
    if word.endswith("ed") and len(word) > 4 and not word.endswith("eed"):
        return Entry(("PART",), word, False)
    if word.endswith("ly") and len(word) > 4:
        return Entry(("ADV",), word, False)
    if word.endswith("est") and len(word) > 5:
        return Entry(("ADJ",), word, False)
    if _ADJECTIVE_ENDING.fullmatch(word):
        return Entry(("ADJ",), word, False)
    plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    base = word[:-1] if plural else word
    close = repair_noun(base)
    return Entry(("N",), close or base, False, plural)
