"""Data sets by name."""

from __future__ import annotations

import re

import pytest

from iterprime_xai.data.sources import data_names, open_data
from iterprime_xai.records import OptionError


def test_scenes_are_opened_by_name_with_their_options() -> None:
    data = open_data("scenes:testB", seed=4, count=7)
    assert data.name == "scenes:testB"
    assert data.describe() == {"data": "scenes", "split": "testB", "count": 7, "seed": 4, "size": 336}
    assert sum(len(entry.sample_ids) for entry in data.pictures()) == 7
    assert open_data("scenes:val").describe()["count"] == 2000


def test_names_that_do_not_exist_are_answered_with_the_nearest_and_all_forms() -> None:
    for spec, message in [
        ("scene:val", "did you mean 'scenes'"),
        ("scenes", "Expected scenes:SPLIT"),
        ("scenes:", "Expected scenes:SPLIT"),
        ("scenes@unc:val", "Known are scenes:SPLIT, refcoco"),
        ("scenes:tesA", "did you mean 'testA'"),
        ("", "Expected a data set such as"),
        ("phrasecut:val", "needs root="),
    ]:
        with pytest.raises(OptionError, match=message):
            open_data(spec)
    assert "folder:PATH" in data_names()


def test_a_bare_path_is_answered_with_how_it_is_named(tmp_path) -> None:
    (tmp_path / "mine.csv").touch()
    (tmp_path / "mine.jsonl").touch()
    for path, message in [
        (tmp_path, f"which is a folder: write folder:{tmp_path}"),
        (tmp_path / "mine.csv", f"which is a file: write csv:{tmp_path}"),
        (tmp_path / "mine.jsonl", f"which is a file: write jsonl:{tmp_path}"),
    ]:
        with pytest.raises(OptionError, match=re.escape(message)):
            open_data(str(path))
    with pytest.raises(OptionError) as error:
        open_data(str(tmp_path / "none.csv"))
    assert "which is" not in str(error.value)
