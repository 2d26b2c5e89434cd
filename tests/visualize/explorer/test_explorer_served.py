"""The notebook that is made for the explorer is a valid one, whatever the paths are, and servers are started as asked."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
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


def called(monkeypatch, ends=0, **options):
    """The exit status, and the command with which the server was started and what lay there then."""
    found = {}

    def started(command):
        folder, _, root = command[3].partition("--ServerApp.root_dir=")
        path = Path(root, "explore.ipynb") if root else Path(folder)
        found.update(command=command, path=path, content=path.read_text(encoding="utf-8"))
        return ends

    monkeypatch.setattr(served, "find_spec", lambda name: object())
    monkeypatch.setattr(served, "_until_it_ends", started)
    monkeypatch.setattr(served.os, "geteuid", lambda: 1000, raising=False)
    code = serve("é🦒", **({"voila": False, "browser": True, "port": None} | options))
    return code, found


def test_jupyterlab_leads_to_a_notebook_that_is_gone_afterwards(monkeypatch):
    code, found = called(monkeypatch)
    assert code == 0
    assert found["command"][:3] == [sys.executable, "-m", "jupyterlab"]
    assert found["command"][3:] == [
        f"--ServerApp.root_dir={found['path'].parent}",
        "--LabApp.default_url=/lab/tree/explore.ipynb",
    ]
    assert found["content"] == "é🦒"
    assert not found["path"].parent.exists()


def test_voila_a_port_and_no_browser_go_to_the_server(monkeypatch):
    code, found = called(monkeypatch, 3, voila=True, browser=False, port=8999)
    assert code == 3
    assert found["command"][1:] == ["-m", "voila", str(found["path"]), "--no-browser", "--port=8999"]


def test_root_is_let_in_since_containers_know_no_other_user(monkeypatch):
    monkeypatch.setattr(served.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(served, "find_spec", lambda name: object())
    commands = []
    monkeypatch.setattr(served, "_until_it_ends", lambda command: commands.append(command) or 0)
    serve("", voila=False, browser=True, port=None)
    assert "--ServerApp.allow_root=True" in commands[0]


def test_the_servers_status_is_given():
    assert served._until_it_ends([sys.executable, "-c", "raise SystemExit(7)"]) == 7


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_command_that_is_told_to_end_ends_its_server(tmp_path):
    told = tmp_path / "pid"
    server = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    served_by = "from iterprime_xai.visualize.explorer.served import _until_it_ends"
    code = f"{served_by}; _until_it_ends([{sys.executable!r}, '-c', {server!r}])"
    command = subprocess.Popen([sys.executable, "-c", code])
    end = time.monotonic() + 30
    while not (told.exists() and told.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    command.terminate()
    assert command.wait(20) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_a_server_that_is_not_installed_is_told_with_what_needs_none(monkeypatch):
    monkeypatch.setattr(served, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"voila is not installed.*--html FILE"):
        serve("", voila=True, browser=True, port=None)
