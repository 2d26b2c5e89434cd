"""Where the report notebooks and tutorials are: inside an installed package, or at the top of a source checkout."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

from iterprime_xai.records import OptionError

FOLDERS = ("notebooks", "tutorials")
"""Folders of notebooks; the wheel carries them beside this file."""

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parent.parent


def folder(kind: str) -> Path | None:
    """The folder of "notebooks" or "tutorials", or ``None`` where this copy of the package came without it."""
    packaged = _HERE / kind
    if packaged.is_dir():
        return packaged
    # Only a checkout has the project file; beside an installed package, a folder of that name would be somebody else's.
    beside = _CHECKOUT / kind
    return beside if (_CHECKOUT / "pyproject.toml").is_file() and beside.is_dir() else None


def available(kind: str = "notebooks") -> tuple[str, ...]:
    """Names of the reports that travel with the package, or of the "tutorials"."""
    return tuple(path.stem for path in _notebooks(kind))


def find(name_or_path: str | Path) -> Path:
    """The notebook behind the name of a report or a tutorial, or behind a path to any other ``.ipynb`` file.

    Raises:
        OptionError: there is no such report or file; the message lists the reports, the nearest name first.
    """
    packaged = _packaged()
    if isinstance(name_or_path, str) and name_or_path in packaged:
        return packaged[name_or_path]
    path = Path(name_or_path)
    if path.suffix == ".ipynb":
        if path.is_file():
            return path
        raise OptionError(f"There is no notebook file {path}; check the path, or name a report: {_listed(packaged)}.")
    near = difflib.get_close_matches(str(name_or_path), packaged, 1, 0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise OptionError(
        f"No report {str(name_or_path)!r}.{hint} Expected a path to an .ipynb file or one of: {_listed(packaged)}."
    )


def title(path: Path) -> str:
    """The title that a notebook of this package says in its metadata; nothing but the file is needed to read it."""
    return str(json.loads(path.read_bytes())["metadata"]["title"])


def _packaged() -> dict[str, Path]:
    return {path.stem: path for kind in FOLDERS for path in _notebooks(kind)}


def _notebooks(kind: str) -> list[Path]:
    place = folder(kind)
    return sorted(place.glob("*.ipynb")) if place else []


def _listed(packaged: dict[str, Path]) -> str:
    return ", ".join(packaged) or "none came with this installation"
