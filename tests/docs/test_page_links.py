"""Links of the Markdown pages, checked without building the site: every file and every heading that they name is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from site_building import ROOT
from website.staging import outside_code, page_files, staged_name, with_links

PAGES = page_files()


def links(page: Path) -> list[tuple[str, str]]:
    """(address, anchor) of each relative link."""
    found: list[tuple[str, str]] = []

    def look(text: str) -> str:
        for target in re.findall(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)", re.sub(r"`[^`\n]*`", "", text)):
            if not re.match(r"[a-z][a-z+.-]*:|//", target):
                found.append((target.partition("#")[0], target.partition("#")[2]))
        return text

    outside_code((ROOT / page).read_text(encoding="utf-8"), look)
    return found


def anchors(page: Path) -> set[str]:
    """The anchors that hosts of repositories give a page's headings."""
    made: list[str] = []

    def look(text: str) -> str:
        for heading in re.findall(r"^#{1,6} (.*)$", text, re.MULTILINE):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
            made.append(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
        return text

    outside_code(page.read_text(encoding="utf-8"), look)
    return {name if made[:at].count(name) == 0 else f"{name}-{made[:at].count(name)}" for at, name in enumerate(made)}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_relative_link_of_a_page_leads_somewhere(page):
    broken = []
    for address, anchor in links(page):
        target = Path(os.path.normpath(ROOT / page.parent / address)) if address else ROOT / page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(f"{address}#{anchor}")
    assert broken == []


def test_the_check_of_anchors_tells_headings_from_other_lines(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# The `title`: one\n\n```sh\n# no heading\n```\n\n## Twice\n\n## Twice\n", encoding="utf-8")
    assert anchors(page) == {"the-title-one", "twice", "twice-1"}


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("README.md", "index.md"),
        ("docs/methods/README.md", "docs/methods/README.md"),
        ("docs/methods", "docs/methods/README.md"),
        ("tutorials/01_x.ipynb", "tutorials/01_x.md"),
        ("tutorials/solutions/01_x.ipynb", "tutorials/solutions/01_x.md"),
        ("notebooks/sample.py", "notebooks/sample.md"),
        ("tutorials", "tutorials/index.md"),
        ("benchmarks/quality.py", None),
    ],
)
def test_files_of_the_repository_have_their_place_among_the_staged_pages(path, where):
    assert staged_name(Path(path)) == (None if where is None else Path(where))


def test_links_are_turned_to_the_staged_pages_and_code_stays_as_it_is(tmp_path):
    text = "See [home](../README.md#licence) and [`it`](methods/README.md).\n\n```md\n[home](../README.md)\n```\n"
    made = with_links(text, Path("docs/design.md"), tmp_path)
    assert made == text.replace("../README.md#licence", "../index.md#licence")


def test_a_line_that_begins_with_a_per_cent_sign_is_not_lost(tmp_path):
    assert with_links("falls by 4\n% of all\n\n```\n% stays\n```\n", Path("docs/design.md"), tmp_path) == (
        "falls by 4\n\\% of all\n\n```\n% stays\n```\n"
    )


def test_a_linked_file_that_is_no_page_is_taken_along(tmp_path):
    text = "[code](../benchmarks/quality.py), [gone](../benchmarks/gone.py)"
    assert with_links(text, Path("docs/design.md"), tmp_path) == text
    assert (tmp_path / "benchmarks" / "quality.py").is_file()
    assert not (tmp_path / "benchmarks" / "gone.py").exists()
