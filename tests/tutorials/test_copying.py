"""Lessons are copied, and nobody's work is written over."""

from __future__ import annotations

import pytest

from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.tutorials.copying import copy_lessons, lessons


def test_all_lessons_are_copied_and_a_second_time_nothing_is_written(tmp_path):
    written = copy_lessons(tmp_path / "course")
    assert [path.stem for path in written] == list(lessons())
    assert copy_lessons(tmp_path / "course") == []


@pytest.mark.parametrize("asked", ["1", "01", "01_what_does_the_model_look_at"])
def test_one_lesson_is_found_by_its_number_or_name(tmp_path, asked):
    assert [path.name[:3] for path in copy_lessons(tmp_path, [asked])] == ["01_"]


def test_links_to_files_that_do_not_come_along_become_their_names(tmp_path):
    copy_lessons(tmp_path, solutions=True)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.ipynb"))
    assert "](../" not in text
    assert "(`docs/methods/gradcam.md`)" in text


def test_solutions_come_in_a_folder_of_their_own(tmp_path):
    copy_lessons(tmp_path, ["1"], solutions=True)
    assert [path.name[:3] for path in (tmp_path / "solutions").iterdir()] == ["01_"]


def test_a_notebook_that_was_worked_on_stays_as_it_is_and_nothing_else_is_written(tmp_path):
    (path,) = copy_lessons(tmp_path, ["1"])
    path.write_text("my answers", encoding="utf-8")
    with pytest.raises(StorageError, match="is there already and differs"):
        copy_lessons(tmp_path)
    assert path.read_text(encoding="utf-8") == "my answers"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lesson_that_there_is_not_is_told_with_the_nearest(tmp_path):
    with pytest.raises(OptionError, match="Did you mean '01_what"):
        copy_lessons(tmp_path, ["what_does_the_model_look"])
    with pytest.raises(OptionError, match="no lesson '77'"):
        copy_lessons(tmp_path, ["77"])
