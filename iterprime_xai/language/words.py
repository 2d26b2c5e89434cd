"""Text into words with exact character spans, on the tokenizer of spaCy's blank English."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from iterprime_xai.language.closed_class import TITLES
from iterprime_xai.records import PhraseError
from iterprime_xai.records.characters import check_characters
from iterprime_xai.records.importing import importing

if TYPE_CHECKING:
    from spacy.tokens import Doc


@dataclass(frozen=True, slots=True)
class Piece:
    """A word as written (``text[start:end]``), its normal form for look-ups, and what stands before it.

    ``break_before`` is true where a comma or another mark parts the phrase; ``genitive_after`` where a bare
    apostrophe follows a plural ("boys' shoes").
    """

    text: str
    start: int
    end: int
    norm: str
    break_before: bool = False
    genitive_after: bool = False


_MARKS = "".join(
    f"{chr(code)}"
    for code in (*range(0x300, 0x370), *range(0x370, 0x1200))
    if unicodedata.category(chr(code))[0] == "M"
)
_INSIDE = f"[^\\W_]|[{_MARKS}\u200c\u200d\u200b\u00ad]"
_APOSTROPHE = "['’ʼ`´]"
_ENDING = f"(?:s|re|ve|ll|d|m|t)(?!{_INSIDE})"
_WORD = re.compile(
    rf"n{_APOSTROPHE}t(?!{_INSIDE})|{_APOSTROPHE}{_ENDING}"
    r"|\d+(?:[.,:']\d+)+"
    rf"|[^\W_](?:{_INSIDE})*(?:{_APOSTROPHE}(?!{_ENDING})[^\W_](?:{_INSIDE})*)*"
    r"|&(?:amp;)?",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"</?(?:a|b|i|u|p|em|br|hr|li|ul|ol|h[1-6]|div|span|strong|small|sub|sup|script|style|img|font|code|pre)\b[^<>]{0,300}>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:nbsp|lt|gt|quot|apos|#\d{1,6}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_NO_BREAK = re.compile(r"[\s\"“”„‟«»'’‘ʼ`´_#@^\\$%*]*")
_HYPHENS = "-‐‑"


@lru_cache(maxsize=1)
def blank_english() -> object:
    """spaCy's blank English tokenizer; spaCy is imported on the first call, which takes a second or two."""
    with importing("spacy"):
        from spacy.lang.en import English

    return English().tokenizer


def check_text(text: object) -> str:
    """Return ``text`` when it is a phrase with at least one word; raise ``PhraseError`` otherwise."""
    if not isinstance(text, str):
        raise PhraseError(
            f'A phrase must be a str such as "the dog on the left", but got {type(text).__name__}. '
            + ("Decode the bytes first." if isinstance(text, bytes) else "Pass one phrase as text.")
        )
    check_characters(text)
    if not text.strip():
        raise PhraseError('The phrase is empty. Write what to look for, such as "the dog on the left".')
    return text


def split(text: str, doc: Doc | None = None) -> tuple[Piece, ...]:
    """Split ``text`` into words; ``doc`` gives the cuts of another spaCy tokenizer.

    Punctuation, emoji, HTML tags and control characters are no words, and never shift a span:
    ``text[piece.start:piece.end] == piece.text``. Raises ``PhraseError`` when no word is left.
    """
    hidden = _hidden(text)
    tokens = doc if doc is not None else blank_english()(text)  # type: ignore[operator]
    spans: list[tuple[int, int]] = []
    for token in tokens:
        for match in _WORD.finditer(token.text):
            start, end = token.idx + match.start(), token.idx + match.end()
            if not any(hidden[start:end]):
                spans.append((start, end))
    spans = _join(text, spans)
    if not spans:
        raise PhraseError(
            f"The phrase {_shorten(text)!r} has no word in it, only punctuation or symbols. "
            'Write what to look for, such as "the dog on the left".'
        )
    return tuple(_pieces(text, spans, hidden))


