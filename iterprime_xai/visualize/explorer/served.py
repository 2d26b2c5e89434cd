"""The explorer outside a notebook: a notebook made for it, opened in JupyterLab or shown as a Voila page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from iterprime_xai.records.errors import MissingExtraError

PATIENCE = 10
"""Seconds that a server has for its end."""

INTRODUCTION = "Run the cell below (Shift+Enter). `?` in the explorer lists its keys."


def notebook(run: Path, against: Path | None = None, threshold: float = 0.5) -> str:
    """A notebook with one cell that explores a run, as JSON text."""
    given = [repr(str(run))]
    if against is not None:
        given.append(repr(str(against)))
    if threshold != 0.5:
        given.append(f"threshold={threshold!r}")
    code = f"import iterprime_xai as ix\n\nix.explore({', '.join(given)})"
    cells = [
        {"cell_type": "markdown", "id": "keys", "metadata": {}, "source": INTRODUCTION},
        {"cell_type": "code", "id": "explore", "metadata": {}, "execution_count": None, "outputs": [], "source": code},
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def serve(content: str, *, voila: bool, browser: bool, port: int | None) -> int:
    """Open a notebook in JupyterLab, or as a Voila page, until the user stops it; gives the server's exit status.

    The notebook lies in a folder of its own, which is removed at the end: a copy is saved with JupyterLab's "Save as".

    Raises ``MissingExtraError`` where the server is not installed.
    """
    module = "voila" if voila else "jupyterlab"
    if find_spec(module) is None:
        raise MissingExtraError(
            f'{module} is not installed; run pip install "iterprime-xai[notebook]". '
            "`iterprime-xai explore RUN --html FILE` writes a page that needs neither."
        )
    with tempfile.TemporaryDirectory(prefix="iterprime-xai-") as folder:
        path = Path(folder, "explore.ipynb")
        path.write_text(content, encoding="utf-8")
        command = [sys.executable, "-m", module]
        if voila:
            command.append(str(path))
        else:  # the address that is printed leads to the notebook, whoever opens it
            command += [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{path.name}"]
        if getattr(os, "geteuid", lambda: 1)() == 0:  # in a container; the server listens on this machine alone
            command.append("--ServerApp.allow_root=True")
        if not browser:
            command.append("--no-browser")
        if port is not None:
            command.append(f"--port={port}")
        return _until_it_ends(command)


def _until_it_ends(command: list[str]) -> int:
    """Run a server. Ctrl-C is the server's to answer (it asks first); when this process is told to end, so is the server."""
    process = subprocess.Popen(command)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        while True:
            with suppress(KeyboardInterrupt):
                return process.wait()
    finally:
        signal.signal(signal.SIGTERM, before)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:  # with a page open, JupyterLab may wait for it
                process.kill()
                process.wait()
