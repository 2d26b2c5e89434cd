"""Every way to look has a page, the page tells its options, defaults and cost as they are, and the lines on it run."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import iterprime_xai as ix
from iterprime_xai.saliency import METHODS, get_method
from iterprime_xai.saliency.methods import FLOORS, methods

DOCS = Path(__file__).parents[2] / "docs"
PAGES = DOCS / "methods"

needs_captum = {"integrated_gradients", "smoothgrad"}
asked = [name for name in METHODS if name not in FLOORS]


def page_of(name):
    return (PAGES / f"{'floors' if name in FLOORS else name}.md").read_text(encoding="utf-8")


def part_of(name):
    """A method's page, or a floor's section of theirs."""
    if name not in FLOORS:
        return page_of(name)
    return re.search(rf"^## [^\n]*`{name}`\n(.*?)(?=^## |^\*\*Cost|\Z)", page_of(name), re.M | re.S).group()


def table():
    return (PAGES / "README.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", asked)
def test_a_page_has_its_parts(name):
    title, page = get_method(name).title, page_of(name)
    assert page.startswith(f"# {title[0].upper()}{title[1:]}\n")
    wanted = ["\n    ", "```python\n", "../images/methods.jpg", "\nPaper"]
    if name != "gradcam":  # older, and in its own words
        wanted += ["**Cost.**", "**When it misleads.**", "**Where ours departs.**"]
    for part in wanted:
        assert part in page, part


@pytest.mark.parametrize("name", METHODS)
def test_a_page_lists_the_options_with_their_defaults_and_no_others(name):
    told = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", part_of(name), re.M)
    shown = {
        each.name: f'"{each.default}"' if isinstance(each.default, str) else repr(each.default)
        for each in fields(get_method(name))
    }
    assert dict(told) == shown
    assert ("**Options.** None." in part_of(name)) == (not shown)


@pytest.mark.parametrize("info", methods(), ids=lambda info: info.name)
def test_the_table_of_methods_repeats_what_the_code_says(info):
    rows = [line for line in table() if line.startswith(f"| [{info.name}](")]
    assert len(rows) == 1
    assert f"| {info.cost} | {'yes' if info.reads_layer else 'no'} |" in rows[0]
    if info.floor:
        heading = f"{info.title} {info.name}".lower().replace(" ", "-")
        assert f"(floors.md#{heading})" in rows[0]
        assert f"\n## {info.title[0].upper()}{info.title[1:]}: `{info.name}`\n" in page_of(info.name)


def test_every_page_is_linked_from_the_table():
    linked = set(re.findall(r"\]\((\w+)\.md", "\n".join(table())))
    assert linked == {path.stem for path in PAGES.glob("*.md")} - {"README"}


@pytest.fixture(scope="module")
def one_grounder():
    """The pages all load the same model; here it is loaded once."""
    return ix.load("tiny")


@pytest.mark.parametrize(
    "page", [*(f"methods/{name}" for name in asked), "methods/floors", "methods/README", "explanations"]
)
def test_the_lines_on_a_page_run(page, one_grounder, monkeypatch):
    if page.split("/")[-1] in needs_captum:
        pytest.importorskip("captum", reason="captum is not installed: the extra attributions")
    monkeypatch.setattr(ix, "load", lambda which: one_grounder, raising=False)
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, f"{page}.md", "exec"), names)
