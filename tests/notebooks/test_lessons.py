"""Every lesson: what it has, and that its exercises are open before and passed after the solution is put in."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("papermill")
pytest.importorskip("jupytext")

import nbformat
from notebook_files import MASTERS, MOST_BYTES, ROOT, errors, loaded_from_elsewhere, pictures

from iterprime_xai.reports import engine, page
from iterprime_xai.tutorials.exercise import MIME
from iterprime_xai.tutorials.master import read_master, solved, student

SECTIONS = ("## What you have learned", "## References")


@pytest.fixture(params=MASTERS, ids=lambda path: path.stem)
def master(request):
    return request.param


def prose(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def verdicts(notebook) -> dict[str, str]:
    """What each exercise's check said: number -> status."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    found = [output.data[MIME] for output in outputs if MIME in output.get("data", {})]
    return {each["exercise"]: each["status"] for each in found}


def asked(notebook) -> list[str]:
    """The numbers of the exercises, as the headings say them."""
    return re.findall(r"^\*\*Exercise (\d+\.\d+)[.:]", prose(notebook), re.MULTILINE)


def run(notebook, smoke: bool):
    return engine.execute(notebook, {"smoke": smoke}, progress=False, cell_timeout=900, keep={})


def test_it_says_what_it_teaches_how_long_it_takes_and_what_was_learned(master):
    text = prose(read_master(master))
    number = master.stem[:2]
    assert re.search(r"After this lesson you can", text)
    assert re.search(r"[Aa]bout (\d+) minutes", text)
    assert [heading for heading in SECTIONS if heading not in text] == []
    assert read_master(master).metadata["iterprime_xai"]["lesson"] == number
    assert read_master(master).metadata["title"]
    assert len(asked(read_master(master))) >= 3
    assert all(each.split(".")[0] == str(int(number)) for each in asked(read_master(master)))


def test_the_student_predicts_before_running(master):
    cells = student(read_master(master)).cells
    questions = [index for index, cell in enumerate(cells) if "**Before you run.**" in cell.source]
    assert len(questions) >= 4
    assert all(cells[index + 1].cell_type == "code" for index in questions)


def test_the_students_notebook_holds_no_solution(master):
    for cell in student(read_master(master)).cells:
        assert "solution" not in cell.metadata.get("tags", ())
    assert any("exercise" in cell.metadata.get("tags", ()) for cell in student(read_master(master)).cells)
    assert not any("exercise" in cell.metadata.get("tags", ()) for cell in solved(read_master(master)).cells)


def test_the_notebooks_beside_the_master_are_built_from_it(master):
    for folder, made in (("tutorials", student), ("tutorials/solutions", solved)):
        found = nbformat.read(ROOT / folder / f"{master.stem}.ipynb", as_version=4)
        assert found == made(read_master(master)), f"run: python -m iterprime_xai.tutorials.master {master.name}"


@pytest.mark.notebook
def test_as_handed_out_every_exercise_is_open_and_the_page_is_whole(master, full):
    done = run(student(read_master(master)), smoke=not full)
    assert errors(done) == []
    numbers = asked(done)
    assert verdicts(done) == dict.fromkeys(numbers, "open")
    html = page.to_html(done, title=done.metadata["title"], code="shown", folder=master.parent)
    assert len(html.encode()) < MOST_BYTES
    assert loaded_from_elsewhere(html) == []
    assert len(pictures(html)) >= 4
    assert not re.search(r"<img[^>]+alt=(?:\"\"|\"figure\"|\"No description)", html)


@pytest.mark.notebook
def test_with_the_solutions_put_in_every_exercise_is_passed(master, full):
    done = run(solved(read_master(master)), smoke=not full)
    assert errors(done) == []
    assert verdicts(done) == dict.fromkeys(asked(done), "passed")
