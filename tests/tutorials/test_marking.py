"""A class's notebooks become one table a lesson, whatever a student's code does."""

from __future__ import annotations

import csv
import io

import pytest

pytest.importorskip("nbformat")

import nbformat
from nbformat import v4

from iterprime_xai.records import OptionError
from iterprime_xai.tutorials.exercise import MIME
from iterprime_xai.tutorials.marking import mark

CHECK = """
from iterprime_xai.tutorials.exercise import exercise, expect, result_of
@exercise("2.{number}", "Right.")
def check(function):
    expect(result_of(function, 3) == 6, "Not doubled.")
check({answer})
"""


def write(path, *cells, lesson="02"):
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [cell if not isinstance(cell, str) else v4.new_code_cell(cell) for cell in cells]
    metadata = {"iterprime_xai": {"lesson": lesson}} if lesson else {}
    nbformat.write(v4.new_notebook(cells=made, metadata=metadata), path)


def judged(number, status):
    output = v4.new_output("display_data", {MIME: {"exercise": number, "status": status, "sentence": "x"}})
    return v4.new_code_cell("check(x)", outputs=[output])


def test_what_is_saved_is_read_by_student_and_exercise(tmp_path):
    write(tmp_path / "ada" / "my copy.ipynb", judged("2.1", "passed"), judged("2.10", "wrong"), judged("2.2", "open"))
    write(tmp_path / "ben" / "02.ipynb", judged("2.1", "wrong"), judged("2.1", "passed"))
    write(tmp_path / "ben" / "other.ipynb", judged("2.1", "passed"), lesson="")
    (tmp_path / "ben" / "broken.ipynb").write_text("{", encoding="utf-8")
    found = mark(tmp_path, saved=True)
    assert [(row.student, row.passed, row.statuses) for row in found.rows] == [
        ("ada", 1, {"2.1": "passed", "2.10": "wrong", "2.2": "open"}),
        ("ben", 1, {"2.1": "passed"}),
    ]
    lines = str(found).splitlines()
    assert lines[0] == "Lesson 02"
    assert lines[1].split() == ["2.1", "2.2", "2.10", "passed"]
    assert lines[2].split() == ["ada", "✓", "…", "✗", "1", "of", "3"]
    assert lines[3].split() == ["ben", "✓", "-", "-", "1", "of", "3"]
    rows = list(csv.DictReader(io.StringIO(found.csv())))
    assert len(rows) == 6
    assert {row["status"] for row in rows if row["student"] == "ben"} == {"passed", "not run"}


@pytest.mark.notebook
def test_notebooks_are_run_to_their_ends_and_saved_verdicts_do_not_count(tmp_path):
    right, wrong = CHECK.format(number=1, answer="lambda x: 2 * x"), CHECK.format(number=2, answer="lambda x: x")
    write(tmp_path / "ada.ipynb", right, "1 / 0", wrong)
    write(tmp_path / "ben.ipynb", judged("2.1", "passed"))
    found = {row.student: row for row in mark(tmp_path).rows}
    assert found["ada"].statuses == {"2.1": "passed", "2.2": "wrong"}
    assert found["ada"].problem.startswith("ZeroDivisionError")
    assert found["ben"].statuses == {}
    assert found["ben"].problem.startswith("NameError")


def test_a_folder_without_lessons_says_what_to_do(tmp_path):
    with pytest.raises(OptionError, match="tutorials copy"):
        mark(tmp_path)
    with pytest.raises(OptionError, match="is no folder"):
        mark(tmp_path / "nowhere")
