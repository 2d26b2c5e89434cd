"""The sample report of many samples of a run, made by the notebook's own cells in a few processes, without a kernel."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.workers import Crew
from iterprime_xai.records import IterprimeError, OptionError, ReportError
from iterprime_xai.records.writing import write_whole
from iterprime_xai.reports.colophon import colophon
from iterprime_xai.reports.index_page import index_page, link
from iterprime_xai.reports.page_names import INDEX, page_names
from iterprime_xai.reports.stamps import stamp_of, stamped

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run
    from iterprime_xai.reports.prepared import Prepared

REPORT = "sample"
WHICH = ("worst", "first", "random")
"""How samples are chosen, before a colon and their number."""


@dataclass(frozen=True, slots=True)
class _Task:
    """One page to make."""

    run: str
    sample: str
    text: str
    file: Path
    stamp: str
    limit: int


def sample_pages(
    run: str | Path,
    which: str,
    out: str | Path,
    *,
    jobs: int | None = None,
    limit: int = 8,
    progress: bool | None = None,
) -> Path:
    """Write a page about each of many samples of a run, and a page that lists them.

    Args:
        run: the run's folder.
        which: "worst:N" for the failures with the lowest IoU, "first:N" in the run's order, or "random:N" (the same each time).
        out: a folder. A page that was made from the very same notebook, run and version is kept.
        jobs: processes; default: one a core.
        limit: layers, words and proposals that a page shows at most.
        progress: a line on stderr; default: only where stderr is a terminal.

    Returns:
        The index page, which is written also where pages failed.

    Raises:
        OptionError: what cannot be chosen. ReportError: pages that were not made, after all others were. Errors of reading.
    """
    from iterprime_xai.evaluation.runs.reading import read_run
    from iterprime_xai.reports.find import find
    from iterprime_xai.reports.notebook_source import read_notebook
    from iterprime_xai.reports.parameters import check, schema

    folder, notebook = Path(out), read_notebook(find(REPORT))
    check({"limit": limit}, schema(notebook))  # once, not page by page
    opened = read_run(run)
    chosen = _chosen(opened, which)
    names = page_names(row["sample_id"] for row in chosen)
    tasks: list[_Task] = []
    kept: list[_Task] = []
    for row in chosen:
        name = row["sample_id"]
        stamp = stamp_of(notebook, {"sample": name, "limit": limit}, opened.key, str(opened.manifest.samples))
        task = _Task(str(opened.path.resolve()), name, row["text"] or name, folder / names[name], stamp, limit)
        (kept if stamped(task.file) == stamp else tasks).append(task)
    folder.mkdir(parents=True, exist_ok=True)
    problems = _all_made(tasks, max(1, min(jobs or os.cpu_count() or 1, len(tasks))), progress)
    rows = [_row(row, names[row["sample_id"]], problems) for row in chosen]
    said = (
        f"{len(chosen)} samples of the run {opened.name} ({which}): {len(tasks) - len(problems)} pages were made, {len(kept)} were "
        f"there already, {len(problems)} failed."
    )
    columns = ("phrase", "type", "IoU", "best IoU", "sample", "")
    foot = colophon({"samples": which, "limit": limit}, [opened])
    path = write_whole(folder / INDEX, index_page("Samples of a run", said, columns, rows, foot).encode("utf-8"))
    if problems:
        first = next(iter(problems.values()))
        raise ReportError(
            f"{len(problems)} of {len(chosen)} pages were not made; {path} says which. The first: {first}"
        )
    return path


def _chosen(run: Run, which: str) -> list[dict[str, Any]]:
    """The rows of the failure table that are asked for, in the order of the index."""
    from iterprime_xai.evaluation.failures import failure_table
    from iterprime_xai.evaluation.failures.picking import worst_first

    found = re.fullmatch(r"(\w+):(\d+)", which)
    if found is None or found[1] not in WHICH or not int(found[2]):
        raise OptionError(
            f"samples should be {', '.join(f'{each}:N' for each in WHICH)} with N of at least 1, but got {which!r}."
        )
    how, most = found[1], int(found[2])
    rows = failure_table(run).rows.select(["sample_id", "text", "type", "iou", "best_iou"]).to_pylist()
    if how == "worst":
        rows = worst_first(rows)
    elif how == "random":
        drawn = np.random.default_rng(0).permutation(len(rows))[:most]
        rows = [rows[place] for place in sorted(drawn)]
    if not rows:
        raise OptionError(f"{run.path} has no {'failures' if how == 'worst' else 'rows'} to show.")
    return rows[:most]


def _all_made(tasks: Sequence[_Task], jobs: int, progress: bool | None) -> dict[str, str]:
    """Make every page; what went wrong by sample id."""
    problems: dict[str, str] = {}
    if not tasks:
        return problems
    shown = sys.stderr.isatty() if progress is None else progress
    done = 0
    try:
        with Crew(partial(_prepared, jobs), jobs) as crew:
            for task, problem in zip(tasks, crew.each(_made, tasks), strict=True):
                done += 1
                if problem:
                    problems[task.sample] = problem
                if shown:
                    end = "" if done < len(tasks) else "\n"
                    print(f"\r{done} of {len(tasks)} pages", end=end, file=sys.stderr, flush=True)
    except IterprimeError as error:
        if not isinstance(error.__cause__, BrokenProcessPool):
            raise
        # The index still says which pages there are.
        problems |= {task.sample: str(error) for task in tasks[done:] if stamped(task.file) != task.stamp}
    return problems


def _prepared(jobs: int) -> Prepared:
    from iterprime_xai.reports.prepared import Prepared

    if jobs > 1:
        import torch

        torch.set_num_threads(1)
    return Prepared(REPORT)


def _made(prepared: Prepared, task: _Task) -> str:
    """Write one page; "" or what went wrong."""
    try:
        given = {"run": task.run, "sample": task.sample, "limit": task.limit}
        html = prepared.html(given, title=task.text, stamp=task.stamp)
    except IterprimeError as error:
        return str(error)
    except Exception as error:  # a cell may raise anything; the other pages are made all the same, as `run_each` does
        return f"{type(error).__name__}: {error}"
    write_whole(task.file, html.encode("utf-8"))
    return ""


def _row(row: dict[str, Any], file: str, problems: dict[str, str]) -> list[Any]:
    from iterprime_xai.evaluation.failures.types import TYPES

    name, text = row["sample_id"], row["text"] or row["sample_id"]
    iou, best = ("-" if row[each] is None else f"{row[each]:.2f}" for each in ("iou", "best_iou"))
    shown = text if name in problems else link(file, text)
    return [shown, TYPES[row["type"]].title, iou, best, name, problems.get(name, "")]
