"""The widget in a real JupyterLab, and its stand-ins without one, in headless Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_page import executed, export_of

from iterprime_xai.records import Grounding

pytestmark = pytest.mark.browser

PIXELS = "canvas => canvas.toDataURL()"
SLOW = 60_000
"""Milliseconds to wait for a kernel to start on a busy machine."""


class Lab:
    """A notebook with the widget on show, and what its page has sent to the kernel."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.sent: list[str] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        if "/api/kernels/" in socket.url:
            socket.on("framesent", lambda payload: self.sent.append(str(payload)[:200]))

    @property
    def widget(self) -> Any:
        return self.page.locator(".ixw")

    @property
    def pixels(self) -> str:
        return self.page.locator(".ixw-canvas").evaluate(PIXELS)

    def slider(self, label: str) -> Any:
        return self.widget.get_by_label(label, exact=True)


@pytest.fixture(scope="module")
def lab(chromium: Any, jupyterlab: str) -> Iterator[Lab]:
    page = chromium.new_page(viewport={"width": 1000, "height": 1150})
    opened = Lab(page)
    page.goto(f"{jupyterlab}/doc/tree/show.ipynb?reset", wait_until="domcontentloaded")
    page.get_by_text("| Idle").wait_for(timeout=SLOW)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".ixw-canvas").wait_for(timeout=SLOW)
    page.wait_for_function(
        "() => { const c = document.querySelector('.ixw-canvas');"
        " return c.width > 300 && c.getContext('2d').getImageData(5, 5, 1, 1).data[3] === 255; }"
    )
    page.get_by_text("| Idle").wait_for(timeout=SLOW)
    page.wait_for_timeout(1500)
    assert opened.sent, "the page should have spoken to the kernel to run the cell; is the listener attached?"
    yield opened
    page.close()


@pytest.fixture(autouse=True)
def _nothing_is_sent(request: pytest.FixtureRequest) -> Iterator[None]:
    """No act on the widget may send a message to the kernel."""
    if "lab" not in request.fixturenames:
        yield
        return
    lab = request.getfixturevalue("lab")
    before = len(lab.sent)
    yield
    lab.page.wait_for_timeout(400)
    assert lab.sent[before:] == []


def test_widget_shows_picture_phrase_and_probability(lab: Lab, keep_screenshot: Any) -> None:
    assert lab.widget.locator(".ixw-phrase").inner_text().replace("\n", "") == "the red ball left of the tree"
    assert lab.widget.locator(".ixw-match strong").inner_text() == "0.94"
    assert lab.widget.locator(".ixw-word.primary").inner_text() == "ball"
    assert lab.widget.get_attribute("data-lm-suppress-shortcuts") == "true"
    assert "not validated for this checkpoint" in lab.widget.inner_text()
    keep_screenshot(lab.page, "lab-result")


@pytest.mark.parametrize(("label", "key"), [("Pass", "ArrowLeft"), ("Opacity", "ArrowLeft"), ("Threshold", "PageUp")])
def test_slider_changes_pixels_without_a_kernel_message(lab: Lab, label: str, key: str, keep_screenshot: Any) -> None:
    before = lab.pixels
    slider = lab.slider(label)
    value = slider.input_value()
    slider.focus()
    for _ in range(2):
        lab.page.keyboard.press(key)
    assert slider.input_value() != value
    assert lab.pixels != before
    keep_screenshot(lab.page, f"lab-{label.lower()}")
    slider.fill(value)
    assert lab.pixels == before


def test_pass_slider_names_the_pass_and_its_probability(lab: Lab) -> None:
    slider = lab.slider("Pass")
    slider.fill("2")
    assert slider.get_attribute("aria-valuetext") == "pass 3 of 3"
    assert lab.widget.locator(".ixw-match strong").inner_text() == "0.80"
    status = lab.widget.locator(".ixw-status").inner_text()
    assert "left out" in status
    assert "the match probability fell" in status
    slider.fill("3")
    assert slider.get_attribute("aria-valuetext") == "result"


def test_clicking_a_word_shows_its_map_and_clicking_again_the_phrase(lab: Lab, keep_screenshot: Any) -> None:
    before = lab.pixels
    word = lab.widget.get_by_role("button", name="tree")
    word.click()
    assert word.get_attribute("aria-pressed") == "true"
    tree = lab.pixels
    assert tree != before
    assert "“tree”" in lab.widget.locator(".ixw-status").inner_text()
    keep_screenshot(lab.page, "lab-word")
    lab.widget.get_by_role("button", name="of", exact=True).click()
    assert lab.pixels not in (before, tree)
    lab.widget.get_by_role("button", name="Whole phrase").click()
    assert lab.pixels == before


def test_outline_hidden_patches_and_scale_can_be_switched(lab: Lab) -> None:
    lab.slider("Pass").fill("1")
    before = lab.pixels
    for label in ("Mask outline", "Hidden patches"):
        tick = lab.widget.get_by_label(label)
        tick.uncheck()
        assert lab.pixels != before
        tick.check()
        assert lab.pixels == before
    scale = lab.widget.get_by_label("Colour scale")
    scale.select_option("shared by all passes")
    assert lab.pixels != before
    scale.select_option("of this map alone")
    shows = lab.widget.get_by_label("A pass shows")
    shows.select_option("the blend so far")
    assert lab.pixels != before
    shows.select_option("its own map")
    assert lab.pixels == before
    lab.slider("Pass").fill("3")


