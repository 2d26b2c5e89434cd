"""File names and stamps of many pages, and the page that lists them."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from iterprime_xai.reports.exhibits import sentence
from iterprime_xai.reports.index_page import index_page, link
from iterprime_xai.reports.page_names import page_names
from iterprime_xai.reports.stamps import stamp_of, stamped

HOSTILE = '<script>alert("x")</script> & "a"'


def notebook(*sources, kind="code"):
    return SimpleNamespace(cells=[SimpleNamespace(cell_type=kind, source=source) for source in sources])


class TestNames:
    def test_they_are_readable_safe_and_no_two_the_same(self):
        found = page_names(["testA-0/1", "testA 0 1", "TESTA_0_1", "index", "", "?!", "../..", "كلب", "x" * 300])
        assert list(found.values()) == [
            "testa-0-1.html",
            "testa-0-1-2.html",
            "testa-0-1-3.html",
            "index-2.html",
            "none.html",
            "none-2.html",
            "none-3.html",
            "كلب.html",
            f"{'x' * 80}.html",
        ]

    def test_a_number_never_takes_the_name_of_another_value(self):
        found = page_names(["a-2", "a", "A", "a!"])
        assert list(found.values()) == ["a-2.html", "a.html", "a-3.html", "a-4.html"]


class TestStamps:
    def test_the_same_notebook_with_the_same_parameters_has_the_same_stamp_in_any_order(self):
        assert stamp_of(notebook("a"), {"x": 1, "y": "ü"}, "key") == stamp_of(notebook("a"), {"y": "ü", "x": 1}, "key")

    @pytest.mark.parametrize(
        "other",
        [
            lambda: stamp_of(notebook("b"), {"x": 1}, "key"),
            lambda: stamp_of(notebook("a", kind="markdown"), {"x": 1}, "key"),
            lambda: stamp_of(notebook("a"), {"x": 2}, "key"),
            lambda: stamp_of(notebook("a"), {"x": 1}, "other key"),
            lambda: stamp_of(notebook("a"), {"x": 1}),
        ],
    )
    def test_whatever_decides_changes_it(self, other):
        assert other() != stamp_of(notebook("a"), {"x": 1}, "key")

    def test_another_version_of_the_package_changes_it(self, monkeypatch):
        import iterprime_xai

        before = stamp_of(notebook("a"), {})
        monkeypatch.setattr(iterprime_xai, "__version__", "99")
        assert stamp_of(notebook("a"), {}) != before

    def test_it_is_found_in_a_page_and_nothing_where_there_is_none(self, tmp_path):
        from nbformat import v4

        from iterprime_xai.reports.page import to_html

        cells = [v4.new_markdown_cell("# a page")]
        page = tmp_path / "page.html"
        page.write_text(to_html(v4.new_notebook(cells=cells), title="t" * 9000, stamp="0123abc"), encoding="utf-8")
        assert stamped(page) == "0123abc"
        page.write_text(to_html(v4.new_notebook(cells=cells), title="t"), encoding="utf-8")
        assert stamped(page) == ""
        assert stamped(tmp_path / "no page.html") == ""
        assert stamped(tmp_path) == ""


class TestIndex:
    def test_every_text_is_escaped_and_links_lead_into_the_folder(self):
        rows = [[link("كلب 1.html", HOSTILE), HOSTILE]]
        page = index_page(HOSTILE, HOSTILE, (HOSTILE, ""), rows, sentence("foot"))
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;") >= 5  # head's title, heading, sentence, column, link, cell
        assert re.findall(r'href="([^"]*)"', page) == ["%D9%83%D9%84%D8%A8%201.html"]
        assert "<p>foot</p>" in page
