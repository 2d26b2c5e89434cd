"""Looking at a user's model without a trace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_guard = threading.Lock()
_looked_at: dict[int, tuple[int, list[Any]]] = {}
"""Of every model that is looked at now, by its id: how many do so, and the modules that were training before the first of them."""


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """Evaluate without dropout or new batch statistics, then give every module its own train flag back, also after an exception.

    Several may look at one model at once, from several threads: the flags come back when the last of them has looked.
    """
    key = id(model)
    with _guard:
        looking, training = _looked_at.get(key, (0, None))
        if training is None:
            training = [module for module in model.modules() if module.training]
            for module in training:
                module.training = False
        _looked_at[key] = looking + 1, training
    try:
        yield
    finally:
        with _guard:
            looking, training = _looked_at.pop(key)
            if looking > 1:
                _looked_at[key] = looking - 1, training
            else:
                for module in training:
                    module.training = True
