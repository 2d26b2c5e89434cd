"""Every column has a name, a type and a meaning, and the documentation says the same."""

from __future__ import annotations

from pathlib import Path

from iterprime_xai.evaluation.runs.schema import COLUMNS, SCHEMA, columns_markdown

PAGE = Path(__file__).parents[3] / "docs" / "runs.md"


def test_the_page_lists_the_columns_as_they_are():
    page = PAGE.read_text(encoding="utf-8")
    listed = page.partition("<!-- columns -->\n")[2].partition("<!-- end of columns -->")[0]
    assert listed == columns_markdown(), "put columns_markdown() between the two marks in docs/runs.md"


def test_columns_are_unique_and_explained():
    assert len(set(SCHEMA.names)) == len(COLUMNS) == len(SCHEMA)
    assert all(each.meaning.endswith(".") for each in COLUMNS)
