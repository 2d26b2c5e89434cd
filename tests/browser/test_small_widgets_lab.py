"""The small widgets for teaching in a real JupyterLab: layer atlas, refinement stepper, word shader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_page import LabPage, write_notebook

pytestmark = pytest.mark.browser

PIXELS = "canvas => canvas.toDataURL()"
CODE = """
import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.saliency.atlas import atlas
from IPython.display import display
scene = bundled_samples()[0]
grounder = ix.load("tiny")
found = grounder.ground(scene.image, scene.text)
display(ix.layer_atlas(atlas(grounder.matcher, scene.image, scene.text, mask=scene.mask)))
display(ix.refinement_stepper(found), ix.word_shader(found), ix.show(found))
"""


@pytest.fixture(scope="module")
def lab(chromium: Any, jupyterlab: str, workplace: Path) -> Iterator[LabPage]:
    write_notebook(workplace, "small", CODE)
    opened = LabPage(chromium, jupyterlab, 1250, 2600)
    opened.run("small", ".ixa .ixw-canvas")
    opened.page.locator(".ixw-words .ixw-canvas").wait_for()
    opened.page.wait_for_timeout(800)
    yield opened
    assert opened.errors == []
    opened.close()


@pytest.fixture(autouse=True)
def _nothing_is_sent(lab: LabPage) -> Iterator[None]:
    before = len(lab.sent)
    yield
    lab.page.wait_for_timeout(300)
    assert lab.sent[before:] == []


def test_a_layer_and_head_are_picked_by_click_and_by_arrow_keys(lab: LabPage, keep_screenshot: Any) -> None:
    atlas = lab.page.locator(".ixa")
    large = atlas.locator(".ixw-canvas")
    cells = atlas.locator(".ixa-cell")
    assert cells.count() == 25  # 5 layers of 4 heads, and the mean of each
    assert cells.nth(19).get_attribute("aria-pressed") == "true"  # layer 3, the mean: the checkpoint's own
    keep_screenshot(atlas, "small-atlas")
    before = large.evaluate(PIXELS)
    cells.nth(0).click()
    assert "layer 0, head 0" in atlas.get_by_role("status").first.inner_text()
    assert large.evaluate(PIXELS) != before
    lab.page.keyboard.press("ArrowDown")
    assert cells.nth(5).get_attribute("aria-pressed") == "true"
    assert cells.nth(5).evaluate("cell => cell === document.activeElement")
    for _ in range(9):
        lab.page.keyboard.press("ArrowRight")
    assert cells.nth(9).get_attribute("aria-pressed") == "true"
    shown = large.evaluate(PIXELS)
    atlas.get_by_role("button", name="attention", exact=True).click()
    assert large.evaluate(PIXELS) != shown
    assert "attention, layer 1, mean of heads" in atlas.get_by_role("status").first.inner_text()


def test_the_stepper_begins_at_the_first_pass_and_goes_on_to_the_result(lab: LabPage, keep_screenshot: Any) -> None:
    steps = lab.page.locator(".ixw-steps")
    assert steps.locator(".ixw-status").inner_text().startswith("Pass 1")
    steps.get_by_role("button", name="next ›").click()
    assert steps.locator(".ixw-status").inner_text().startswith("Pass 2")
    keep_screenshot(steps, "small-steps")
    for _ in range(3):
        steps.get_by_role("button", name="next ›").click()
    assert steps.locator(".ixw-status").inner_text().startswith("Result")
    assert steps.get_by_label("Pass", exact=True).get_attribute("aria-valuetext") == "result"
    steps.get_by_role("button", name="‹ back").click()
    assert not steps.locator(".ixw-status").inner_text().startswith("Result")
    assert steps.get_by_label("Threshold").is_hidden()


def test_the_word_shader_shows_a_word_and_has_no_slider_of_passes(lab: LabPage) -> None:
    words = lab.page.locator(".ixw-words")
    before = words.locator(".ixw-canvas").evaluate(PIXELS)
    words.get_by_role("button", name="tree").click()
    assert words.locator(".ixw-canvas").evaluate(PIXELS) != before
    assert words.get_by_label("Pass", exact=True).is_hidden()
