"""Builds the notebooks of a lesson from its one master: the student's, with open exercises, and the solved one.

A master is a ``py:percent`` file in which cells carry tags: ``exercise`` (the open form, for students only) and ``solution`` (code
and prose, for the solved notebook only). Everything else is in both. ``python -m iterprime_xai.tutorials.master tutorials/*.py``
writes ``tutorials/NAME.ipynb`` and ``tutorials/solutions/NAME.ipynb``.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from iterprime_xai.records.writing import write_whole

EXERCISE, SOLUTION = "exercise", "solution"
SOLUTIONS = "solutions"
"""The folder of the solved notebooks, beside the students'."""

_KEPT = ("iterprime_xai", "kernelspec", "title")


def read_master(path: Path) -> Any:
    """The master as a notebook."""
    import jupytext

    return jupytext.read(path)


def student(master: Any) -> Any:
    """The notebook with open exercises."""
    return _without(master, SOLUTION)


def solved(master: Any) -> Any:
    """The notebook with every exercise solved, which lies a folder deeper: its links to files go one further up."""
    made = _without(master, EXERCISE)
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../", "](../../")
    return made


def build(path: Path) -> tuple[Path, Path]:
    """Write both notebooks of a master and return their paths."""
    import nbformat

    master = read_master(path)
    places = path.with_suffix(".ipynb"), path.parent / SOLUTIONS / f"{path.stem}.ipynb"
    for place, notebook in zip(places, (student(master), solved(master)), strict=True):
        place.parent.mkdir(exist_ok=True)
        write_whole(place, (nbformat.writes(notebook) + "\n").encode("utf-8"))
    return places


def _without(master: Any, tag: str) -> Any:
    """A copy without the cells of a tag; cells are numbered, so that the same master gives the same file."""
    made = copy.deepcopy(master)
    made.metadata = type(made.metadata)({key: made.metadata[key] for key in _KEPT if key in made.metadata})
    made.nbformat, made.nbformat_minor = 4, 5
    made.cells = [cell for cell in made.cells if tag not in cell.metadata.get("tags", ())]
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number:03}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return made


def main(paths: Sequence[str]) -> None:
    """Build the notebooks of these masters."""
    for path in paths:
        for place in build(Path(path)):
            print(f"wrote {place}")


if __name__ == "__main__":
    main(sys.argv[1:])
