"""The notebook that is made for the explorer is a valid one, whatever the paths are, and servers are started as asked."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

from iterprime_xai.records import MissingExtraError
from iterprime_xai.visualize.explorer import served
from iterprime_xai.visualize.explorer.served import notebook, serve

PATHS = (
    "/runs/a",
    '/it\'s "quoted"',
    "C:\\runs\\new\\table",
    "/läufe/走行 🦒\u2028",
    "/half \udce9",
    "/{braces} % $x\n",
)


def call_of(content: str) -> ast.Call:
    found = json.loads(content)
    call = ast.parse("".join(found["cells"][1]["source"])).body[-1].value
    assert ast.unparse(call.func) == "ix.explore"
    return call


@pytest.mark.parametrize("path", PATHS)
def test_paths_come_through_as_they_are(path):
    call = call_of(notebook(Path(path), Path(path + "2"), 0.75))
    assert [each.value for each in call.args] == [str(Path(path)), str(Path(path + "2"))]
    assert {each.arg: each.value.value for each in call.keywords} == {"threshold": 0.75}
    notebook(Path(path)).encode("utf-8")  # as it is written


def test_what_was_not_given_is_not_said():
    call = call_of(notebook(Path("/runs/a")))
    assert len(call.args) == 1
    assert call.keywords == []


def test_it_is_a_valid_notebook():
    nbformat = pytest.importorskip("nbformat")
    for path in PATHS:
        found = nbformat.reads(notebook(Path(path)), as_version=4)
        nbformat.validate(found)
        assert [cell.cell_type for cell in found.cells] == ["markdown", "code"]


class Call:
    """Stands in for the server: keeps the command, and looks at the notebook while it is there."""

    def __init__(self, ends):
        self.ends = ends

    def __call__(self, command):
        self.command, self.path = command, Path(command[3])
        self.content = self.path.read_text(encoding="utf-8")
        if isinstance(self.ends, BaseException):
            raise self.ends
        return self.ends


def called(monkeypatch, ends=0, **options):
    call = Call(ends)
    monkeypatch.setattr(served, "find_spec", lambda name: object())
    monkeypatch.setattr(served.subprocess, "call", call)
    code = serve("é🦒", **({"voila": False, "browser": True, "port": None} | options))
    return code, call


def test_jupyterlab_is_opened_with_a_notebook_that_is_gone_afterwards(monkeypatch):
    code, call = called(monkeypatch)
    assert code == 0
    assert call.command == [sys.executable, "-m", "jupyterlab", str(call.path)]
    assert call.content == "é🦒"
    assert not call.path.parent.exists()


def test_voila_a_port_and_no_browser_go_to_the_server(monkeypatch):
    code, call = called(monkeypatch, 3, voila=True, browser=False, port=8999, options=["--debug"])
    assert code == 3
    assert call.command[1:] == ["-m", "voila", str(call.path), "--debug", "--no-browser", "--port=8999"]


def test_an_interrupt_ends_it_and_nothing_is_left(monkeypatch):
    code, call = called(monkeypatch, KeyboardInterrupt())
    assert code == 130
    assert not call.path.parent.exists()


def test_a_server_that_is_not_installed_is_told_with_what_needs_none(monkeypatch):
    monkeypatch.setattr(served, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"voila is not installed.*--html FILE"):
        serve("", voila=True, browser=True, port=None)
