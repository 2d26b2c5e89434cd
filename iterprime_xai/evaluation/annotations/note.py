"""One note: what an author says of a sample, checked, and the line of JSON that keeps it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from iterprime_xai.records.errors import OptionError

LONGEST_TEXT, LONGEST_TAG = 100_000, 100
"""Characters of a note and of a tag."""
NOBODY = "someone"
"""The author where none is given and the system does not know the user."""


@dataclass(frozen=True, slots=True)
class Note:
    """What one author says of one sample: a text of any kind, and tags.

    ``at`` is the time of writing, UTC in ISO format with microseconds, so that two of them compare as text. ``run_key`` is the
    key of the run that the author looked at.
    """

    sample_id: str
    at: str
    author: str
    text: str
    tags: tuple[str, ...]
    run_key: str

    @property
    def says_something(self) -> bool:
        """Whether it has a text or a tag; one without takes the author's note away."""
        return bool(self.text or self.tags)


def author_name(author: str | None = None) -> str:
    """The author as given; the system's name of the user for ``None``; "someone" where it has none, or for an empty one."""
    if author is None:
        try:
            author = getpass.getuser()
        except (OSError, KeyError, ImportError):
            author = ""
    if not isinstance(author, str):
        raise OptionError(f"An author is text, but got {type(author).__name__}; leave it out for the user's name.")
    return as_read_back(author) if author.strip() else NOBODY


def as_read_back(text: str) -> str:
    """A text as it comes back from a file: two halves of a character (surrogates) side by side are the character."""
    return str(json.loads(json.dumps(text)))


def check_note(sample_id: str, text: str, tags: Iterable[str]) -> tuple[str, ...]:
    """The tags, each once. Raises ``OptionError`` for a note that cannot be kept."""
    if not isinstance(sample_id, str) or not sample_id:
        raise OptionError(f"A note belongs to a sample by its id, which is text, but got {sample_id!r}.")
    if not isinstance(text, str):
        raise OptionError(f"A note is text, but got {type(text).__name__}.")
    if len(text) > LONGEST_TEXT:
        raise OptionError(
            f"A note has at most {LONGEST_TEXT:,} characters, but this one has {len(text):,}; keep the rest in a file of your own, "
            "and name it in the note."
        )
    if isinstance(tags, str):
        raise OptionError(f"tags is a list of texts, but got the text {tags[:50]!r}; for one tag give a list of one.")
    once = tuple(dict.fromkeys(tags))
    for tag in once:
        if not isinstance(tag, str) or not tag.strip() or len(tag) > LONGEST_TAG or set(tag) & set(";\r\n"):
            raise OptionError(
                f'A tag is text of 1 to {LONGEST_TAG} characters without ";" and line breaks, but got {str(tag)[:120]!r}.'
            )
    return once


def line_of(entry: Any) -> bytes:
    """A note, or another dataclass of plain values, as a whole line. Half a character is in no UTF-8; as ``\\udc80`` it is JSON."""
    return (json.dumps(asdict(entry), ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def note_of(line: bytes) -> Note:
    """The note of a line; a newer program may have added fields. Raises ``ValueError`` and the like for what is none."""
    values = json.loads(line.decode("utf-8"))
    texts = {name: values[name] for name in ("sample_id", "at", "author", "text", "run_key")}
    tags = values["tags"]
    if not isinstance(tags, list) or not all(isinstance(each, str) for each in [*texts.values(), *tags]):
        raise ValueError("a field is not text, or tags are no list of texts")
    return Note(**{**texts, "at": time_of(texts["at"])}, tags=tuple(tags))


def time_of(text: str) -> str:
    """A time that a line gives, in UTC as it is written. Raises ``ValueError`` for what is no time with a time zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not 1970 <= at.year < 9999:
        raise ValueError(f"{text[:40]!r} is no time with a time zone")
    return _iso(at.astimezone(UTC))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def later_than(at: str) -> str:
    """Now, or just after ``at`` where the clock is not that far: what is written last must hold."""
    now = _iso(datetime.now(UTC))
    return now if now > at else _iso(datetime.fromisoformat(at) + timedelta(microseconds=1))
