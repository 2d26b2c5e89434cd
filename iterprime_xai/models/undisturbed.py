"""Looking at a user's model without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """Evaluate without dropout or new batch statistics, then give every module its own train flag back, also after an exception."""
    training = [module for module in model.modules() if module.training]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True
