"""Pictures without gold in a real JupyterLab: a proposal is clicked, a box is drawn, and the answer is judged by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_page import SLOW, LabPage, write_notebook

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples

pytestmark = pytest.mark.browser

CODE = 'import iterprime_xai as ix\nix.explore("run-own", author="tester")'


@pytest.fixture(scope="module")
def lab(chromium: Any, jupyterlab: str, workplace: Path) -> Iterator[LabPage]:
    folder = workplace / "own"
    folder.mkdir()
    scene = bundled_samples()[0]
    scene.image.save(folder / "a.png")
    lines = [json.dumps({"image": "a.png", "phrase": phrase}) + "\n" for phrase in (scene.text, "the tree")]
    (folder / "phrases.jsonl").write_text("".join(lines), encoding="utf-8")
    ix.evaluate("gradcam", f"folder:{folder}", workplace / "run-own", detail="full")
    write_notebook(workplace, "own", CODE)
    opened = LabPage(chromium, jupyterlab, 1500, 1900)
    opened.run("own", ".ixe-look .ixw-canvas")
    yield opened
    assert opened.errors == []
    opened.close()


def kind(lab: LabPage) -> str:
    lab.page.locator(".ixe:not([aria-busy])").wait_for(timeout=SLOW)
    lab.page.wait_for_timeout(400)
    return str(lab.page.locator(".ixe-sentence strong").inner_text())


def test_a_proposal_that_is_said_to_be_meant_becomes_gold(lab: LabPage, workplace: Path, keep_screenshot: Any) -> None:
    assert kind(lab) == "unlabelled"
    assert lab.page.get_by_label("Gold mask (dashed)").count() == 0
    lab.page.get_by_role("button", name="is meant").first.click()
    assert kind(lab) == "right"  # the first of the ranking is the answer itself
    assert "IoU 1.00" in lab.page.locator(".ixe-sentence").inner_text()
    assert lab.page.get_by_label("Gold mask (dashed)").count() == 1
    keep_screenshot(lab.page, "explorer-labelled")
    (path,) = workplace.glob("run-own/labels/*.jsonl")
    assert json.loads(path.read_text("utf-8").splitlines()[-1])["how"].startswith("proposal ")
    assert lab.page.locator(".ixe-type", has_text="right").locator("b").inner_text() == "1"


def test_a_box_that_is_drawn_becomes_gold_and_can_be_taken_back(lab: LabPage) -> None:
    lab.page.get_by_role("button", name="draw a box").click()
    canvas = lab.page.locator(".ixe-look .ixw-canvas")
    place = canvas.bounding_box()
    assert place is not None
    lab.page.mouse.move(place["x"] + 10, place["y"] + 10)
    lab.page.mouse.down()
    lab.page.mouse.move(place["x"] + 60, place["y"] + 40, steps=4)
    lab.page.mouse.up()
    assert kind(lab) not in ("right", "unlabelled")
    assert "box [" in lab.page.locator(".ixe-labelling").inner_text()
    lab.page.get_by_role("button", name="take it back").click()
    assert kind(lab) == "unlabelled"
