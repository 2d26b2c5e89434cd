"""The live cells of lessons in a real JupyterLab: after the cells before them they show their widget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_page import LabPage, write_notebook

pytestmark = pytest.mark.browser

LESSONS = Path(__file__).parents[2] / "tutorials"


def code_up_to_the_live_cell(name: str) -> str:
    """All code of a lesson in its small form, up to its first live cell, as one cell."""
    parts = []
    (path,) = LESSONS.glob(f"{name}_*.ipynb")
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            tags = cell.metadata.get("tags", [])
            parts.append(
                cell.source.replace("smoke: bool = False", "smoke: bool = True")
                if "parameters" in tags
                else cell.source
            )
            if "live" in tags:
                return "\n".join(parts)
    raise AssertionError(f"lesson {name} has no live cell")


@pytest.mark.parametrize(("name", "shown"), [("05", ".ixw-canvas"), ("08", ".ixe-look .ixw-canvas")])
def test_a_lessons_widget_shows_and_complains_of_nothing(
    name: str, shown: str, chromium: Any, jupyterlab: str, workplace: Path, keep_screenshot: Any
) -> None:
    write_notebook(workplace, f"lesson-{name}", code_up_to_the_live_cell(name))
    opened = LabPage(chromium, jupyterlab, 1250, 1600)
    opened.run(f"lesson-{name}", shown)
    keep_screenshot(opened.page, f"lesson-{name}")
    assert opened.page.get_by_text("Traceback").count() == 0
    assert opened.errors == []
    opened.close()
