"""Small notebooks made on the spot, runs without a model, and the grounding made by hand of the visualize tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from run_stand_ins import ToySet, ToySystem, rectangle

sys.path.insert(0, str(Path(__file__).parents[1] / "visualize"))


@pytest.fixture
def grounding():
    from handmade_grounding import grounding

    return grounding


class OneAnswer(ToySystem):
    """Answers every phrase with the same mask."""

    def __init__(self, mask):
        super().__init__(setting=int(mask.argmax()))
        self.mask = mask

    def segment_many(self, image, texts, *, proposals=None, answer="always"):
        import numpy as np

        from iterprime_xai.records import Proposals

        only = Proposals(self.mask[None], np.ones(1, np.float32), "one mask")
        return super().segment_many(image, texts, proposals=only, answer=answer)


RIGHT, WRONG = rectangle(2, 2, 6, 10), rectangle(10, 2, 14, 10)
"""The gold mask of every phrase of a `ToySet`, and one that shares no pixel with it."""

RUNS = {
    "mixed": (ToySystem(), {"count": 6, "missing": [4], "bad": [1]}),
    "right": (OneAnswer(RIGHT), {"count": 2}),
    "wrong": (OneAnswer(WRONG), {"count": 2}),
    "unlabelled": (OneAnswer(RIGHT), {"count": 2, "missing": [0, 1]}),
}


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory):
    """A run of :data:`RUNS` by its name, with its pictures; made once, to be read only."""
    import iterprime_xai as ix

    made = {}

    def of(name: str):
        if name not in made:
            system, how = RUNS[name]
            data = ToySet(**how)
            folder = tmp_path_factory.mktemp("runs") / name
            ix.evaluate(system, data, folder, detail="full", progress=False)
            made[name] = ix.read_run(folder, data)
        return made[name]

    return of


@pytest.fixture(scope="session")
def prepared():
    """A report notebook laid out once, by its name."""
    from iterprime_xai.reports.prepared import Prepared

    made = {}

    def of(name: str):
        if name not in made:
            made[name] = Prepared(name)
        return made[name]

    return of


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
