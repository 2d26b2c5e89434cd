"""A notebook opened in JupyterLab, and what its page has sent to the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

SLOW = 60_000
"""Milliseconds to wait for a kernel to start on a busy machine."""


def write_notebook(folder: Path, name: str, code: str) -> Path:
    """A notebook of one cell."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code, id=name)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def executed(path: Path, environment: dict[str, str]) -> Any:
    """A notebook run in its folder, as JupyterLab saves it: without the state of widgets."""
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    nbclient.NotebookClient(notebook, timeout=180, store_widget_state=False, resources=where).execute(env=environment)
    return notebook


def export_of(notebook: Any, folder: Path) -> Path:
    """The page that nbconvert makes of a notebook."""
    html, _ = pytest.importorskip("nbconvert").HTMLExporter().from_notebook_node(notebook)
    path = folder / "export.html"
    path.write_text(html, encoding="utf-8")
    return path


class LabPage:
    """A page on a notebook whose first cell has been run; ``sent`` are the messages to the kernel since the page was opened."""

    def __init__(self, chromium: Any, address: str, width: int = 1000, height: int = 1150) -> None:
        self.page = chromium.new_page(viewport={"width": width, "height": height})
        self.sent: list[str] = []
        self.errors: list[str] = []
        self.page.on("websocket", self._listen)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.address = address

    def _listen(self, socket: Any) -> None:
        if "/api/kernels/" in socket.url:
            socket.on("framesent", lambda payload: self.sent.append(str(payload)[:300]))

    def run(self, name: str, shown: str) -> None:
        """Open a notebook, run its first cell, and wait until an element that matches ``shown`` is there and the kernel idle."""
        self.page.goto(f"{self.address}/doc/tree/{name}.ipynb?reset", wait_until="domcontentloaded")
        self.idle()
        self.page.locator(".jp-CodeCell .cm-content").first.click()
        self.page.keyboard.press("Shift+Enter")
        self.page.locator(shown).first.wait_for(timeout=SLOW)
        self.idle()
        self.page.wait_for_timeout(1500)
        assert self.sent, "the page should have spoken to the kernel to run the cell; is the listener attached?"

    def idle(self) -> None:
        self.page.get_by_text("| Idle").wait_for(timeout=SLOW)

    def close(self) -> None:
        self.page.close()
