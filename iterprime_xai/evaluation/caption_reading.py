"""Sentences about scenes read back into claims, so that the scene itself can say whether they hold.

The words and turns of phrase are those that scenes are told in (``data/scenes/wording.py``); what is said in another way is not
guessed at but left unread.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.truth import Description, Relation
from iterprime_xai.data.scenes.vocabulary import CATEGORIES, COLOURS, NOUNS, SIZE_WORDS
from iterprime_xai.data.scenes.wording import AFTER, BEFORE, LINKS, RELATING

Token = tuple[str, str]
"""What a turn of phrase is (noun, colour, size, place, relation, article, is, link, in, and) and what it means."""


@cache
def _phrases() -> dict[tuple[str, ...], Token]:
    """Every turn of phrase that can be read, by its words."""
    found: dict[str, Token] = {
        **{way: ("place", place) for table in (AFTER, BEFORE) for place, ways in table.items() for way in ways},
        **{way: ("relation", name) for name, ways in RELATING.items() for way in ways},
        **{way: ("size", size) for size, ways in SIZE_WORDS.items() for way in ways},
        **{way: ("noun", name) for name, group in CATEGORIES.items() for way in group.words},
        **{way: ("noun", noun.name) for noun in NOUNS for way in noun.words},
        **{colour: ("colour", colour) for colour in COLOURS},
        **dict.fromkeys(LINKS, ("link", "")),
        "a": ("article", "a"),
        "an": ("article", "a"),
        "the": ("article", "the"),
        "is": ("is", ""),
        "in": ("in", ""),
        "and": ("and", ""),
    }
    return {tuple(way.split()): token for way, token in found.items()}


def read_claims(text: str) -> tuple[Statement, ...] | None:
    """What a sentence claims, a statement a clause; ``None`` where any of it cannot be read.

    "A red dog left of a blue bike and a cat at the top" claims two things: that there is such a dog, and such a cat. "The left dog
    is red" claims that there is one left dog, and that it is red.
    """
    tokens = _tokens(text.lower().removeprefix("there is ").split())
    if not tokens:
        return None
    reader = _Reader(tokens)
    claims: list[Statement] = []
    try:
        while True:
            claims.append(reader.clause())
            if reader.done:
                return tuple(claims)
            reader.take("and")
    except ValueError:
        return None


def _tokens(words: list[str]) -> list[Token] | None:
    """The words as turns of phrase, the longest first; ``None`` where one is not known."""
    phrases, found, start = _phrases(), [], 0
    longest = max(map(len, phrases))
    while start < len(words):
        for size in range(min(longest, len(words) - start), 0, -1):
            token = phrases.get(tuple(words[start : start + size]))
            if token is not None:
                found.append(token)
                start += size
                break
        else:
            return None
    return found


class _Reader:
    """Goes through the tokens once; ``ValueError`` where they make no sentence."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0

    @property
    def done(self) -> bool:
        return self._place == len(self._tokens)

    def next(self, ahead: int = 0) -> str:
        """Kind of the next token, "" at the end."""
        place = self._place + ahead
        return self._tokens[place][0] if place < len(self._tokens) else ""

    def take(self, kind: str) -> str:
        """The meaning of the next token, which has to be of this kind."""
        if self.next() != kind:
            raise ValueError
        self._place += 1
        return self._tokens[self._place - 1][1]

    def clause(self) -> Statement:
        """A thing with all that is said of it, and what it is said to be."""
        article = self._tokens[self._place][1] if self.next() == "article" else ""
        subject = self.tail(self.thing())
        # "Left dog is red" means the left dog; "red dog left of tree" may be any.
        definite = article == "the" or (not article and self.next() == "is")
        if self.next() != "is":
            return Statement(subject, definite=definite)
        self.take("is")
        if self.next() in ("relation", "place"):
            return Statement(subject, self.tail(Description()), definite)
        if self.next() == "article":
            return Statement(subject, self.thing(), definite)
        if self.next() == "size":
            return Statement(subject, Description(size=self.take("size")), definite)
        return Statement(subject, Description(colour=self.take("colour")), definite)

    def thing(self) -> Description:
        """A noun with what stands before it, and the colour that a person is "in"."""
        found: dict[str, str] = {}
        if self.next() == "article":
            self.take("article")
        while (kind := self.next()) in ("colour", "size", "place"):
            if kind in found:
                raise ValueError
            found[kind] = self.take(kind)
        found["noun"] = self.take("noun")
        if self.next() == "in" and self.next(1) == "colour" and "colour" not in found:
            self.take("in")
            found["colour"] = self.take("colour")
        return Description(**found)  # type: ignore[arg-type]

    def tail(self, subject: Description) -> Description:
        """The places and relations that follow; "and" goes on with another relation of the same thing."""
        while True:
            if self.next() == "link":
                self.take("link")
            if self.next() == "and" and self.next(1) == "relation":
                self.take("and")
            if self.next() == "place" and subject.place is None:
                subject = replace(subject, place=self.take("place"))
            elif self.next() == "relation":
                relation = Relation(self.take("relation"), self.thing())
                subject = replace(subject, relations=(*subject.relations, relation))
            else:
                return subject
