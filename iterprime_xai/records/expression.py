"""A referring expression, taken apart: words, primary word, spatial cues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Span = tuple[int, int]
"""Half-open character range ``[start, end)`` in ``Expression.text``."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of an expression, as written.

    ``content`` is true for nouns, verbs, adjectives, numbers and pronoun heads: words that a picture can show.
    ``pos`` is the coarse universal part of speech ("NOUN", "ADJ", "ADP", ...).
    """

    text: str
    span: Span
    content: bool
    pos: str


@dataclass(frozen=True, slots=True)
class SpatialCue:
    """A spatial word or group of words ("left", "in front of").

    ``kind`` is "absolute" when it speaks of the picture ("left dog"), "relative" when it points to another
    thing ("left of the tree"). ``direction`` is the normal form: left, right, top, bottom, middle, front, behind,
    near, above, below, between, on, in, under, far. ``context`` is the index of the context word it points
    to, or ``None``.
    """

    text: str
    span: Span
    kind: Literal["absolute", "relative"]
    direction: str
    context: int | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """A referring expression and what the parser found in it.

    ``primary`` is the index in ``words`` of the single head word that names the target; ``primary_span`` also
    covers the other words of its compound ("teddy bear"). ``headless`` is true for phrases without a head noun
    ("left", "third from the right"). ``parser`` names who said so and ``confidence`` (0 to 1) how surely.
    """

    text: str
    words: tuple[Word, ...]
    primary: int
    primary_span: Span
    cues: tuple[SpatialCue, ...] = ()
    headless: bool = False
    parser: str = ""
    confidence: float = 1.0

    @property
    def primary_word(self) -> str:
        """The head word as written, such as "bear" in "teddy bear sitting"."""
        return self.words[self.primary].text

    @property
    def content(self) -> tuple[int, ...]:
        """Indices of the content words, in order."""
        return tuple(index for index, word in enumerate(self.words) if word.content)

    @property
    def context(self) -> tuple[int, ...]:
        """Indices of the content words other than the primary word: the words it is emphasised against."""
        return tuple(index for index in self.content if index != self.primary)

    def __str__(self) -> str:
        return self.text
