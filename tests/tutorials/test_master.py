"""One master gives two notebooks, always the same."""

from __future__ import annotations

import pytest

pytest.importorskip("jupytext")

import nbformat

from iterprime_xai.tutorials.master import build, read_master, solved, student

MASTER = """# ---
# jupyter:
#   iterprime_xai:
#     lesson: '42'
#   jupytext:
#     notebook_metadata_filter: iterprime_xai,title
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: A lesson
# ---

# %% [markdown]
# # A lesson

# %% tags=["exercise"]
answer = ...

# %% tags=["solution"]
answer = 6

# %% [markdown] tags=["solution"]
# Because 2 times 3.

# %%
check(answer)
"""


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "42_a_lesson.py"
    place.write_text(MASTER, encoding="utf-8")
    return place


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_students_get_the_open_form_and_teachers_the_solution(path):
    master = read_master(path)
    assert sources(student(master)) == ["# A lesson", "answer = ...", "check(answer)"]
    assert sources(solved(master)) == ["# A lesson", "answer = 6", "Because 2 times 3.", "check(answer)"]


def test_links_of_the_solved_notebook_lead_to_the_same_files(path):
    path.write_text(MASTER.replace("Because", "[Because](../docs/data.md)"), encoding="utf-8")
    assert "[Because](../../docs/data.md) 2 times 3." in sources(solved(read_master(path)))


def test_both_files_are_written_and_are_the_same_every_time(path):
    places = build(path)
    assert [place.relative_to(path.parent).as_posix() for place in places] == [
        "42_a_lesson.ipynb",
        "solutions/42_a_lesson.ipynb",
    ]
    first = [place.read_bytes() for place in places]
    assert [place.read_bytes() for place in build(path)] == first
    notebook = nbformat.read(places[0], as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata["title"] == "A lesson"
    assert notebook.metadata["iterprime_xai"]["lesson"] == "42"
    assert "jupytext" not in notebook.metadata
