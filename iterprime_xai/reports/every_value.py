"""One report for every value of a tag, in a bounded pool, with a page that lists them; what is there already is kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.records import IterprimeError, OptionError, ReportError
from iterprime_xai.records.writing import write_whole
from iterprime_xai.reports.colophon import colophon
from iterprime_xai.reports.find import find
from iterprime_xai.reports.index_page import index_page, link
from iterprime_xai.reports.notebook_source import read_notebook
from iterprime_xai.reports.page import title_of
from iterprime_xai.reports.page_names import INDEX, page_names
from iterprime_xai.reports.parameters import check, schema
from iterprime_xai.reports.running import run
from iterprime_xai.reports.stamps import stamp_of, stamped

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures import FailureTable

NEEDED = ("run", "where")
"""Parameters that a report must have to be made for every value of a tag."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of many: its value of the tag, its file, whether it was there already, and why it was not made."""

    value: str
    file: Path
    kept: bool
    problem: str = ""


def run_each(
    name: str,
    parameters: Mapping[str, Any],
    out: str | Path,
    each: str,
    *,
    jobs: int | None = None,
    cell_timeout: int | None = None,
) -> Path:
    """Make a report for every value of a tag of a run's phrases.

    Args:
        name: a report with the parameters ``run`` and ``where``, such as "failures".
        parameters: for all of them; ``run`` is needed, and ``where`` narrows all further.
        out: a folder; a page a value and ``index.html`` are written there. A page that was made from the very same notebook,
            parameters, run and version is kept as it is.
        each: "tag.NAME", such as "tag.kind".
        jobs: notebooks that run at a time; default: one a core, at most four, since each holds a model.
        cell_timeout: most seconds that one cell may take.

    Returns:
        The index page, which is written also where pages failed.

    Raises:
        OptionError: another report, parameter or tag. ReportError: pages that were not made, after all others were. Errors of
        reading the run.
    """
    from iterprime_xai.evaluation.failures import failure_table
    from iterprime_xai.evaluation.failures.narrowing import narrowed, tag_values
    from iterprime_xai.evaluation.runs.reading import read_run

    notebook = read_notebook(find(name))
    known = schema(notebook)
    given = check(parameters, known)
    missing = [each_ for each_ in NEEDED if each_ not in known]
    if missing:
        raise OptionError(
            f"The report {name!r} has no parameter {missing[0]!r}, so it can't be made for every value of a tag."
        )
    tag = each.removeprefix("tag.")
    if not each.startswith("tag.") or not tag:
        raise OptionError(f'Reports are made for each value of a tag, such as "tag.kind", but got {each!r}.')
    if not given.get("run"):
        raise OptionError("To make a report for each value, say of which run: run=FOLDER.")
    if jobs is not None and jobs < 1:
        raise OptionError(f"jobs must be at least 1, but got {jobs}.")
    opened = read_run(given["run"])
    table = narrowed(failure_table(opened), given.get("where") or {})
    values = tag_values(table, tag)
    folder = Path(out)
    names = page_names(values)

    def make(value: str) -> Page:
        asked = given | {"where": (given.get("where") or {}) | {tag: value}}
        file, stamp = folder / names[value], stamp_of(notebook, asked, opened.key, str(len(opened)))
        if stamped(file) == stamp:
            return Page(value, file, kept=True)
        try:
            title = f"{title_of(notebook, name)}: {tag} = {value or '(none)'}"
            run(name, asked, file, title=title, cell_timeout=cell_timeout, progress=False, stamp=stamp)
        except IterprimeError as error:
            return Page(value, file, kept=False, problem=str(error))
        return Page(value, file, kept=False)

    pages = []
    with ThreadPoolExecutor(jobs or min(4, os.cpu_count() or 1)) as pool:
        for number, made in enumerate(pool.map(make, values), 1):
            pages.append(made)
            _told(number, len(values), made)
    rows = [_row(page, narrowed(table, {tag: page.value})) for page in pages]
    failed = [page for page in pages if page.problem]
    said = f"{title_of(notebook, name)}, a page for each value of {tag} in the run {opened.name}. " + _counted(pages)
    index = index_page(
        f"{title_of(notebook, name)}, by {tag}",
        said,
        (tag, "phrases", "failed", "% failed", "mIoU", ""),
        rows,
        colophon({**given, "each": each}, [opened]),
    )
    path = write_whole(folder / INDEX, index.encode("utf-8"))
    if failed:
        raise ReportError(
            f"{len(failed)} of {len(pages)} pages were not made; {path} says which. The first: {failed[0].problem} "
            "The same command makes only these again."
        )
    return path


def _row(page: Page, table: FailureTable) -> list[Any]:
    rows = table.rows.select(["type", "iou"]).to_pylist()
    known = [row for row in rows if row["type"] != "unlabelled"]
    failed = sum(row["type"] != "right" for row in known)
    shown = link(page.file.name, page.value or "(none)") if not page.problem else page.value
    share = f"{100 * failed / len(known):.1f}" if known else "-"
    miou = f"{100 * sum(row['iou'] or 0.0 for row in known) / len(known):.1f}" if known else "-"
    return [shown, len(rows), failed, share, miou, page.problem]


def _counted(pages: list[Page]) -> str:
    kept, failed = sum(page.kept for page in pages), sum(bool(page.problem) for page in pages)
    return f"{len(pages) - kept - failed} were made, {kept} were there already, {failed} failed."


def _told(number: int, total: int, page: Page) -> None:
    how = f"not made: {page.problem.splitlines()[0]}" if page.problem else "there already" if page.kept else "made"
    print(f"{number} of {total}: {page.file.name} {how}", file=sys.stderr)
