"""The first tutorial, executed whole, with the solutions of its exercises."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("papermill")

import nbformat
from nbformat import v4
from notebook_files import MOST_BYTES, ROOT, errors, loaded_from_elsewhere, pictures

from iterprime_xai.reports import run

NAME = "01_what_does_the_model_look_at"


@pytest.fixture(scope="module")
def lesson():
    return nbformat.read(ROOT / "tutorials" / f"{NAME}.ipynb", as_version=4)


def solutions(lesson) -> list[str]:
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    folded = re.findall(r"<details><summary>Solution</summary>(.*?)</details>", text, re.DOTALL)
    return ["\n".join(re.findall(r"```python\n(.*?)```", each, re.DOTALL)) for each in folded]


def test_every_exercise_has_a_folded_solution(lesson):
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    exercises = re.findall(r"^\*\*\d\. ", text, re.MULTILINE)
    assert len(exercises) == len(solutions(lesson)) >= 4
    assert all(code.strip() for code in solutions(lesson))


def test_the_student_predicts_before_running(lesson):
    asked = [index for index, cell in enumerate(lesson.cells) if "**Before you run.**" in cell.source]
    assert len(asked) >= 6
    assert all(lesson.cells[index + 1].cell_type == "code" for index in asked)


@pytest.mark.notebook
def test_the_lesson_runs_to_its_end_as_a_page_with_its_code_shown(tmp_path):
    out = run(NAME, {"smoke": True}, tmp_path / "lesson.html")
    page = out.read_text(encoding="utf-8")
    assert out.stat().st_size < MOST_BYTES
    assert loaded_from_elsewhere(page) == []
    assert "<title>What does the model look at?</title>" in page
    assert len(pictures(page)) >= 10
    assert not re.search(r"<img[^>]+alt=(?:\"\"|\"figure\"|\"No description)", page)
    assert '<details class="code" open' in page
    assert page.count("<summary>Solution</summary>") >= 4
    assert "they agree" in page
    assert "Traceback (most" not in page


@pytest.mark.notebook
def test_the_solutions_run_after_the_lesson(tmp_path, lesson):
    cells = [*lesson.cells, *(v4.new_code_cell(code) for code in solutions(lesson))]
    path = tmp_path / "with_solutions.ipynb"
    nbformat.write(v4.new_notebook(cells=cells, metadata=lesson.metadata), path)
    done = nbformat.read(run(path, {"smoke": True}, tmp_path / "done.ipynb"), as_version=4)
    assert errors(done) == []
    assert all(cell.outputs for cell in done.cells[-len(solutions(lesson)) :])
