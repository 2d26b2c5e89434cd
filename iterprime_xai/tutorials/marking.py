"""Who passed what: the checks of many students' notebooks, run again or read from what is saved, in one table a lesson."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iterprime_xai.records import OptionError
from iterprime_xai.reports.notebook_source import require_extra
from iterprime_xai.tutorials.exercise import MIME

_SIGN = {"passed": "✓", "wrong": "✗", "open": "…", "not run": "-"}


@dataclass(frozen=True, slots=True)
class Marks:
    """One student's notebook of one lesson: the status of each exercise (passed, wrong, open or not run), and what went wrong."""

    lesson: str
    student: str
    file: Path
    statuses: dict[str, str]
    problem: str = ""

    @property
    def passed(self) -> int:
        return sum(status == "passed" for status in self.statuses.values())


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of a folder, by lesson and student."""

    rows: tuple[Marks, ...]

    def __str__(self) -> str:
        from iterprime_xai.evaluation.measures.summing_up import text_table

        parts = []
        for lesson in sorted({row.lesson for row in self.rows}):
            rows = [row for row in self.rows if row.lesson == lesson]
            numbers = _numbers(rows)
            body = [
                [
                    row.student,
                    *(_SIGN[row.statuses.get(each, "not run")] for each in numbers),
                    f"{row.passed} of {len(numbers)}",
                    row.problem,
                ]
                for row in rows
            ]
            parts.append(f"Lesson {lesson}\n{text_table(['', *numbers, 'passed', ''], body)}")
        return "\n\n".join([*parts, "✓ passed, ✗ not right yet, … not begun, - its check did not run"])

    def csv(self) -> str:
        """One line an exercise: lesson, student, exercise, status, file, problem."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("lesson", "student", "exercise", "status", "file", "problem"))
        for row in self.rows:
            for number in _numbers([each for each in self.rows if each.lesson == row.lesson]):
                status = row.statuses.get(number, "not run")
                writer.writerow([row.lesson, row.student, number, status, str(row.file), row.problem])
        return out.getvalue()


def mark(folder: str | Path, *, saved: bool = False, jobs: int | None = None, cell_timeout: int = 600) -> Marked:
    """Check every lesson's notebook in a folder and the folders in it.

    A student is named by the folders that a notebook lies in, or where it lies in none, by its file.

    Args:
        folder: with notebooks of lessons under any names; other notebooks are passed over.
        saved: read the verdicts that the notebooks hold, and run nothing. Anybody can edit those.
        jobs: notebooks that run at a time; default: one a core, at most four.
        cell_timeout: most seconds of one cell.

    **What is run is the students' own code, with your rights**: only mark what you would run yourself.

    Raises:
        OptionError: a folder that is none, or holds no lesson. MissingExtraError: papermill is not installed.
    """
    root = Path(folder)
    require_extra()
    if not root.is_dir():
        raise OptionError(f"{root} is no folder; give the one that holds the students' notebooks.")
    found = [(path, notebook) for path in _notebooks(root) if (notebook := _lesson(path)) is not None]
    if not found:
        raise OptionError(
            f"{root} holds no notebook of a lesson; `iterprime-xai tutorials copy {root}` puts them there."
        )
    if jobs is not None and jobs < 1:
        raise OptionError(f"jobs must be at least 1, but got {jobs}.")

    def one(task: tuple[Path, Any]) -> Marks:
        path, notebook = task
        problem = "" if saved else _run(notebook, cell_timeout)
        lesson = str(notebook.metadata["iterprime_xai"]["lesson"])
        return Marks(lesson, _student(path, root), path.relative_to(root), _statuses(notebook), problem)

    with ThreadPoolExecutor(1 if saved else jobs or min(4, os.cpu_count() or 1)) as pool:
        rows = list(pool.map(one, found))
    return Marked(tuple(sorted(rows, key=lambda row: (row.lesson, row.student))))


def _notebooks(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def _lesson(path: Path) -> Any:
    """The notebook, or ``None`` where it is no lesson's or can't be read."""
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError, KeyError, nbformat.ValidationError):
        return None
    return notebook if "lesson" in notebook.metadata.get("iterprime_xai", {}) else None


def _student(path: Path, root: Path) -> str:
    inside = path.relative_to(root).parent
    return path.stem if inside == Path(".") else inside.as_posix()


def _run(notebook: Any, cell_timeout: int) -> str:
    """Run a notebook to its end, in its small form, whatever fails on the way; what did, in a sentence, or ""."""
    from iterprime_xai.reports import engine
    from iterprime_xai.reports.parameters import schema

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    given = {"smoke": True} if "smoke" in schema(notebook) else {}
    keep: dict[str, Any] = {}
    try:
        engine.execute(notebook, given, progress=False, cell_timeout=cell_timeout, keep=keep, to_the_end=True)
    except Exception as error:  # whatever a student's code does, the others' are marked
        said = str(getattr(error, "evalue", None) or error).strip().splitlines() or [""]
        problem = f"{getattr(error, 'ename', None) or type(error).__name__}: {said[0][:120]}"
    else:
        problem = ""
    if "notebook" in keep:
        notebook.cells = keep["notebook"].cells
    return problem


def _statuses(notebook: Any) -> dict[str, str]:
    """The last verdict of each exercise that the notebook's outputs hold."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            verdict = output.get("data", {}).get(MIME)
            if isinstance(verdict, dict) and verdict.get("status") in _SIGN:
                found[str(verdict.get("exercise"))] = str(verdict["status"])
    return found


def _numbers(rows: Sequence[Marks]) -> list[str]:
    """Every exercise of a lesson that any student has, in order."""
    return sorted(
        {number for row in rows for number in row.statuses},
        key=lambda each: [int(part) if part.isdecimal() else 0 for part in each.split(".")],
    )
