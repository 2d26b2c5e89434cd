"""Lessons copied into a folder of one's own; nothing that is there is ever written over."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.records.writing import write_whole
from iterprime_xai.reports.find import folder
from iterprime_xai.tutorials.master import SOLUTIONS

_LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)+([^)#]+)(?:#[^)]*)?\)")


def lessons() -> dict[str, Path]:
    """The students' notebooks that travel with the package, by their names, in order."""
    place = folder("tutorials")
    return {path.stem: path for path in sorted(place.glob("[0-9]*.ipynb"))} if place else {}


def copy_lessons(out: str | Path, only: Sequence[str] = (), solutions: bool = False) -> list[Path]:
    """Copy lessons into a folder, which is made, and return the files that were written.

    Args:
        out: the folder.
        only: numbers ("3" or "03") or names of lessons; all where it is empty.
        solutions: the solved notebooks too, in a folder of that name.

    Raises:
        OptionError: a lesson that there is not, or an installation without lessons.
        StorageError: a file that is there and says something else: it may be somebody's work. Then nothing is written.
    """
    known = lessons()
    if not known:
        raise OptionError("No lessons came with this installation; install the package from its wheel or source.")
    chosen = [_found(each, known) for each in only] if only else list(known.values())
    files = {Path(out) / path.name: path for path in chosen}
    if solutions:
        files |= {Path(out) / SOLUTIONS / path.name: path.parent / SOLUTIONS / path.name for path in chosen}
    contents = {place: _alone(path) for place, path in files.items()}
    changed = [place for place, content in contents.items() if place.exists() and place.read_bytes() != content]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise StorageError(
            f"{changed[0]}{more} is there already and differs from the lesson: choose another folder, or move it away."
        )
    return [write_whole(place, content) for place, content in contents.items() if not place.exists()]


def _alone(path: Path) -> bytes:
    """A lesson as it is where the project's other files are not beside it: links to them become their names."""
    notebook = json.loads(path.read_bytes())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            cell["source"] = _LINK.sub(r"\1 (`\2`)", text).splitlines(keepends=True)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _found(asked: str, known: dict[str, Path]) -> Path:
    number = asked.zfill(2) if asked.isdecimal() else None
    for name, path in known.items():
        if name == asked or name[:2] == number:
            return path
    near = get_close_matches(asked, known, 1, 0.3)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise OptionError(f"There is no lesson {asked!r}.{hint} There are: {', '.join(known)}.")
