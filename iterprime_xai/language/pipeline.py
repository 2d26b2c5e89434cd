"""A trained spaCy pipeline as parser: its tags and dependencies, corrected where referring phrases are no sentences."""

from __future__ import annotations

import warnings
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language.openers import after_openers
from iterprime_xai.language.rules import Head
from iterprime_xai.language.tokens import PLACE_NOUNS, Token, compound_at
from iterprime_xai.records import OptionError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens import Token as SpacyToken

PIPELINES = ("en_core_web_trf", "en_core_web_lg", "en_core_web_md", "en_core_web_sm")
"""Trained English pipelines, best first."""

_FROM_UNIVERSAL = {
    "NOUN": "N", "PROPN": "N", "ADJ": "ADJ", "ADV": "ADV", "NUM": "NUM", "ADP": "ADP", "DET": "DET", "PRON": "PRON",
    "CCONJ": "CONJ", "INTJ": "INTJ",
}  # fmt: skip
_OPEN = frozenset(("N", "ADJ", "ADV", "ING", "PART", "FIN", "COL"))
_REFERRING = frozenset(
    ("attribute without preposition", "possessive without apostrophe", "place before target", "chosen across commas")
)
"""What phrases do and sentences do not: here our rules know better than a parser trained on sentences."""


@lru_cache(maxsize=1)
def installed() -> Language | None:
    """The best ``en_core_web_*`` pipeline that is installed and loads; looked for once. Warns about a broken one."""
    for name in PIPELINES:
        if find_spec(name) is None:
            continue
        try:
            return load_named(name)
        except Exception as error:
            warnings.warn(
                f"The spaCy pipeline {name} is installed but does not load ({error}); the next parser is used. "
                f"Reinstall it with `python -m spacy download {name}`, or pass pipeline='rules'.",
                RuntimeWarning,
                stacklevel=3,
            )
    return None


@lru_cache(maxsize=4)
def load_named(name: str) -> Language:
    """Load the installed pipeline ``name``, without the parts that say nothing about heads."""
    return import_module(name).load(exclude=["ner", "lemmatizer"])


def choose(pipeline: Language | str | None) -> Language | None:
    """The spaCy pipeline to use, or ``None`` for the rules; ``OptionError`` for anything that is neither."""
    if pipeline is None:
        return installed()
    if isinstance(pipeline, str):
        if pipeline == "rules":
            return None
        if pipeline in PIPELINES and find_spec(pipeline) is not None:
            return load_named(pipeline)
        here = [name for name in PIPELINES if find_spec(name) is not None]
        raise OptionError(
            f"pipeline={pipeline!r} is not an installed English pipeline (installed: {', '.join(here) or 'none'}). "
            f"Pass 'rules', a loaded spaCy Language, or install one with `python -m spacy download {PIPELINES[-1]}`."
        )
    from spacy.language import Language

    if not isinstance(pipeline, Language):
        raise OptionError(
            f"pipeline must be a spaCy Language, 'rules' or None, but got {type(pipeline).__name__}. "
            "Load one with spacy.load(...), or leave it out."
        )
    return pipeline


def annotate(nlp: Language, text: str) -> Doc:
    """Run ``nlp`` on ``text``; ``OptionError`` when it says neither parts of speech nor dependencies."""
    doc = nlp(text)
    if len(doc) and not any(doc.has_annotation(name) for name in ("POS", "TAG", "DEP")):
        raise OptionError(
            f"The pipeline {name_of(nlp)} gives neither tags nor dependencies (its components: {nlp.pipe_names or 'none'}). "
            "Use a trained one such as en_core_web_sm, or leave `pipeline` out to use the rules."
        )
    return doc


def name_of(nlp: Language) -> str:
    """Language, name and version, such as "en_core_web_sm-3.8.0"."""
    meta = nlp.meta
    return f"{meta.get('lang') or 'xx'}_{meta.get('name') or 'pipeline'}-{meta.get('version') or '0'}"


def align(tokens: list[Token], doc: Doc) -> list[SpacyToken]:
    """For every word the last spaCy token with a letter or digit in it that overlaps the word."""
    aligned = []
    cursor = 0
    for token in tokens:
        while cursor + 1 < len(doc) and doc[cursor].idx + len(doc[cursor]) <= token.piece.start:
            cursor += 1
        match, scan = doc[cursor], cursor
        while scan < len(doc) and doc[scan].idx < token.piece.end:
            if any(c.isalnum() for c in doc[scan].text):
                match = doc[scan]
            scan += 1
        aligned.append(match)
    return aligned


