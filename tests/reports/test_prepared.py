"""A notebook's cells run in this process: what they show, and that pages know nothing of each other."""

from __future__ import annotations

import pytest

from iterprime_xai.records import OptionError
from iterprime_xai.reports.prepared import Prepared
from iterprime_xai.reports.stamps import stamped

pytest.importorskip("papermill")

HOSTILE = '</pre><script>alert("x")</script>'


@pytest.fixture
def prepared(write_notebook):
    """A page of a small notebook."""

    def of(*cells: str, title: str = "A small report") -> Prepared:
        return Prepared(write_notebook(*cells, title=title))

    return of


def test_parameters_take_the_place_of_the_notebooks_own_and_stand_in_the_page(prepared):
    report = prepared('word: str = "as it was"\nnumber: int = 1', "print(word, number)")
    html = report.html({"word": "given"})
    assert "<pre>given 1\n</pre>" in html
    assert "word = &#x27;given&#x27;" in html
    assert "<pre>as it was 1\n</pre>" in report.html({})


def test_no_name_of_one_page_is_there_in_the_next(prepared):
    report = prepared("first: bool = True", "if first:\n    seen = 'left behind'\nprint('seen' in globals())")
    assert "<pre>True" in report.html({})
    assert "<pre>False" in report.html({"first": False})


def test_parameters_are_checked_as_run_checks_them(prepared):
    report = prepared("number: int = 1")
    with pytest.raises(OptionError, match="Did you mean 'number'"):
        report.html({"numbr": 1})
    with pytest.raises(OptionError, match="should be a whole number"):
        report.html({"number": "one"})


def test_the_last_expression_is_shown_in_its_richest_form_and_text_is_escaped(prepared):
    report = prepared(
        f"word: str = {HOSTILE!r}",
        "print(word)",
        "word",
        "from iterprime_xai.reports.exhibits import Written, table\ntable(('a',), [[word]])",
        "Written('**bold** text')",
        "x = 1",
        "None",
        "",
        "from iterprime_xai.reports.sheets import Picture\nPicture(b'jpeg', 'what \"it\" shows')",
    )
    html = report.html({})
    assert "<script>alert" not in html
    assert html.count("&lt;/pre&gt;&lt;script&gt;alert(") >= 3
    assert "<strong>bold</strong> text" in html
    assert '<img alt="what &quot;it&quot; shows" src="data:image/jpeg;base64,anBlZw==">' in html
    assert "<pre>None" not in html


def test_an_output_or_a_title_that_looks_like_a_place_in_the_page_stays_text(prepared, tmp_path):
    report = prepared(
        "word: str = 'the-stamp-of-the-page'", "print('<!--output 2-->', 'the_parameters_that_were_given')", "word"
    )
    html = report.html({"word": "the-title-of-the-page"}, title="the-stamp-of-the-page", stamp="0123abc")
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    assert stamped(tmp_path / "page.html") == "0123abc"
    assert "<title>the-stamp-of-the-page</title>" in html
    assert "&lt;!--output 2--&gt; the_parameters_that_were_given" in html
    assert "<pre>&#x27;the-title-of-the-page&#x27;</pre>" in html


def test_cells_for_a_running_kernel_are_left_out_and_the_title_is_the_notebooks_own(write_notebook):
    import nbformat

    path = write_notebook("a = 1", "print('live only')", title="Own & title")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].metadata["tags"] = ["live"]
    nbformat.write(notebook, path)
    html = Prepared(path).html({})
    assert "live only" not in html
    assert "<title>Own &amp; title</title>" in html


def test_what_a_cell_raises_is_the_callers_and_names_the_cell(prepared):
    import traceback

    with pytest.raises(ZeroDivisionError) as caught:
        prepared("a = 0", "b = 1\n1 / a").html({})
    assert "cell 2>" in traceback.format_exception(caught.value)[-2]
