"""What a message to the explorer must hold: values taken out of it and checked, since they come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iterprime_xai.records.errors import OptionError


def value_of(message: Mapping[str, Any], name: str, what: str = "a value") -> Any:
    """A value that must be there. Raises ``OptionError``."""
    if name not in message:
        raise OptionError(f"The act {message.get('do')!r} needs {name!r}, {what}; it was left out.")
    return message[name]


def text_of(message: Mapping[str, Any], name: str) -> str:
    """A text. Raises ``OptionError``."""
    return str(_checked(message, name, "a text", str))


def whole_of(message: Mapping[str, Any], name: str) -> int:
    """A whole number. Raises ``OptionError``."""
    return int(_checked(message, name, "a whole number", int))


def flag_of(message: Mapping[str, Any], name: str) -> bool:
    """True or false. Raises ``OptionError``."""
    return bool(_checked(message, name, "true or false", bool))


def texts_of(message: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts. Raises ``OptionError``."""
    found = _checked(message, name, "a list of texts", list, tuple)
    if not all(isinstance(each, str) for each in found):
        raise _wrong(message, name, "a list of texts", found)
    return list(found)


def numbers_of(message: Mapping[str, Any], name: str) -> list[float]:
    """A list of numbers. Raises ``OptionError``."""
    found = _checked(message, name, "a list of numbers", list, tuple)
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in found):
        raise _wrong(message, name, "a list of numbers", found)
    return [float(each) for each in found]


def _checked(message: Mapping[str, Any], name: str, what: str, *kinds: type) -> Any:
    value = value_of(message, name, what)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise _wrong(message, name, what, value)
    return value


def _wrong(message: Mapping[str, Any], name: str, what: str, value: Any) -> OptionError:
    said = repr(value)
    short = said if len(said) <= 80 else f"{said[:80]}…"
    return OptionError(f"The act {message.get('do')!r} needs {name!r}, {what}, but got {short}.")