def retag(tokens: list[Token], aligned: list[SpacyToken]) -> None:
    """Take the pipeline's part of speech for words that our lists do not settle; closed-class words stay."""
    for token, other in zip(tokens, aligned, strict=True):
        tag = _our_tag(other)
        if not tag or tag == token.tag:
            continue
        guessed = not token.entry.known and token.tag in _OPEN and tag in _OPEN
        if guessed or (tag in token.entry.tags and token.tag in _OPEN and tag in _OPEN):
            token.tag = tag


def _our_tag(token: SpacyToken) -> str:
    pos, fine = token.pos_, token.tag_
    if pos == "VERB" or (not pos and fine.startswith("VB")):
        if fine == "VBG" or (not fine and token.text.lower().endswith("ing")):
            return "ING"
        return "PART" if fine == "VBN" else "FIN"
    if pos:
        return _FROM_UNIVERSAL.get(pos, "")
    for prefix, tag in (("NN", "N"), ("JJ", "ADJ"), ("RB", "ADV"), ("CD", "NUM")):
        if fine.startswith(prefix):
            return tag
    return ""


def reconcile(tokens: list[Token], aligned: list[SpacyToken], rules: Head) -> Head:
    """The head by dependencies, corrected by the rules where phrases differ from sentences."""
    if not any(token.dep_ for token in aligned):
        return rules
    start = after_openers(tokens)
    head = _dependency_head(tokens, aligned, start)
    if head is None or head == rules.primary:
        doubts = (*rules.doubts, "parser found no head")
        if head is not None:
            doubts = tuple(doubt for doubt in rules.doubts if doubt != "unknown head")
        return Head(rules.primary, rules.first, rules.headless, doubts)
    if _rules_know_better(tokens, aligned, rules, head):
        return Head(rules.primary, rules.first, rules.headless, (*rules.doubts, "parser corrected"))
    return Head(head, _compound_start(tokens, aligned, head), False, ("parser and rules differ",))


def _rules_know_better(tokens: list[Token], aligned: list[SpacyToken], rules: Head, head: int) -> bool:
    token = tokens[head]
    if token.tag not in ("N", "PRON") or token.norm in closed.POSITIONS or token.entry.base in PLACE_NOUNS:
        return True
    if rules.headless:
        return _inside_lead(aligned[head]) or (
            head > rules.primary + 1 and tokens[rules.primary].tag in ("ING", "PART")
        )
    if set(rules.doubts) & _REFERRING:
        return True
    between = tokens[rules.primary + 1 : head] if head > rules.primary else []
    # "guy blue shirt": a parser makes the target a modifier of its own attribute
    return any(t.tag in ("ADJ", "COL", "POS", "ADP", "DET", "NUM", "REL") or t.piece.break_before for t in between)


def _inside_lead(token: SpacyToken) -> bool:
    return token.dep_ in ("pobj", "dobj", "obj", "obl", "nmod", "npadvmod", "attr", "conj")


def _dependency_head(tokens: list[Token], aligned: list[SpacyToken], start: int) -> int | None:
    """The root, or the subject of a verbal root, or the object of an opener's verb."""
    place = _words_of(tokens, aligned[start].doc)
    root = aligned[start]
    seen: set[int] = set()
    while root.head.i != root.i and root.i not in seen:
        seen.add(root.i)
        root = root.head
    opened = start > 0 and place.get(root.i, -1) < start
    wanted = ("dobj", "obj", "attr", "nsubj") if opened else ("nsubj", "nsubjpass", "nsubj:pass")
    if opened or root.pos_ in ("VERB", "AUX"):
        for child in [*root.children, *(grandchild for c in root.children for grandchild in c.children)]:
            if child.dep_ in (*wanted, "pobj") and place.get(child.i, -1) >= start and (opened or child.dep_ != "pobj"):
                root = child
                break
    index = place.get(root.i)
    return index if index is not None and index >= start else None


def _words_of(tokens: list[Token], doc: Doc) -> dict[int, int]:
    """For every spaCy token that lies in a word, the index of the word."""
    place: dict[int, int] = {}
    index = 0
    for other in doc:
        while index + 1 < len(tokens) and tokens[index].piece.end <= other.idx:
            index += 1
        if tokens[index].piece.start < other.idx + len(other) and other.idx < tokens[index].piece.end:
            place[other.i] = index
    return place


def _compound_start(tokens: list[Token], aligned: list[SpacyToken], head: int) -> int:
    first = head
    while first > 0 and not tokens[first].piece.break_before:
        before = aligned[first - 1]
        joined = before.dep_ == "compound" and before.head.i in (aligned[head].i, aligned[first].i)
        if not (joined or compound_at(tokens, first - 1)):
            break
        first -= 1
    return first
