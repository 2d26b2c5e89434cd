"""Small notebooks made on the spot, and the grounding made by hand of the visualize tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "visualize"))


@pytest.fixture
def grounding():
    from handmade_grounding import grounding

    return grounding


@pytest.fixture
def write_notebook(tmp_path):
    """Writes a notebook of code cells; the first is the parameters cell."""

    def write(*cells: str, name: str = "small.ipynb", title: str = "A small report", **metadata) -> Path:
        import nbformat
        from nbformat import v4

        made = [v4.new_markdown_cell(f"# {title}"), *(v4.new_code_cell(cell) for cell in cells)]
        made[1].metadata["tags"] = ["parameters"]
        path = tmp_path / name
        nbformat.write(v4.new_notebook(cells=made, metadata=metadata), path)
        return path

    return write