def test_readout_gives_the_heat_under_the_pointer_and_under_the_keys(lab: Lab, workplace: Path) -> None:
    canvas, readout = lab.widget.locator(".ixw-canvas"), lab.widget.get_by_label("Heat under the pointer")

    def heat_at(x: float, y: float) -> float:
        box = canvas.bounding_box()
        canvas.hover(position={"x": box["width"] * x, "y": box["height"] * y})
        found = re.fullmatch(r"x (\d+), y (\d+): heat ([\d.]+)×10⁻¹(\S) \(\d+ % of the scale\)", readout.inner_text())
        assert abs(int(found[1]) - 480 * x) <= 2
        assert abs(int(found[2]) - 360 * y) <= 2
        return float(found[3]) * 10 ** -(10 + "⁰¹²³⁴⁵⁶⁷⁸⁹".index(found[4]))

    expected = Grounding.load(workplace / "meadow.grounding.zip").heatmap_at((360, 480))
    for x, y in ((0.2, 0.75), (0.5, 0.4), (0.9, 0.1)):
        assert heat_at(x, y) == pytest.approx(expected[int(360 * y), int(480 * x)], rel=0.06, abs=2e-12)
    lab.page.mouse.move(5, 5)
    canvas.focus()
    lab.page.keyboard.press("ArrowLeft")
    assert readout.inner_text().startswith("x 205, y 180: heat ")
    canvas.blur()


def test_holding_the_button_hides_the_heat(lab: Lab) -> None:
    before = lab.pixels
    button = lab.widget.get_by_role("button", name="Hold to see the picture")
    button.hover()
    lab.page.mouse.down()
    assert lab.pixels != before
    lab.page.mouse.up()
    assert lab.pixels == before


def test_every_control_has_a_name_and_the_canvas_an_alternative_text(lab: Lab) -> None:
    nameless = lab.widget.evaluate(
        "root => [...root.querySelectorAll('input, select, button')].filter(each => "
        "!(each.getAttribute('aria-label') || (each.labels?.[0] ?? each).textContent.trim())).length"
    )
    assert nameless == 0
    assert "Primary word: ball" in lab.widget.locator(".ixw-canvas").get_attribute("aria-label")


def test_widget_fits_a_narrow_page(lab: Lab, keep_screenshot: Any) -> None:
    size = lab.page.viewport_size
    lab.page.set_viewport_size({"width": 460, "height": 1150})
    lab.page.wait_for_timeout(600)
    overflow = lab.widget.evaluate("root => root.scrollWidth - root.clientWidth")
    canvas = lab.widget.locator(".ixw-canvas").bounding_box()
    keep_screenshot(lab.page, "lab-narrow")
    lab.page.set_viewport_size(size)
    lab.page.wait_for_timeout(600)
    assert overflow <= 0
    assert canvas["width"] <= 460
    assert abs(canvas["width"] / canvas["height"] - 480 / 360) < 0.02


def test_widget_is_readable_in_the_dark_theme(lab: Lab, keep_screenshot: Any) -> None:
    def choose(theme: str) -> list[int]:
        lab.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
        lab.page.wait_for_function(f"() => document.body.dataset.jpThemeName === '{theme}'")
        lab.page.locator("#jupyterlab-splash").wait_for(state="detached")
        colour = lab.widget.evaluate("root => getComputedStyle(root).color.match(/\\d+/g).slice(0, 3).map(Number)")
        return [int(each) for each in colour]

    lab.slider("Pass").fill("1")
    assert min(choose("JupyterLab Dark")) > 180
    keep_screenshot(lab.page, "lab-dark")
    assert max(choose("JupyterLab Light")) < 80
    lab.slider("Pass").fill("3")


def test_page_shows_its_picture_without_network(offline_page: Any, tmp_path: Path, keep_screenshot: Any) -> None:
    from handmade_grounding import grounding

    file = tmp_path / "page.html"
    file.write_text(grounding(text="the red ball <script>alert(1)</script>").to_html(), encoding="utf-8")
    offline_page.goto(file.as_uri())
    widths = offline_page.evaluate("() => [...document.images].map(each => each.naturalWidth)")
    assert len(widths) > 5
    assert min(widths) > 0
    assert offline_page.locator("img[alt*='Primary word']").evaluate("each => each.naturalWidth") == 480
    assert offline_page.locator("h1").inner_text().endswith("<script>alert(1)</script>")
    assert offline_page.asked == []
    before = offline_page.locator(".heat").first.screenshot()
    offline_page.get_by_label("heat", exact=True).uncheck()
    assert offline_page.locator(".panel").nth(1).screenshot() != before
    keep_screenshot(offline_page, "page")


def test_exported_notebook_shows_the_static_picture_without_network(
    offline_page: Any, workplace: Path, jupyter_environment: dict[str, str], tmp_path: Path, keep_screenshot: Any
) -> None:
    notebook = executed(workplace / "show.ipynb", jupyter_environment)
    (output,) = [each for each in notebook.cells[0].outputs if each.output_type == "execute_result"]
    assert "application/vnd.jupyter.widget-view+json" in output.data
    empty = export_of(nbformat.v4.new_notebook(), tmp_path).stat().st_size
    file = export_of(notebook, tmp_path)
    assert file.stat().st_size - empty < 600_000
    offline_page.goto(file.as_uri(), wait_until="domcontentloaded")
    picture = offline_page.locator(".jp-OutputArea img")
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") > 800
    assert "Primary word: ball" in output.metadata["image/jpeg"]["alt"]
    keep_screenshot(offline_page, "export")
