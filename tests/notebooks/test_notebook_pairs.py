"""Every report is a text file and its paired notebook, which say the same; no notebook in git holds outputs."""

from __future__ import annotations

import tomllib

import pytest

pytest.importorskip("jupytext")

import jupytext
import nbformat
from notebook_files import MASTERS, ROOT, SOURCES, loaded_from_elsewhere


def test_the_check_for_loaded_things_tells_inside_from_elsewhere():
    inside = '<img alt="x" src="data:image/png;base64,x"><a href="https://example.org">x</a><style>a {fill: url("#b")}</style>'
    assert loaded_from_elsewhere(inside) == []
    for tag in ('<img alt="x" src="dog.png">', "<script src='https://x/y.js'>", "<link rel=x href=//x/y.css>"):
        assert loaded_from_elsewhere(inside + tag) == [tag]
    assert loaded_from_elsewhere("a { background: url(https://x/y.png) }")


def test_the_wheel_carries_every_notebook_and_nothing_else():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    lessons = [f"tutorials/{folder}{path.stem}.ipynb" for path in MASTERS for folder in ("", "solutions/")]
    named = [*(path.relative_to(ROOT).with_suffix(".ipynb").as_posix() for path in SOURCES), *lessons]
    assert carried == {name: f"iterprime_xai/reports/{name}" for name in named}


def test_there_is_a_source_for_every_notebook():
    assert {path.stem for path in SOURCES} >= {"sample"}
    notebooks = {*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("tutorials/*.ipynb")}
    assert notebooks == {path.with_suffix(".ipynb") for path in (*SOURCES, *MASTERS)}


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def pair(request):
    return jupytext.read(request.param), nbformat.read(request.param.with_suffix(".ipynb"), as_version=4)


def test_both_say_the_same(pair):
    source, notebook = (
        [(each.cell_type, each.source, each.metadata.get("tags")) for each in one.cells] for one in pair
    )
    assert notebook == source, "run: jupytext --sync notebooks/*.py"
    for key in ("title", "iterprime_xai"):
        assert pair[1].metadata.get(key) == pair[0].metadata.get(key)


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("tutorials/**/*.ipynb")]), ids=lambda path: path.stem
)
def test_no_output_and_no_widget_state_is_committed(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert "widgets" not in notebook.metadata
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert notebook.metadata["title"]


def test_it_can_be_run_small(pair):
    from iterprime_xai.reports.parameters import schema

    found = schema(pair[1])
    assert found["smoke"].types == ("bool",)
    assert found["limit"].types == ("int",)
    assert all(each.help for each in found.values())


def test_the_sample_report_can_be_asked_for_everything_by_name():
    from iterprime_xai.reports import parameters_of

    found = {each.name: each for each in parameters_of("sample")}
    assert list(found) == ["image", "phrase", "model", "recipe", "layer", "run", "sample", "smoke", "limit"]
    assert found["layer"].types == ("int", "None")
    assert found["model"].default == "tiny"
