"""Where the report notebooks and tutorials are: inside an installed package, or at the top of a source checkout."""

from __future__ import annotations

import difflib
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


def available() -> tuple[str, ...]:
    """Names of the notebooks that travel with the package: reports first, then tutorials."""
    return tuple(_packaged())


def find(name_or_path: str | Path) -> Path:
    """The notebook behind a name of :func:`available`, or behind a path to any other ``.ipynb`` file.

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


def _packaged() -> dict[str, Path]:
    found = [folder(kind) for kind in FOLDERS]
    return {path.stem: path for place in found if place for path in sorted(place.glob("*.ipynb"))}


def _listed(packaged: dict[str, Path]) -> str:
    return ", ".join(packaged) or "none came with this installation"
