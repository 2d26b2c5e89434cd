"""``explore`` as a person runs it."""

from __future__ import annotations

import json
import re

import pytest
from run_stand_ins import ToySet, ToySystem
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai import cli
from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.visualize.explorer import served


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["explore", *(str(each) for each in arguments)])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "it's a run"
    ix.evaluate(ToySystem(), ToySet(4), out)
    return out


@pytest.fixture
def started(monkeypatch):
    found = []
    monkeypatch.setattr(served, "serve", lambda content, **options: found.append((content, options)) or 0)
    return found


def test_a_page_is_written_and_nothing_is_started(run, tmp_path, started):
    page = tmp_path / "page.html"
    found = invoke(run, "--html", page, "--most", 3)
    assert found.exit_code == 0, found.output
    assert found.output == f"wrote {page}\n"
    data = re.findall(r'id="content">(.*?)</script', page.read_text("utf-8"), re.DOTALL)
    assert len(json.loads(data[0])["lines"]) == 3
    assert started == []


def test_a_page_of_no_phrases_is_refused_and_not_written(run, tmp_path):
    page = tmp_path / "page.html"
    found = invoke(run, "--html", page, "--most", 0)
    assert isinstance(found.exception, OptionError)
    assert "at least one phrase" in str(found.exception)
    assert not page.exists()


def test_a_page_that_cannot_be_written_is_told(run, tmp_path):
    (tmp_path / "file").write_text("")
    found = invoke(run, "--html", tmp_path / "file" / "page.html")
    assert isinstance(found.exception, StorageError)


def test_the_notebook_holds_whole_paths_and_what_was_asked(run, started, monkeypatch):
    monkeypatch.chdir(run.parent)
    found = invoke(run.name, "--against", run.name, "--threshold", 0.7, "--voila", "--no-browser", "--port", 8123)
    assert found.exit_code == 0, found.output
    ((content, options),) = started
    assert options == {"voila": True, "browser": False, "port": 8123}
    source = "".join(json.loads(content)["cells"][1]["source"])
    assert source.splitlines()[-1] == f"ix.explore({str(run)!r}, {str(run)!r}, threshold=0.7)"


def test_the_servers_exit_status_is_the_commands(run, monkeypatch):
    monkeypatch.setattr(served, "serve", lambda *_, **__: 7)
    assert invoke(run).exit_code == 7


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["nowhere"], "is no run: there is no folder"), (["."], "no manifest.json in it")],
)
def test_what_is_no_run_is_told_before_anything_is_started(arguments, told, started, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = invoke(*arguments)
    assert isinstance(found.exception, StorageError)
    assert told in str(found.exception)
    assert started == []


def test_a_run_without_rows_is_told(tmp_path, started):
    ix.evaluate(ToySystem(), ToySet(4), tmp_path / "run")
    for part in (tmp_path / "run" / "parts").iterdir():
        part.unlink()
    found = invoke(tmp_path / "run")
    assert isinstance(found.exception, StorageError)
    assert "has no rows yet: nothing to explore" in str(found.exception)
    assert started == []


def test_a_threshold_out_of_range_is_told(run, started):
    found = invoke(run, "--threshold", 1.5)
    assert isinstance(found.exception, OptionError)
    assert "above 0 and at most 1" in str(found.exception)
    assert started == []
