"""The site in Chromium, opened as files without a network: no complaint, every figure shows, the search finds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx")
pytest.importorskip("myst_parser")
pytest.importorskip("pydata_sphinx_theme")
pytest.importorskip("papermill")
pytest.importorskip("jupytext")

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    sys.path.insert(0, str(ROOT / "tests" / "docs"))
    from site_building import small_site

    out = tmp_path_factory.mktemp("site") / "made"
    assert small_site(out) == []
    return out


@pytest.fixture
def said(offline_page):
    """What the page complained of."""
    found: list[str] = []
    offline_page.on(
        "console", lambda message: found.append(message.text) if message.type in ("error", "warning") else None
    )
    offline_page.on("pageerror", lambda error: found.append(str(error)))
    return found


def address(site, name: str) -> str:
    (page,) = site.glob(name)
    return page.as_uri()


PAGES = (
    "index.html",
    "guide.html",
    "docs/results.html",
    "docs/methods/README.html",
    "docs/teaching/glossary.html",
    "tutorials/01_*.html",
    "tutorials/solutions/01_*.html",
    "notebooks/sample.html",
    "notebooks/made/sample.html",
    "api/saliency.html",
)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_complaint_and_every_figure_shows(site, offline_page, said, name):
    offline_page.goto(address(site, name))
    offline_page.wait_for_load_state("load")
    shown = offline_page.evaluate(
        "[...document.images].map((each) => [each.complete && each.naturalWidth > 1, each.alt])"
    )
    assert [alt for works, alt in shown if not works] == []
    if "tutorials" in name or "made" in name:
        assert len(shown) >= 4
    assert said == []
    assert offline_page.asked == []


def test_the_search_finds_pages_and_shows_a_line_of_each(site, offline_page, said):
    offline_page.goto(address(site, "index.html"))
    offline_page.keyboard.press("Control+k")
    offline_page.keyboard.type("relevance")
    offline_page.keyboard.press("Enter")
    offline_page.wait_for_selector("#search-results .found-line")
    offline_page.wait_for_selector(".search-summary:has-text('found')")
    found = offline_page.locator("#search-results ul.search > li > a")
    links = found.evaluate_all("(each) => each.map((link) => link.getAttribute('href'))")
    assert any(link.startswith("docs/methods/relevance.html") for link in links)
    lines = offline_page.locator(".found-line").all_inner_texts()
    assert sum("relevance" in line.lower() for line in lines) >= 3
    offline_page.locator("#search-results a[href^='docs/methods/relevance.html']").first.click()
    assert offline_page.locator("h1").inner_text().startswith("Attention relevance")
    assert said == []
    assert offline_page.asked == []


def test_it_has_a_dark_side_in_which_pictures_keep_their_colours(site, offline_page):
    offline_page.emulate_media(color_scheme="dark")
    offline_page.goto(address(site, "docs/methods/README.html"))
    background = offline_page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(int(part) for part in background.strip("rgba()").split(",")[:3]) < 150
    assert offline_page.evaluate("getComputedStyle(document.querySelector('.bd-article img')).filter") == "none"


@pytest.mark.parametrize("name", ["index.html", "docs/results.html", "tutorials/01_*.html", "api/saliency.html"])
def test_on_a_phone_nothing_is_wider_than_the_screen(site, offline_page, name):
    offline_page.set_viewport_size({"width": 390, "height": 800})
    offline_page.goto(address(site, name))
    assert offline_page.evaluate("document.documentElement.scrollWidth") <= 390
