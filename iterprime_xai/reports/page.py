"""An executed notebook as one HTML page: pictures inside, code folded away, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import copy
import mimetypes
import re
from html import unescape
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote

from iterprime_xai.records import OptionError

Code = Literal["folded", "shown", "hidden"]
"""What becomes of the code: folded behind a click, shown, or left out."""

LIVE_ONLY = "live"
"""Cells with this tag are for a running kernel and are left out of a page."""

_TEMPLATES = Path(__file__).parent / "templates"


def title_of(notebook: Any, otherwise: str) -> str:
    """The notebook's title: its metadata, else its first heading, else ``otherwise``."""
    stated = notebook.metadata.get("title")
    if stated:
        return str(stated)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    return otherwise


def to_html(notebook: Any, *, title: str, code: Code = "folded", folder: Path | None = None, stamp: str = "") -> str:
    """The page as text. Its content policy forbids the browser to load anything; widgets show their static picture.

    Pictures that the notebook's text names as files in ``folder`` are put inside; a ``stamp`` (see `stamps`) is written into the
    page's head. Raises ``OptionError`` for an
    unknown ``code``.
    """
    if code not in get_args(Code):
        raise OptionError(f"code must be one of {', '.join(get_args(Code))}, but got {code!r}.")
    from nbconvert import HTMLExporter

    notebook = copy.deepcopy(notebook)
    notebook.metadata["title"] = title
    notebook.metadata.pop("widgets", None)
    notebook.cells = [cell for cell in notebook.cells if LIVE_ONLY not in cell.metadata.get("tags", [])]
    exporter = HTMLExporter(
        extra_template_basedirs=[str(_TEMPLATES)],
        template_name="iterprime_report",
    )
    page, _ = exporter.from_notebook_node(notebook, resources={"code_cells": code, "stamp": stamp})
    return page if folder is None else _with_pictures(page, folder)


def _with_pictures(page: str, folder: Path) -> str:
    """The page with its picture files inside. (nbconvert's own embedding closes every ``<details>`` that it meets.)"""

    def inside(found: re.Match[str]) -> str:
        path = folder / unquote(unescape(found[2]))
        kind = mimetypes.guess_type(path.name)[0] or ""
        if not kind.startswith("image/") or not path.is_file():
            return found[0]
        return f"{found[1]}data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}{found[3]}"

    return re.sub(r'(<img\b[^>]*?\bsrc=")(?!data:|https?:|//)([^"]+)(")', inside, page)
