"""A report notebook run many times in this process: its text and layout are made once, its cells run for each page."""

from __future__ import annotations

import ast
import contextlib
import io
import types
from collections.abc import Mapping
from html import escape
from typing import Any

from iterprime_xai.reports import page
from iterprime_xai.reports.find import find
from iterprime_xai.reports.notebook_source import read_notebook
from iterprime_xai.reports.parameters import check, schema
from iterprime_xai.visualize import describe

_SLOT, _GIVEN = "<!--output {}-->", "the_parameters_that_were_given"
_TITLE, _STAMP = "the-title-of-the-page", "the-stamp-of-the-page"


class Prepared:
    """A notebook of :func:`~iterprime_xai.reports.available`, whose very cells make each page; no kernel is started.

    A page differs from one that papermill made in nothing that is read: the same text, tables and pictures. Cells share this
    process, so that what they load is loaded once; names that they assign are new for each page.
    """

    def __init__(self, name: str) -> None:
        source = find(name)
        notebook = read_notebook(source)
        self.title = page.title_of(notebook, source.stem)
        self._known = schema(notebook)
        self._cells: list[_Cell] = []
        self._parameters_after = 0
        cells = []
        for cell in notebook.cells:
            tags = cell.metadata.get("tags", [])
            if page.LIVE_ONLY in tags:
                continue
            cells.append(cell)
            if cell.cell_type == "code":
                cell.outputs = [_output(_SLOT.format(len(self._cells)))]
                self._cells.append(_Cell(cell.source, f"<{name}, cell {len(self._cells) + 1}>"))
                if "parameters" in tags:
                    self._parameters_after = len(self._cells)
                    cells.append(_code(_GIVEN))
        notebook.cells = cells
        wanted = notebook.metadata.get("iterprime_xai", {}).get("code", "folded")
        self._page = page.to_html(notebook, title=_TITLE, code=wanted, folder=source.parent, stamp=_STAMP)

    def html(self, parameters: Mapping[str, Any], *, title: str = "", stamp: str = "") -> str:
        """The page for these parameters, which are checked as `run` checks them; ``title`` and ``stamp`` go into its head.

        Raises ``OptionError`` for parameters that do not fit; errors of the cells are the caller's.
        """
        given = check(parameters, self._known)
        names = types.ModuleType("__main__").__dict__
        shown = {}
        for number, cell in enumerate(self._cells):
            shown[_SLOT.format(number)] = cell.run(names)
            if number + 1 == self._parameters_after:
                names.update(given)
        lines = "\n".join(f"{name} = {value!r}" for name, value in given.items())
        made = self._page.replace(_GIVEN, escape(lines or "# as they are"), 1)
        for slot, output in shown.items():
            made = made.replace(slot, output, 1)
        named = made.replace(_TITLE, escape(describe.one_line(title)) if title else escape(self.title), 1)
        return named.replace(_STAMP, stamp, 1)


class _Cell:
    """The code of one cell, compiled once; a last expression is what it shows."""

    def __init__(self, source: str, name: str) -> None:
        tree = ast.parse(source, name)
        last = tree.body[-1] if tree.body else None
        self._last = None
        if isinstance(last, ast.Expr):
            self._last = compile(ast.Expression(last.value), name, "eval")
            tree.body.pop()
        self._first = compile(tree, name, "exec")

    def run(self, names: dict[str, Any]) -> str:
        """Run it among these names and return what it shows as HTML."""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(self._first, names)
            value = None if self._last is None else eval(self._last, names)
        said = f"<pre>{escape(printed.getvalue())}</pre>" if printed.getvalue() else ""
        return said if value is None else said + _as_html(value)


def _as_html(value: Any) -> str:
    """What a notebook's page shows of a value: the richest form that it has."""
    bundle = getattr(value, "_repr_mimebundle_", None)
    data, metadata = {}, {}
    if bundle is not None:
        found = bundle()
        data, metadata = found if isinstance(found, tuple) else (found, {})
    for kind, method in (("text/html", "_repr_html_"), ("text/markdown", "_repr_markdown_")):
        if kind not in data and hasattr(value, method):
            data[kind] = getattr(value, method)()
    if data.get("text/html"):
        return str(data["text/html"])
    if "image/jpeg" in data:
        alt = escape(str(metadata.get("image/jpeg", {}).get("alt", "figure")), quote=True)
        return f'<img alt="{alt}" src="data:image/jpeg;base64,{data["image/jpeg"]}">'
    if "text/markdown" in data:
        from nbconvert.filters import markdown2html

        return str(markdown2html(data["text/markdown"]))
    return f"<pre>{escape(repr(value))}</pre>"


def _output(html: str) -> Any:
    from nbformat import v4

    return v4.new_output("display_data", {"text/html": html})


def _code(source: str) -> Any:
    from nbformat import v4

    return v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
