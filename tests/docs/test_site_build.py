"""The site, built small: every page is there, no link is broken, nothing is loaded from elsewhere, and nobody's folder is taken."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("sphinx")
pytest.importorskip("myst_parser")
pytest.importorskip("pydata_sphinx_theme")
pytest.importorskip("papermill")
pytest.importorskip("jupytext")

from site_building import ROOT, make_site, small_site

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "made"
    wrong = small_site(out)
    return out, wrong


def text_of(page):
    return page.read_text(encoding="utf-8")


def test_nothing_is_wrong_with_it(site):
    assert site[1] == []


def test_every_page_of_the_docs_is_in_it(site):
    out, _ = site
    pages = {path.relative_to(ROOT).with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert [str(page) for page in pages if not (out / page).is_file()] == []
    assert "See <strong>where a vision-language model looks</strong>" in text_of(out / "index.html")


def test_pages_outside_docs_are_linked_from_it(site):
    out, _ = site
    assert (out / "iterprime_xai/assets/models/tiny/README.html").is_file()
    assert 'href="../iterprime_xai/assets/models/tiny/README.html' in text_of(out / "docs/results.html")


def test_an_executed_lesson_shows_its_code_and_figures_and_its_solutions_are_marked(site):
    out, _ = site
    (lesson,) = out.glob("tutorials/01_*.html")
    page, solutions = text_of(lesson), text_of(out / "tutorials" / "solutions" / lesson.name)
    figures = re.findall(r'<img alt="([^"]*)"[^>]*src="\.\./_images/01_', page)
    assert len(figures) >= 4
    assert all(len(alt) > 20 for alt in figures)
    assert 'class="highlight-python' in page
    assert "This page gives the answers" in solutions
    assert "<h1>Solutions: " in solutions
    assert "This page gives the answers" not in page
    assert "Traceback (most" not in page + solutions


def test_every_lesson_and_its_solutions_have_a_page(site):
    out, _ = site
    for path in ROOT.glob("tutorials/[0-9]*.py"):
        assert (out / "tutorials" / f"{path.stem}.html").is_file()
        assert (out / "tutorials" / "solutions" / f"{path.stem}.html").is_file()


def test_a_report_is_there_whole_and_its_page_tells_its_parameters(site):
    out, _ = site
    assert "data:image/" in text_of(out / "notebooks/made/sample.html")
    page = text_of(out / "notebooks/sample.html")
    assert 'href="made/sample.html"' in page
    assert "<code" in page
    assert "phrase" in page


def test_the_api_comes_from_the_docstrings(site):
    out, _ = site
    page = text_of(out / "api/saliency.html")
    assert 'id="iterprime_xai.saliency.gradcam.token_gradcam"' in page
    assert "records.html#iterprime_xai.records" in page  # a type of another page is linked
    assert "iterprime-xai ground" in text_of(out / "api/commands.html")


def test_it_never_takes_the_place_of_anything_but_an_earlier_site(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="holds something else"):
        make_site.build(tmp_path, smoke=True, executed=[], reports=[], floors=())
    assert make_site.main([str(tmp_path), "--smoke"]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").is_file()
