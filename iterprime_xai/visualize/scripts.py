"""The browser's scripts: modules in files of their own, put together to the one module that a widget or a page takes."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

FOLDER = "browser"
"""Where scripts and style sheets lie, beside this file."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z_]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@cache
def script(name: str) -> str:
    """A script with all that it imports before it, as one module; ``name`` lies in ``FOLDER``.

    The browser is given a text, not an address, so that imports between files have nothing to go by. Names in these files must
    therefore differ from one another, which a test checks.
    """
    parts: dict[str, str] = {}
    _gather(name, parts)
    inner = "\n".join(_EXPORT.sub("", text) for each, text in parts.items() if each != name)
    return f"{inner}\n{parts[name]}" if inner else parts[name]


def style(name: str) -> str:
    """A style sheet of ``FOLDER``."""
    return _text(name)


def _gather(name: str, parts: dict[str, str]) -> None:
    text = _text(name)
    for each in _IMPORT.findall(text):
        if each not in parts:
            _gather(each, parts)
    parts[name] = _IMPORT.sub("", text)


def _text(name: str) -> str:
    # As text, not as a path: anywidget watches paths, and a widget that is watched is never freed.
    return resources.files(__package__).joinpath(FOLDER, name).read_text(encoding="utf-8")
