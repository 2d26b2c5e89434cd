"""The check of a finished site finds what is broken, and what a page would load from elsewhere."""

from __future__ import annotations

import pytest
from site_building import ROOT  # noqa: F401
from website.links import check, summary


@pytest.fixture
def site(tmp_path):
    def made(body: str):
        (tmp_path / "other").mkdir(exist_ok=True)
        (tmp_path / "other" / "page.html").write_text('<h2 id="here">x</h2>', encoding="utf-8")
        (tmp_path / "picture.png").write_bytes(b"x")
        (tmp_path / "index.html").write_text(f'<p id="top"></p>{body}', encoding="utf-8")
        return check(tmp_path)

    return made


def test_a_whole_site_has_nothing_to_tell(site):
    found = site(
        '<a href="other/page.html#here">a</a><a href="#top">b</a><img src="picture.png" alt="x">'
        '<a href="https://example.org/x">c</a><img src="data:image/png;base64,x" alt="y">'
    )
    assert (found.pages, found.broken, found.loaded) == (2, [], [])
    assert found.outside == {"https://example.org/x": ["index.html"]}
    assert "0 broken" in summary(found)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('<a href="gone.html">a</a>', "no such file"),
        ('<a href="other/page.html#gone">a</a>', "no such place"),
        ('<a href="#gone">a</a>', "no such place"),
        ('<a href="other">a</a>', "a folder"),
        ('<img src="gone.png" alt="x">', "no such file"),
        ('<script src="gone.js"></script>', "no such file"),
        ('<link rel="stylesheet" href="gone.css">', "no such file"),
    ],
)
def test_what_leads_nowhere_is_broken(site, body, why):
    (line,) = site(body).broken
    assert line.startswith("index.html: ")
    assert why in line


def test_anchors_are_looked_for_behind_a_linked_folder_too(site, tmp_path_factory, tmp_path):
    site('<a href="other/page.html#gone">a</a>')
    link = tmp_path_factory.mktemp("links") / "site"
    try:
        link.symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert len(check(link).broken) == 1


@pytest.mark.parametrize(
    "body",
    [
        '<script src="https://example.org/x.js"></script>',
        '<img src="//example.org/x.png" alt="x">',
        '<link rel="stylesheet" href="https://example.org/x.css">',
    ],
)
def test_what_is_loaded_from_elsewhere_is_told(site, body):
    assert len(site(body).loaded) == 1
