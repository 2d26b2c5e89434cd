"""The page that lists the pages of many reports, with what can be said of each in a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from iterprime_xai.reports.exhibits import Exhibit, table
from iterprime_xai.visualize.html_page import html_page
from iterprime_xai.visualize.tables import shown

_STYLE = Path(__file__).parent / "templates" / "iterprime_report" / "static" / "report.css"


def link(file_name: str, text: str) -> Exhibit:
    """A link to a page in the same folder."""
    return Exhibit(f'<a href="{quote(file_name)}">{shown(text)}</a>')


def index_page(title: str, said: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], foot: Exhibit) -> str:
    """A self-contained page: title, a sentence, one row a report, and where it all comes from."""
    body = f"<main>\n<h1>{shown(title)}</h1>\n<p>{shown(said)}</p>\n{table(columns, rows).html}\n"
    body += f"<h2>Settings and versions</h2>\n{foot.html}\n</main>"
    return html_page(shown(title), _STYLE.read_text(encoding="utf-8"), body)
