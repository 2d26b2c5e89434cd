"""How far a run is: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Any, TextIO

EVERY = 30.0
"""Seconds between two lines where the output is no terminal."""


class Progress:
    """Counts samples; used in a ``with`` block. ``show`` false says nothing at all, notes included."""

    def __init__(
        self,
        total: int,
        done: int,
        label: str,
        *,
        show: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = monotonic,
        every: float = EVERY,
    ) -> None:
        self._stream = stream or sys.stderr
        self._total, self._before, self._done, self._errors = total, done, done, 0
        self._label, self._show, self._clock, self._every = label, show, clock, every
        self._started = self._said = clock()
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._show and self._stream.isatty():
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self._total, initial=self._done, desc=self._label, unit="phrase", file=self._stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def note(self, text: str) -> None:
        """Say something without breaking the bar."""
        if not self._show:
            return
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        else:
            print(text, file=self._stream, flush=True)

    def seen(self, count: int) -> None:
        """``count`` more samples are done (fewer, where it is negative: a worker was lost)."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif self._show and self._clock() - self._said >= self._every:
            self._said = self._clock()
            self.note(self.line())

    def errors(self, count: int) -> None:
        """``count`` more error rows."""
        self._errors += count
        if self._bar is not None and self._errors:
            self._bar.set_postfix_str(f"{self._errors} errors")

    def line(self) -> str:
        """Where the run stands, in a line."""
        seconds, made = self._clock() - self._started, self._done - self._before
        text = f"{self._label}: {self._done} of {self._total} phrases"
        if made > 0 and seconds > 0:
            text += f", {made / seconds:.2f} a second, {_duration((self._total - self._done) * seconds / made)} left"
        return text + (f", {self._errors} errors" if self._errors else "")


def _duration(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}"
