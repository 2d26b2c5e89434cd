"""Which phrases are asked for: one rule as plain values, checked, and back to JSON for saved slices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any, Literal

from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.records.errors import OptionError
from iterprime_xai.visualize.explorer.metrics import METRICS

CHANGES = {
    "fixed": "right here, wrong in the other run",
    "broken": "wrong here, right in the other run",
    "both_wrong": "wrong in both",
    "both_right": "right in both",
}
"""What became of a phrase between two runs. Phrases without a gold mask, or that the other run lacks, are none of these."""

Range = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the picture, in shares of width and height; a phrase lies there by its gold mask's centre or by its peak."""

    by: Literal["gold", "peak"]
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase must meet every part that is given.

    Attributes:
        types: one of these types of failure.
        tags: for each tag named, one of these values.
        ranges: for each figure of `METRICS`, its least and its largest value, either of them open.
        search: text that the phrase or the sample's id holds, in any case.
        words: content words that the phrase has, all of them.
        place: where it lies.
        change: what became of it between two runs, one of `CHANGES`.
        ids: one of these samples; ``None`` for any.
        note_tags: somebody's note gives it one of these tags.
        noted: somebody wrote a note on it.

    Raises:
        OptionError: a type, figure or change that there is not, a range whose ends are no numbers, or half a character to search.
    """

    types: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    search: str = ""
    words: tuple[str, ...] = ()
    place: Place | None = None
    change: str = ""
    ids: tuple[str, ...] | None = None
    note_tags: tuple[str, ...] = ()
    noted: bool = False

    def __post_init__(self) -> None:
        for name in self.types:
            _known("type of failure", name, TYPES)
        for name, ends in self.ranges.items():
            _known("figure", name, METRICS)
            if len(ends) != 2 or not all(
                end is None or (isinstance(end, Real) and not isinstance(end, bool)) for end in ends
            ):
                raise OptionError(
                    f"The range of {name} must be two numbers, either of them left open, but got {ends!r}."
                )
            if any(end is not None and math.isnan(end) for end in ends):
                raise OptionError(f"The range of {name} has an end that is not a number; leave it open with None.")
        if self.change:
            _known("change between runs", self.change, CHANGES)
        for text in (self.search, *self.words):
            if not is_whole(text):
                raise OptionError(f"No phrase holds {text!r}: a half of a character (a lone surrogate) is in it.")

    def as_json(self) -> dict[str, Any]:
        """The parts that are given, as JSON values."""
        said: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if (
                value is None
                or value == ()
                or value == ""
                or value is False
                or (isinstance(value, Mapping) and not value)
            ):
                continue
            if isinstance(value, Place):
                value = {part.name: getattr(value, part.name) for part in fields(Place)}
            elif isinstance(value, Mapping):
                value = {name: [_plain(each) for each in inner] for name, inner in value.items()}
            said[each.name] = list(value) if isinstance(value, tuple) else value
        return said


def rule_of(said: Mapping[str, Any]) -> Rule:
    """The rule that :meth:`Rule.as_json` wrote.

    Raises ``OptionError`` for a part that there is not, or a value of another kind.
    """
    names = {each.name for each in fields(Rule)}
    if not isinstance(said, Mapping) or set(said) - names:
        unknown = ", ".join(sorted(set(said) - names)) if isinstance(said, Mapping) else repr(said)
        raise OptionError(f"A rule has the parts {', '.join(sorted(names))}, but got {unknown}.")
    try:
        return Rule(
            types=_texts(said.get("types", ())),
            tags={_text(name): _texts(values) for name, values in dict(said.get("tags", {})).items()},
            ranges={_text(name): tuple(ends) for name, ends in dict(said.get("ranges", {})).items()},  # type: ignore[misc]
            search=_text(said.get("search", "")),
            words=_texts(said.get("words", ())),
            place=None if said.get("place") is None else _place(said["place"]),
            change=_text(said.get("change", "")),
            ids=None if said.get("ids") is None else _texts(said["ids"]),
            note_tags=_texts(said.get("note_tags", ())),
            noted=_flag(said.get("noted", False)),
        )
    except OptionError:
        raise
    except (TypeError, ValueError, KeyError) as error:
        raise OptionError(f"The rule {said!r} cannot be read: {error}.") from error


def _place(said: Mapping[str, Any]) -> Place:
    if said["by"] not in ("gold", "peak"):
        raise OptionError(f'A place is by "gold" or by "peak", but got {said["by"]!r}.')
    return Place(said["by"], *(float(said[side]) for side in ("left", "top", "right", "bottom")))


def _texts(values: Any) -> tuple[str, ...]:
    if isinstance(values, str):
        raise ValueError(f"expected a list of texts, but got one text, {values!r}")
    return tuple(_text(each) for each in values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, but got {value!r}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, but got {value!r}")
    return value


def _plain(value: Any) -> Any:
    """A number of any kind as JSON has it."""
    return value if value is None or isinstance(value, str | int) else float(value)


def is_whole(text: str) -> bool:
    """Whether a text has no half of a character (lone surrogate) in it, so that a run's table could hold it."""
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)


def _known(what: str, name: Any, known: Mapping[str, Any]) -> None:
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(str(name), known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise OptionError(f"There is no {what} {name!r}.{hint} There are: {', '.join(known)}.")
