"""Exercises that check themselves: a check looks at an answer and gives a hint, never the solution."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

MIME = "application/vnd.iterprime-xai.verdict+json"
"""What a verdict is called among a cell's outputs, so that a class's notebooks can be read by a program."""

Status = Literal["passed", "open", "wrong"]
_COLOUR: dict[Status, str] = {"passed": "#1f7a4d", "open": "#5a6472", "wrong": "#b3560b"}
_SIGN: dict[Status, str] = {"passed": "✓", "open": "…", "wrong": "✗"}


class Hint(Exception):
    """What is not right yet about an answer, said so that the next step is clear and the solution is not told."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: the exercise ("3.2": lesson 3, second), whether it is passed, and a sentence for the student."""

    exercise: str
    status: Status
    sentence: str

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        colour = _COLOUR[self.status]
        style = f"border-left: 4px solid {colour}; padding: .4em .8em; margin: .4em 0"
        head = f'<b style="color: {colour}">{_SIGN[self.status]} Exercise {escape(self.exercise)}</b>'
        data = {"exercise": self.exercise, "status": self.status, "sentence": self.sentence}
        return {
            "text/html": f'<div style="{style}">{head} {escape(self.sentence)}</div>',
            "text/plain": repr(self),
            MIME: data,
        }

    def __repr__(self) -> str:
        return f"{_SIGN[self.status]} Exercise {self.exercise}: {self.sentence}"


def expect(condition: Any, hint: str) -> None:
    """Raise :class:`Hint` where ``condition`` does not hold."""
    if not bool(condition):
        raise Hint(hint)


def exercise(number: str, well_done: str) -> Callable[[Callable[..., None]], Callable[..., Verdict]]:
    """Make a function that raises :class:`Hint` into a check that returns a :class:`Verdict` and never raises.

    An answer that is still ``...`` (or a function that returns ``...`` or ``None``, through :class:`Open`) is open, not wrong; an
    error in the student's own code is told with the line where it happened.
    """

    def decorated(check: Callable[..., None]) -> Callable[..., Verdict]:
        @functools.wraps(check)
        def checked(*answers: Any, **named: Any) -> Verdict:
            if any(each is ... for each in (*answers, *named.values())):
                return Verdict(number, "open", _OPEN)
            try:
                check(*answers, **named)
            except Open:
                return Verdict(number, "open", _OPEN)
            except Hint as hint:
                return Verdict(number, "wrong", str(hint))
            except Exception as error:
                return Verdict(number, "wrong", _stopped(error))
            return Verdict(number, "passed", well_done)

        return checked

    return decorated


class Open(Exception):
    """The student has not begun: nothing is there to be judged."""


def result_of(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What a student's function returns; :class:`Open` where that is still ``...`` or nothing, a hint where it is no function."""
    if not callable(function):
        raise Hint(
            f"A function was expected here, but this is a {type(function).__name__}: pass its name, without brackets."
        )
    found = function(*arguments, **named)
    if found is ... or found is None:
        raise Open
    return found


_OPEN = "Your turn: put your code where the dots are, run that cell, then this one again."


def _stopped(error: Exception) -> str:
    """The error of a student's code, with the line of it that failed: a notebook's cell is no file of any package."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if "ipykernel" in frame.filename]
    line = f" at the line `{own[-1].line}`" if own and own[-1].line else ""
    said = (str(error).splitlines() or ["no message"])[0][:200]
    return f"Your code stopped{line} with {type(error).__name__}: {said}."
