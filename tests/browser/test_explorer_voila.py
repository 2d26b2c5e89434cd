"""The failure explorer as a Voila page, and as one exported file without kernel and network."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_page import SLOW
from PIL import Image
from servers import free_port, serving

import iterprime_xai as ix
from iterprime_xai.visualize.explorer.explorer_page import explorer_page
from iterprime_xai.visualize.explorer.served import notebook
from iterprime_xai.visualize.explorer.session import Session

pytestmark = pytest.mark.browser

PIXELS = "canvas => canvas.toDataURL()"
HOSTILE = '</script><img src=x onerror="window.broken = 1"> 🦒 \u202egnihton'


@pytest.fixture(scope="module")
def voila(explored_runs: Path, jupyter_environment: dict[str, str]) -> Iterator[str]:
    """The address of a Voila page on the explorer, as ``iterprime-xai explore RUN --voila`` starts it."""
    pytest.importorskip("voila")
    port = free_port()
    path = explored_runs / "voila.ipynb"
    path.write_text(notebook(explored_runs / "run-a", explored_runs / "run-b"), encoding="utf-8")
    command = [sys.executable, "-m", "voila", str(path), f"--port={port}", "--no-browser", "--Voila.ip=127.0.0.1"]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        command.append("--ServerApp.allow_root=True")
    with serving(command, port, jupyter_environment, explored_runs / "voila.log") as address:
        yield address


def test_the_voila_page_opens_filters_steps_and_takes_a_note(
    chromium: Any, voila: str, explored_runs: Path, keep_screenshot: Any
) -> None:
    page = chromium.new_page(viewport={"width": 1500, "height": 1300})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        page.goto(voila, wait_until="domcontentloaded", timeout=SLOW)
        page.locator(".ixe-look .ixw-canvas").first.wait_for(timeout=SLOW)
        page.wait_for_timeout(1500)
        kind = page.locator(".ixe-type").first
        held = int(kind.locator("b").inner_text())
        kind.click()
        page.locator(f".ixe-count:text-matches('^{held} of')").wait_for(timeout=SLOW)
        kind.click()
        page.locator(".ixe-count:text-matches('^30 of')").wait_for(timeout=SLOW)
        first = page.locator(".ixe-line[aria-current]").get_attribute("data-id")
        before = page.locator(".ixe-look .ixw-canvas").first.evaluate(PIXELS)
        page.locator(".ixe").focus()
        page.keyboard.press("j")
        page.locator(f".ixe-line[aria-current]:not([data-id='{first}'])").wait_for(timeout=SLOW)
        page.wait_for_timeout(400)
        assert page.locator(".ixe-look .ixw-canvas").first.evaluate(PIXELS) != before
        page.get_by_label("Note", exact=True).fill("seen in Voila")
        page.locator(".ixe-notes").get_by_text("saved", exact=True).wait_for(timeout=SLOW)
        assert any("seen in Voila" in path.read_text("utf-8") for path in explored_runs.glob("run-a/notes/*.jsonl"))
        slider = page.locator(".ixe-look").first.get_by_label("Opacity", exact=True)
        shown = page.locator(".ixe-look .ixw-canvas").first.evaluate(PIXELS)
        slider.fill("0.2")
        assert page.locator(".ixe-look .ixw-canvas").first.evaluate(PIXELS) != shown
        keep_screenshot(page, "explorer-voila")
        assert errors == []
    finally:
        page.close()


def test_the_command_leads_to_the_notebook_in_jupyterlab_and_ends_its_server(
    chromium: Any, explored_runs: Path, jupyter_environment: dict[str, str]
) -> None:
    port, log = free_port(), explored_runs / "command.log"
    command = [
        *(sys.executable, "-m", "iterprime_xai", "explore", str(explored_runs / "run-a")),
        "--no-browser",
        f"--port={port}",
    ]
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    try:
        with serving(command, port, jupyter_environment, log):
            for _ in range(100):
                found = re.search(r"http://127\.0\.0\.1:\S+", log.read_text("utf-8"))
                if found:
                    break
                page.wait_for_timeout(200)
            assert found, log.read_text("utf-8")[-2000:]
            page.goto(found.group(), wait_until="domcontentloaded")
            page.locator(".jp-CodeCell .cm-content").first.click(timeout=SLOW)
            page.get_by_text("Run the cell below").last.wait_for(timeout=SLOW)
            page.get_by_text("| Idle").wait_for(timeout=SLOW)
            page.keyboard.press("Shift+Enter")
            page.locator(".ixe-look .ixw-canvas").first.wait_for(timeout=SLOW)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=2)
    finally:
        page.close()


def test_the_exported_page_works_without_kernel_and_network(
    offline_page: Any, explored_runs: Path, tmp_path: Path, keep_screenshot: Any
) -> None:
    """Opened from a file, with everything but files refused: filter, steps, sliders, keys; notes are left out."""
    file = tmp_path / "page.html"
    file.write_text(explorer_page(Session(explored_runs / "run-a"), most=20), encoding="utf-8")
    errors: list[str] = []
    offline_page.on("pageerror", lambda error: errors.append(str(error)))
    offline_page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    offline_page.goto(file.as_uri())
    canvas = offline_page.locator(".ixe-look .ixw-canvas")
    canvas.wait_for(timeout=SLOW)
    offline_page.wait_for_function(
        "() => { const c = document.querySelector('.ixe-look .ixw-canvas');"
        " return c.width > 300 && c.getContext('2d').getImageData(5, 5, 1, 1).data[3] === 255; }"
    )
    images = offline_page.locator(".ixe-thumbnail").evaluate_all("all => all.map(each => each.naturalWidth)")
    assert min(images) > 30
    kind = offline_page.locator(".ixe-type").first
    held = int(kind.locator("b").inner_text())
    kind.click()
    assert offline_page.locator(".ixe-line").count() == held < 20
    kind.click()
    before = canvas.evaluate(PIXELS)
    offline_page.locator(".ixe").focus()
    offline_page.keyboard.press("ArrowRight")
    offline_page.wait_for_timeout(400)
    after = canvas.evaluate(PIXELS)
    assert after != before
    offline_page.get_by_label("Opacity", exact=True).fill("0.2")
    assert canvas.evaluate(PIXELS) != after
    assert offline_page.get_by_label("Note", exact=True).is_hidden()
    assert offline_page.get_by_label("Phrase to ask").is_hidden()
    assert offline_page.asked == []
    assert errors == []
    keep_screenshot(offline_page, "explorer-page")


def test_hostile_text_in_an_exported_page_is_text(offline_page: Any, explored_runs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    Image.new("RGB", (64, 48), "grey").save(folder / "a.png")
    line = f'{{"image": "a.png", "phrase": {_json("dog " + HOSTILE)}, "category": {_json(HOSTILE)}}}\n'
    (folder / "phrases.jsonl").write_text(line * 2, encoding="utf-8")
    run = ix.evaluate("largest", f"folder:{folder}", tmp_path / "run <b>", detail="full")
    file = tmp_path / "page.html"
    file.write_text(explorer_page(Session(run)), encoding="utf-8")
    offline_page.goto(file.as_uri())
    offline_page.locator(".ixe-look .ixw-canvas").wait_for(timeout=SLOW)
    assert "</script><img src=x" in offline_page.locator(".ixe-open").first.inner_text()
    assert offline_page.evaluate("() => window.broken") is None
    assert offline_page.locator(".ixe img:not(.ixe-thumbnail)").count() == 0
    assert offline_page.locator("h1").inner_text() == "Failures of run <b>"
    assert offline_page.asked == []


def test_without_a_script_the_exported_page_shows_its_pictures(
    chromium: Any, explored_runs: Path, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(explorer_page(Session(explored_runs / "run-a"), most=6), encoding="utf-8")
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.locator("noscript table img").count() == 6
        assert page.get_by_text("phrase", exact=True).first.is_visible()
    finally:
        context.close()


def _json(text: str) -> str:
    return json.dumps(text)
