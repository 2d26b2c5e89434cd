"""Pages of many samples: which are chosen, what is kept, and what is told of those that failed."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from types import MappingProxyType

import pytest

from iterprime_xai.evaluation.failures import failure_table
from iterprime_xai.records import IterprimeError, OptionError, PhraseError, ReportError, StorageError
from iterprime_xai.reports import many_samples, prepared, sample_pages
from iterprime_xai.reports.page_names import page_names

pytest.importorskip("papermill")


@pytest.fixture
def made(monkeypatch):
    """Pages by a stand-in for `Prepared`, which notes the samples that it was asked for."""

    class Made(list):
        broken = MappingProxyType({})

    asked = Made()

    class Stand:
        def __init__(self, name):
            assert name == "sample"

        def html(self, given, *, title, stamp):
            asked.append(given["sample"])
            if given["sample"] in asked.broken:
                raise asked.broken[given["sample"]]
            return f'<meta name="iterprime-xai-stamp" content="{stamp}"><title>{title}</title>{given["limit"]}'

    monkeypatch.setattr(prepared, "Prepared", Stand)
    return asked


@pytest.fixture
def lines(toy_run):
    return failure_table(toy_run("mixed")).rows.to_pylist()


def pages(run, which, out, **how):
    return sample_pages(run.path, which, out, jobs=1, **how)


def test_the_lowest_iou_comes_first_and_what_is_right_or_not_known_is_no_failure(toy_run, made, tmp_path, monkeypatch):
    from made_failures import line, table

    from iterprime_xai.evaluation import failures

    phrases = table(
        line(0, "scattered", 0.3),
        line(1, "part_only", 0.1),
        line(2, "right", 0.6),
        line(3, "unlabelled", None),
        line(4, "error", 0.0),
        line(5, "scattered", 0.2),
    )
    monkeypatch.setattr(failures, "failure_table", lambda run: phrases)
    pages(toy_run("mixed"), "worst:2", tmp_path)
    assert made == ["s1", "s5"]


def test_each_failure_has_a_page_and_a_line_with_its_link(toy_run, made, lines, tmp_path):
    failed = [each for each in lines if each["type"] not in ("right", "unlabelled", "error")]
    expected = [each["sample_id"] for each in sorted(failed, key=lambda each: each["iou"])]
    index = pages(toy_run("mixed"), "worst:99", tmp_path)
    assert made == expected
    text = index.read_text(encoding="utf-8")
    assert f"{len(expected)} samples of the run mixed (worst:99): {len(expected)} pages were made, 0 were there" in text
    assert toy_run("mixed").key in text
    names = page_names(expected)
    for name in expected:
        assert f'href="{names[name]}"' in text
        assert "<title>left thing" in (tmp_path / names[name]).read_text(encoding="utf-8")
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([*names.values(), "index.html"])


def test_the_first_are_in_the_runs_order_and_random_ones_are_the_same_each_time(toy_run, made, lines, tmp_path):
    pages(toy_run("mixed"), "first:3", tmp_path / "a")
    assert made == [each["sample_id"] for each in lines[:3]]
    made.clear()
    pages(toy_run("mixed"), "random:4", tmp_path / "b")
    drawn = list(made)
    assert len(set(drawn)) == 4
    made.clear()
    pages(toy_run("mixed"), "random:4", tmp_path / "c")
    assert made == drawn


def test_pages_that_are_there_are_kept_until_something_else_is_asked(toy_run, made, tmp_path):
    pages(toy_run("mixed"), "first:2", tmp_path)
    made.clear()
    index = pages(toy_run("mixed"), "first:3", tmp_path)
    assert made == ["1-0"]
    assert "1 pages were made, 2 were there already, 0 failed." in index.read_text(encoding="utf-8")
    pages(toy_run("mixed"), "first:3", tmp_path, limit=2)
    assert made == ["1-0", "0-0", "0-1", "1-0"]


@pytest.mark.parametrize("error", [PhraseError("It <b>stopped</b>."), OSError("gone"), ZeroDivisionError("a bug")])
def test_pages_that_fail_are_told_once_and_the_others_are_there(toy_run, made, tmp_path, error):
    made.broken = {"0-1": error}
    with pytest.raises(ReportError, match=r"1 of 3 pages were not made; .*index\.html says which\. The first: "):
        pages(toy_run("mixed"), "first:3", tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["0-0.html", "1-0.html", "index.html"]
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert 'href="0-1.html"' not in text
    assert "<b>stopped" not in text
    made.clear()
    made.broken = {}
    pages(toy_run("mixed"), "first:3", tmp_path)
    assert made == ["0-1"]


def test_where_a_process_ends_the_index_says_which_pages_there_are(toy_run, made, tmp_path, monkeypatch):
    class Dying:
        def __init__(self, prepare, workers):
            self.prepare = prepare

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def each(self, work, tasks):
            yield work(self.prepare(), tasks[0])
            raise IterprimeError("One of 2 worker processes ended.") from BrokenProcessPool()

    monkeypatch.setattr(many_samples, "Crew", Dying)
    with pytest.raises(
        ReportError, match=r"2 of 3 pages were not made; .* The first: One of 2 worker processes ended\."
    ):
        pages(toy_run("mixed"), "first:3", tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert text.count("One of 2 worker processes ended.") == 2
    assert text.count('href="') == 1
    assert len(made) == 1


@pytest.mark.parametrize("which", ["", "worst", "worst:0", "best:3", "worst:-1", "worst:1.5", "worst:3:4", "first: 3"])
def test_what_cannot_be_chosen_is_refused_and_nothing_is_written(toy_run, made, tmp_path, which):
    with pytest.raises(OptionError, match="worst:N, first:N, random:N with N of at least 1, but got"):
        pages(toy_run("mixed"), which, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_in_which_nothing_failed_has_no_worst(toy_run, made, tmp_path):
    with pytest.raises(OptionError, match="right has no failures to show"):
        pages(toy_run("right"), "worst:3", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("limit", ["three", 2.5, None])
def test_a_limit_that_is_no_number_is_refused_once_and_before_anything(toy_run, made, tmp_path, limit):
    with pytest.raises(OptionError, match="parameter limit should be a whole number"):
        pages(toy_run("mixed"), "first:3", tmp_path / "out", limit=limit)
    assert made == []
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_error(toy_run, made, tmp_path, monkeypatch):
    import errno
    import os

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StorageError, match=r"Cannot write .*: No space left on device\. Free some space"):
        pages(toy_run("mixed"), "first:3", tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(made) == 1  # the next would fail as well


def test_samples_whose_picture_is_gone_are_told(toy_run, tmp_path):
    with pytest.raises(
        ReportError, match=r"2 of 2 pages were not made; .*The first: There is nothing to show of '0-0'"
    ):
        pages(toy_run("right"), "first:2", tmp_path)  # a toy's pictures are in memory only


def test_progress_is_a_line_on_stderr_where_asked(toy_run, made, tmp_path, capsys):
    pages(toy_run("mixed"), "first:2", tmp_path, progress=True)
    assert capsys.readouterr().err.endswith("2 of 2 pages\n")
    pages(toy_run("mixed"), "first:2", tmp_path / "b", progress=False)
    assert capsys.readouterr().err == ""
