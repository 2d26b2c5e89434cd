"""Settings of a proposer, checked by name and value before any model is loaded."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from iterprime_xai.records import OptionError

Settings = TypeVar("Settings")


def settings_of(kind: type[Settings], given: Mapping[str, Any], proposer: str) -> Settings:
    """A frozen dataclass of settings from keyword arguments. Raises ``OptionError`` for an unknown one, with the nearest name."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise OptionError(f"{proposer} has the settings {', '.join(names) or 'none'}, but got {name!r}{hint}")
    return kind(**given)


def at_least(settings: Any, lowest: Mapping[str, float]) -> None:
    """Raise ``OptionError`` for a setting that is no number or below the lowest that makes sense."""
    for name, low in lowest.items():
        value = getattr(settings, name)
        if isinstance(value, bool) or not isinstance(value, type(low) if isinstance(low, int) else (int, float)):
            raise OptionError(f"{name} must be a {'whole ' if isinstance(low, int) else ''}number, but got {value!r}.")
        if not value >= low:
            raise OptionError(f"{name} must be at least {low}, but got {value}.")
