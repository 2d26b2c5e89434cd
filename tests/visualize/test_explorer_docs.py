"""The page of the explorer: its code runs as it stands, its pictures are there, and its keys are those of the explorer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iterprime_xai.visualize.scripts import script

pytest.importorskip("anywidget")

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "explorer.md").read_text("utf-8")


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(code, "docs/explorer.md", "exec"), names)
    assert Path("runs/explored/failures").is_dir()


def test_the_pictures_of_the_page_are_there():
    pictures = re.findall(r"\]\((images/[^)]+)\)", PAGE)
    assert len(pictures) >= 5
    assert all((DOCS / each).stat().st_size < 200_000 for each in pictures)


def test_the_keys_of_the_page_are_those_of_the_explorer():
    listed = dict(
        re.findall(r'\["(.+?)", "(.+?)"\]', script("explorer_widget.js").partition("const KEYS")[2].partition("];")[0])
    )
    said = dict(
        re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE.partition("## Keys")[2].partition("## What acts")[0], re.MULTILINE)
    )
    del listed["?"]
    assert {name: said[name] for name in listed} == listed
