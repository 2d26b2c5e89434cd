"""Runs a report notebook with papermill, in this Python and from the caller's folder; writes a notebook or a page."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iterprime_xai.records import IterprimeError, OptionError, ReportError, StorageError, errors
from iterprime_xai.records.writing import write_whole
from iterprime_xai.reports.find import find
from iterprime_xai.reports.notebook_source import read_notebook, require_extra
from iterprime_xai.reports.page import Code
from iterprime_xai.reports.printing import browser, printed

SUFFIXES = (".html", ".ipynb", ".pdf")


def run(
    name_or_path: str | Path,
    parameters: Mapping[str, Any] | None = None,
    out: str | Path = "report.html",
    *,
    title: str | None = None,
    code: Code | None = None,
    cell_timeout: int | None = None,
    progress: bool | None = None,
    stamp: str = "",
) -> Path:
    """Run a report from top to bottom and write it to ``out``, whole or not at all.

    Args:
        name_or_path: a name of :func:`~iterprime_xai.reports.available`, or a path to an ``.ipynb`` file.
        parameters: values for the notebook's parameters, JSON values only; checked against its parameter cell first.
        out: ``.html`` for one self-contained page, ``.ipynb`` for the executed notebook, ``.pdf`` for a printed page (needs
            Chromium, Chrome or Edge), or a folder for a page with the report's name; missing folders are made.
        title: of the page; default: the notebook's own.
        code: "folded", "shown" or "hidden" in the page; default: what the notebook's metadata asks for, else folded.
        cell_timeout: most seconds that one cell may take; default: no limit.
        progress: a bar on stderr, cell by cell; default: only where stderr is a terminal.
        stamp: written into the head of a page, see `stamps`.

    Returns:
        The path of the report. Relative paths in ``parameters`` are taken from the caller's working directory.

    Raises:
        OptionError: unknown report or parameter, wrong type, other ending. MissingExtraError: papermill is not
            installed. StorageError: ``out`` cannot be written. When a cell fails: the notebook's own error if it is
            one of ours, else ReportError; either says where the notebook was left as far as it ran
            (``<name of out>.failed.ipynb``).
    """
    out = _checked_out(out, Path(name_or_path).stem)
    require_extra()
    import nbformat

    from iterprime_xai.reports import engine, page
    from iterprime_xai.reports.parameters import check, schema

    if out.suffix == ".pdf":
        browser()  # before minutes are spent on a page that cannot be printed
    source = find(name_or_path)
    notebook = read_notebook(source)
    values = check(parameters or {}, schema(notebook))
    if code is not None and code not in ("folded", "shown", "hidden"):
        raise OptionError(f"code must be folded, shown or hidden, but got {code!r}.")
    keep: dict[str, Any] = {}
    try:
        done = engine.execute(
            notebook,
            values,
            progress=sys.stderr.isatty() if progress is None else progress,
            cell_timeout=cell_timeout,
            keep=keep,
        )
    except BaseException as error:
        if "notebook" not in keep:
            raise
        ran = nbformat.writes(_named(_with_error(keep["notebook"], error), source, out))
        partial = write_whole(_partial(out), ran.encode("utf-8"))
        if not isinstance(error, Exception):
            raise  # an interrupt stays one, but what ran is not lost
        raise _failure(error, source.stem, partial) from error
    _partial(out).unlink(missing_ok=True)  # of an earlier run, which this one makes good
    done = _named(done, source, out)
    if out.suffix == ".ipynb":
        return write_whole(out, nbformat.writes(done).encode("utf-8"))
    wanted = code or done.metadata.get("iterprime_xai", {}).get("code", "folded")
    html = page.to_html(
        done, title=title or page.title_of(done, source.stem), code=wanted, folder=source.parent, stamp=stamp
    )
    return write_whole(out, printed(html) if out.suffix == ".pdf" else html.encode("utf-8"))


def parameters_of(name_or_path: str | Path) -> tuple[Any, ...]:
    """What a report can be asked: name, types, default and help of each parameter, in the notebook's order."""
    require_extra()
    from iterprime_xai.reports.parameters import schema

    return tuple(schema(read_notebook(find(name_or_path))).values())


def _checked_out(out: str | Path, name: str) -> Path:
    """The path to write, with its folder made, before minutes are spent on a report that has no place."""
    path = Path(out)
    if (path.is_dir() and path.suffix not in SUFFIXES) or str(out).endswith(("/", os.sep)):
        path /= f"{name}.html"
    if path.suffix not in SUFFIXES:
        raise OptionError(
            f"A report is written as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, or into a folder, but out is {str(path)!r}; "
            "give it one of these endings, or make the folder first."
        )
    if path.is_dir():
        raise StorageError(f"Expected a file to write, but {path} is a folder; add a file name.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe = path.with_name(f".{secrets.token_hex(8)}.tmp")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StorageError(
            f"Cannot write to {path.parent}: {error.strerror or error}. Choose another place."
        ) from error
    return path


def _named(notebook: Any, source: Path, out: Path) -> Any:
    """papermill's record of the run with the report's name and file instead of what it was handed."""
    record = notebook.metadata.get("papermill")
    if record is not None:
        record["input_path"], record["output_path"] = source.name, out.name
    return notebook


def _partial(out: Path) -> Path:
    """Where a report that stops leaves what ran."""
    return out.with_name(f"{out.stem}.failed.ipynb")


def _with_error(notebook: Any, error: BaseException) -> Any:
    """The notebook as far as it ran, with what stopped it as its first cell, where nobody can miss it."""
    from nbformat import v4

    cell = getattr(error, "exec_count", None)
    where = "" if cell is None else f" in cell [{cell}]"
    said = f"{getattr(error, 'ename', None) or type(error).__name__}: {_plain(error)}"
    notebook.cells.insert(0, v4.new_markdown_cell(f"**This report stopped{where}.**\n\n```text\n{said}\n```"))
    return notebook


def _plain(error: BaseException) -> str:
    """What an error says, without the colours of a terminal."""
    text = str(getattr(error, "evalue", None) or error)
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()


def _failure(error: Exception, name: str, partial: Path) -> IterprimeError:
    """The error to raise for a run that stopped: the notebook's own where it is ours; with where what ran was left."""
    left = f"The notebook as far as it ran is {partial}."
    cell = getattr(error, "exec_count", None)
    where = f"report {name!r}" if cell is None else f"report {name!r}, cell [{cell}]"
    kind, text = getattr(error, "ename", None), _plain(error)
    ours = getattr(errors, str(kind), None)
    if isinstance(ours, type) and issubclass(ours, IterprimeError):
        return ours(f"{text} ({where}; {left[0].lower()}{left[1:-1]})")
    plain = text.splitlines() or [""]
    said = f"{kind or type(error).__name__}: {plain[0][:300]}"
    return ReportError(f"{where[0].upper()}{where[1:]} stopped with {said}. {left}")
