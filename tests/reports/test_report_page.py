"""The HTML page: everything inside, nothing loaded, code folded, texts in order."""

from __future__ import annotations

import re

import pytest

from iterprime_xai.records import OptionError

pytest.importorskip("nbconvert")

from nbformat import v4

from iterprime_xai.reports.page import title_of, to_html


@pytest.fixture
def notebook():
    picture = v4.new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "x"})
    picture.metadata["image/png"] = {"alt": 'a "dog"'}
    widget = v4.new_output(
        "display_data",
        {
            "application/vnd.jupyter.widget-view+json": {"model_id": "m", "version_major": 2, "version_minor": 0},
            "image/jpeg": "/9j/4AAQ",
            "text/plain": "x",
        },
    )
    return v4.new_notebook(
        metadata={"language_info": {"name": "python"}},
        cells=[
            v4.new_markdown_cell("intro without a heading"),
            v4.new_markdown_cell("# Where it looks\n\ntext"),
            v4.new_code_cell("secret = 1", outputs=[v4.new_output("stream", text="<b>printed</b>")]),
            v4.new_code_cell("draw()", outputs=[picture]),
            v4.new_code_cell("show()", outputs=[widget]),
            v4.new_code_cell(
                "live()", outputs=[v4.new_output("stream", text="only live")], metadata={"tags": ["live"]}
            ),
        ],
    )


def test_the_page_has_title_pictures_with_alternative_text_and_escaped_prints(notebook):
    page = to_html(notebook, title="Dogs & cats")
    assert "<title>Dogs &amp; cats</title>" in page
    assert "data:image/png;base64,iVBORw0KGgo=" in page
    assert re.search(r"alt=(\"a &quot;dog&quot;\"|'a \"dog\"')", page)
    assert "&lt;b&gt;printed&lt;/b&gt;" in page


def test_a_widget_without_a_kernel_shows_its_static_picture(notebook):
    page = to_html(notebook, title="x")
    assert "data:image/jpeg;base64,/9j/4AAQ" in page
    assert "widget-view" not in page


def test_nothing_is_loaded_from_anywhere(notebook):
    page = to_html(notebook, title="x")
    assert not re.findall(r"<(?:script|img|link|iframe|source)[^>]+(?:src|href)=[\"']?(?!data:)[^\s\"'>]", page)
    assert not re.search(r"@import|url\((?![\"']?data:)", page)
    assert "default-src 'none'" in page


def test_cells_for_a_running_kernel_are_left_out(notebook):
    assert "only live" not in to_html(notebook, title="x")
    assert len(notebook.cells) == 6


@pytest.mark.parametrize(
    ("code", "folded", "shown"), [("folded", True, False), ("shown", True, True), ("hidden", False, False)]
)
def test_code_is_folded_shown_or_hidden(notebook, code, folded, shown):
    page = to_html(notebook, title="x", code=code)
    assert ('<details class="code"' in page) is folded
    assert bool(re.search(r'<details class="code" open', page)) is shown
    assert ("secret" in page) is folded


def test_folded_text_stays_folded_and_keeps_its_content():
    text = "<details><summary>Solution</summary>\n\n```python\nanswer = 42\n```\n\nbecause\n\n</details>\n\nafter"
    page = to_html(v4.new_notebook(cells=[v4.new_markdown_cell(text)]), title="x")
    inside = re.search(r"<details><summary>Solution</summary>(.*?)</details>", page, re.DOTALL)[1]
    assert "42" in inside
    assert "because" in inside
    assert "after" not in inside


def test_pictures_beside_the_notebook_are_put_inside_and_nothing_else_is(tmp_path):
    (tmp_path / "a dog.png").write_bytes(b"not really")
    (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
    text = "![dog](a%20dog.png) ![gone](gone.png) ![secret](secret.txt) ![far](https://example.org/x.png)"
    page = to_html(v4.new_notebook(cells=[v4.new_markdown_cell(text)]), title="x", folder=tmp_path)
    assert "data:image/png;base64,bm90IHJlYWxseQ==" in page
    assert re.findall(r'src="(?!data:)([^"]*)"', page) == ["gone.png", "secret.txt", "https://example.org/x.png"]


def test_an_unknown_way_to_show_code_is_refused(notebook):
    with pytest.raises(OptionError, match="folded, shown, hidden, but got 'maybe'"):
        to_html(notebook, title="x", code="maybe")


def test_the_title_is_the_metadatas_else_the_first_heading_else_the_name(notebook):
    assert title_of(notebook, "name") == "Where it looks"
    notebook.metadata["title"] = "Stated"
    assert title_of(notebook, "name") == "Stated"
    assert title_of(v4.new_notebook(), "name") == "name"
