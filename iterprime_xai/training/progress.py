"""What a training on the command line shows while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Entry = dict[str, Any]


@contextmanager
def shown(step: Callable[[Entry], str], validation: Callable[[Entry], str]) -> Iterator[Callable[[Entry], None]]:
    """A progress bar on the error stream, fed with log entries; it ends full where an entry "end" came.

    ``step`` says an entry of training steps beside the bar, ``validation`` one of a validation in a line above it.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("composing scenes", total=1.0)

        def listen(entry: Entry) -> None:
            if entry["event"] == "train":
                progress.update(task, completed=entry["progress"], description=step(entry))
            elif entry["event"] == "validate":
                progress.console.print(validation(entry))
            elif entry["event"] == "end":
                progress.update(task, completed=1.0)

        yield listen


def last_word(steps: int, seconds: float, finished: bool, model: object, again: str) -> None:
    """Say where the model is, or how to go on. Raises ``KeyboardInterrupt`` for a training that was stopped."""
    from rich.console import Console

    console = Console(stderr=True)
    if not finished:
        console.print(f"Stopped after {steps} steps; go on with: {again} --resume (and the same length).")
        raise KeyboardInterrupt
    console.print(f"Trained {steps} steps in {seconds / 60:.1f} minutes. The model: {model}")