def _hidden(text: str) -> bytes:
    """For every character, 1 where it is mark-up; empty when none is."""
    spans = [
        match.span()
        for pattern, mark in ((_TAG, "<"), (_ENTITY, "&"))
        if mark in text
        for match in pattern.finditer(text)
    ]
    if not spans:
        return b""
    mask = bytearray(len(text))
    for start, end in spans:
        mask[start:end] = b"\1" * (end - start)
    return bytes(mask)


def _join(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Put back together what belongs together: "t-shirt", "#23", "w/", "b/w", "U.S."."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        word = text[start:end].lower()
        if text[start - 1 : start] == "#" and word[0].isdigit():
            start -= 1
        if word in ("w", "wth") and text[end : end + 1] == "/":
            end += 1
        if joined:
            before, last = joined[-1], text[joined[-1][0] : joined[-1][1]].lower()
            gap = text[before[1] : start]
            hyphen = len(gap) == 1 and gap in _HYPHENS and not word.startswith(("'", "’"))
            slash = (last == "w/" and gap == "" and word in ("o", "out")) or (
                last == "b" and gap == "/" and word in ("w", "t")
            )
            # spaCy cuts "id" and "wed" as if an apostrophe were missing
            uncut = gap == "" and last in ("i", "we") and word in ("d", "ll")
            dots = (
                gap == "."
                and len(word) == 1
                and word.isalpha()
                and len(last.rsplit(".", 1)[-1]) == 1
                and last[-1].isalpha()
            )
            entity = last == "&" and gap == "" and word == "amp" and text[end : end + 1] == ";"
            if hyphen or slash or uncut or dots or entity:
                end += entity
                if slash and last == "b" and text[end - 1 : end] == "/":
                    end -= 1
                joined[-1] = (before[0], end)
                continue
        joined.append((start, end))
    return joined


def _pieces(text: str, spans: list[tuple[int, int]], hidden: bytes) -> list[Piece]:
    pieces: list[Piece] = []
    previous_end = 0
    for index, (start, end) in enumerate(spans):
        gap = text[previous_end:start]
        if hidden:
            gap = "".join(c for c, markup in zip(gap, hidden[previous_end:start], strict=True) if not markup)
        word = text[start:end]
        norm = normal_form(word)
        broken = bool(pieces) and _breaks(gap, pieces[-1].norm if pieces else "")
        after = text[end : end + 1]
        genitive = (
            after in ("'", "’") and norm.endswith("s") and index + 1 < len(spans) and text[end + 1 : end + 2] == " "
        )
        pieces.append(Piece(word, start, end, norm, broken, genitive and text.count("'", 0, end) % 2 == 0))
        previous_end = end
    return pieces


def _breaks(gap: str, last: str) -> bool:
    """Whether what stands between two words parts the phrase; quotes, spaces and emoji do not."""
    if gap.strip() == "." and (last in TITLES or "." in last):
        return False
    if _NO_BREAK.fullmatch(gap):
        return False
    return any(unicodedata.category(c) in ("Po", "Pd", "Ps", "Pe", "Sm") and not _NO_BREAK.fullmatch(c) for c in gap)


@lru_cache(maxsize=8192)
def normal_form(word: str) -> str:
    """Lower case, compatibility forms folded, straight apostrophes and hyphens, invisible characters removed."""
    if word.isascii():
        folded = word.lower()
        return "&" if folded == "&amp;" else folded.replace("`", "'")
    folded = unicodedata.normalize("NFKC", word).lower()
    folded = "".join(c for c in folded if unicodedata.category(c) != "Cf")
    for mark in "’ʼ´`":
        folded = folded.replace(mark, "'")
    for hyphen in _HYPHENS:
        folded = folded.replace(hyphen, "-")
    plain = "".join(c for c in unicodedata.normalize("NFD", folded) if unicodedata.category(c) != "Mn")
    return plain if plain.isascii() and plain else folded or word


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
