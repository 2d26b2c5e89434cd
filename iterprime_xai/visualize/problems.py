"""What a widget tells of an error: never nothing, and plainly which of them nobody expects."""

from __future__ import annotations

from iterprime_xai.records.errors import IterprimeError


def problem_of(error: BaseException, interrupted: str = "Interrupted.") -> str:
    """The line for an error: its own sentence where it is ours, else that nobody expects it; ``interrupted`` for Ctrl-C."""
    if isinstance(error, IterprimeError):
        return str(error)
    if isinstance(error, Exception):
        return f"This should not have happened: {type(error).__name__}: {error}"
    return interrupted
