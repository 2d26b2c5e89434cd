"""Every report, made small, opened from a file without network: every figure shows, and the browser has no complaint."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("papermill")

sys.path.insert(0, str(Path(__file__).parents[1] / "notebooks"))

from notebook_files import MOST_BYTES, loaded_from_elsewhere, pictures

from iterprime_xai.reports import available, run

pytestmark = pytest.mark.browser

FEWEST = {"sample": 6, "failures": 5, "reproduce": 3, "compare": 2, "explanation_quality": 2, "model_card": 2}
"""Figures that a report has even in its small form."""

SHOWN = """() => [...document.images].map(each => ({
    ok: each.complete && each.naturalWidth > 0,
    alt: each.alt || each.closest('[role=img]')?.getAttribute('aria-label') || '',
}))"""
"""Every picture, and what it is called: pictures that lie over one another are called once, by what holds them."""


@pytest.mark.parametrize("name", available())
def test_a_reports_page_shows_every_figure_and_asks_for_nothing(name, tmp_path, offline_page, full):
    out = run(name, {"smoke": not full}, tmp_path / f"{name}.html", progress=False)
    text = out.read_text(encoding="utf-8")
    assert len(text.encode("utf-8")) < MOST_BYTES
    assert loaded_from_elsewhere(text) == []
    assert "stderr" not in re.findall(r'<pre class="([^"]*)"', text)
    said: list[str] = []
    offline_page.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    offline_page.on("pageerror", lambda error: said.append(str(error)))
    offline_page.goto(out.as_uri())
    offline_page.wait_for_load_state("load")
    found = offline_page.evaluate(SHOWN)
    assert len(found) >= len(pictures(text)) >= FEWEST[name]
    assert [each["alt"] for each in found if not each["ok"]] == []
    assert [each for each in found if len(each["alt"]) <= 15] == []
    assert (said, offline_page.asked) == ([], [])
    assert offline_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
