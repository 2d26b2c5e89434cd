"""The explorer's charts in a real JupyterLab: a click and a box become a rule, in both themes, with nothing from a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_page import write_notebook

pytestmark = pytest.mark.browser

SLOW = 60_000
"""Milliseconds to wait for a kernel on a busy machine."""

MADE = Path(__file__).parents[1] / "visualize"
CODE = f"""
import sys
sys.path.insert(0, {str(MADE)!r})
import ipywidgets
from made_failures import many, many_against
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.state import ExplorerState
from iterprime_xai.visualize.explorer.charts_widget import ChartsWidget

state = ExplorerState(Phrases(many(), many_against()))
said = ipywidgets.Label("no rule yet")
said.add_class("said")

def on_rule(rule):
    if "wrong_category" in rule.types:
        raise ValueError("<b>refused</b>")
    state.filter(rule)
    said.value = f"{{len(state.places)}}: {{rule.as_json()}}"
    charts.update(state)

def on_open(sample_id):
    said.value = f"opened {{sample_id}}"

charts = ChartsWidget(state, on_rule, on_open)
ipywidgets.VBox([charts, said])
"""
CHARTS = ("Costs", "Tags", "Words", "Places", "Best mask", "Two runs")


class Charts:
    """A notebook with the charts on show, and what its page asked of another place than JupyterLab."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.asked, self.errors = page, [], []
        page.on("request", lambda request: self._asked(request.url, address))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _asked(self, url: str, address: str) -> None:
        if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:")):
            self.asked.append(url)

    @property
    def said(self) -> str:
        return str(self.page.locator(".said").inner_text())

    @property
    def told(self) -> str:
        return str(self.page.locator(".ixe-told").inner_text())

    @property
    def figure(self) -> Any:
        return self.page.locator(".ixe-figure")

    def choose(self, title: str) -> None:
        before = self.told
        self.page.locator(".ixe-charts").get_by_role("button", name=title, exact=True).click()
        self.page.wait_for_function(
            "b => document.querySelector('.ixe-told').innerText !== b", arg=before, timeout=SLOW
        )
        self.page.wait_for_timeout(700)

    def wait(self, *, other_than: str) -> str:
        self.page.wait_for_function(
            "b => document.querySelector('.said').innerText !== b", arg=other_than, timeout=SLOW
        )
        self.page.wait_for_timeout(500)
        return self.said

    def click(self, x: float, y: float) -> str:
        """Click at data coordinates of the figure; what is said then."""
        before = self.said
        self.page.mouse.move(*self.at(x, y, back=6))
        self.page.mouse.move(*self.at(x, y))
        self.page.wait_for_timeout(150)
        self.page.mouse.down()
        self.page.mouse.up()
        return self.wait(other_than=before)

    def drag(self, first: tuple[float, float], last: tuple[float, float]) -> str:
        before = self.said
        self.page.mouse.move(*self.at(*first))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*last, back=10), steps=4)
        self.page.mouse.move(*self.at(*last))
        self.page.mouse.up()
        return self.wait(other_than=before)

    def at(self, x: float, y: float, back: float = 0) -> tuple[float, float]:
        """Where in the window data coordinates are drawn."""
        self.figure.scroll_into_view_if_needed()
        place = (
            self.figure.locator(".js-plotly-plot")
            .or_(self.page.locator(".ixe-figure.js-plotly-plot"))
            .first.evaluate(
                """(plot, [x, y]) => { const box = plot.getBoundingClientRect(), {xaxis, yaxis} = plot._fullLayout;
               return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)]; }""",
                [x, y],
            )
        )
        return place[0] - back, place[1] - back


@pytest.fixture(scope="module")
def charts(chromium: Any, jupyterlab: str, workplace: Path) -> Iterator[Charts]:
    write_notebook(workplace, "charts", CODE)
    page = chromium.new_page(viewport={"width": 1150, "height": 1300})
    opened = Charts(page, jupyterlab)
    page.goto(f"{jupyterlab}/doc/tree/charts.ipynb?reset", wait_until="domcontentloaded")
    page.get_by_text("| Idle").wait_for(timeout=SLOW)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".ixe-charts .main-svg").first.wait_for(timeout=SLOW)
    page.get_by_text("| Idle").wait_for(timeout=SLOW)
    page.locator(".jp-InputArea").first.evaluate("each => { each.style.display = 'none'; }")
    page.wait_for_timeout(1000)
    yield opened
    page.close()


def test_every_chart_is_drawn_in_both_themes(charts: Charts, keep_screenshot: Any) -> None:
    for theme in ("light", "dark"):
        if theme == "dark":
            charts.page.evaluate(
                "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
            )
            charts.page.wait_for_timeout(1500)
        for title in (*CHARTS[1:], CHARTS[0]):
            charts.choose(title)
            keep_screenshot(charts.page.locator(".ixe-charts"), f"charts-{title.replace(' ', '-').lower()}-{theme}")
    charts.page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})"
    )
    assert charts.page.evaluate("() => window.broken") is None
    assert charts.figure.locator("img").count() == 0


def test_clicking_bars_adds_types_to_the_rule_and_again_takes_them_away(charts: Charts) -> None:
    charts.choose("Tags")
    charts.choose("Costs")
    assert charts.click(0.3, 2) == "36: {'types': ['too_much']}"
    # Where the row is empty, right of a short bar, a click is meant for that bar too.
    assert charts.click(6.0, 4) == "53: {'types': ['too_much', 'selection_error']}"
    assert "▸ too much" in str(charts.figure.locator(".yaxislayer-above").text_content())
    charts.click(0.3, 2)
    assert charts.click(6.0, 4) == "600: {}"


def test_clicking_a_cell_chooses_its_value_and_type(charts: Charts) -> None:
    charts.choose("Tags")
    assert charts.click(2, 1) == "6: {'types': ['too_much'], 'tags': {'kind': ['position']}}"
    assert charts.click(2, 1) == "600: {}"
    charts.choose("Places")
    assert charts.click(2, 1).endswith(
        "{'place': {'by': 'gold', 'left': 0.25, 'top': 0.125, 'right': 0.375, 'bottom': 0.25}}"
    )
    assert charts.click(2, 1) == "600: {}"


def test_a_box_becomes_two_ranges_and_a_double_click_takes_them_away(charts: Charts, keep_screenshot: Any) -> None:
    charts.choose("Best mask")
    said = charts.drag((0.6, 0.1), (0.9, 0.4))
    count, ranges = int(said.partition(":")[0]), eval(said.partition(":")[2])["ranges"]
    assert 0 < count < 600
    assert ranges["best_iou"] == pytest.approx([0.6, 0.9], abs=0.01)
    assert ranges["iou"] == pytest.approx([0.1, 0.4], abs=0.01)
    keep_screenshot(charts.page.locator(".ixe-charts"), "charts-box")
    assert charts.figure.evaluate("plot => plot.layout.selections.length") == 0
    before = charts.said
    charts.page.mouse.dblclick(*charts.at(0.2, 0.8))
    assert charts.wait(other_than=before) == "600: {}"


def test_clicking_a_point_opens_its_sample(charts: Charts) -> None:
    charts.choose("Costs")
    charts.choose("Best mask")
    place = charts.figure.evaluate("plot => [plot.data[2].x[0], plot.data[2].y[0], plot.data[2].customdata[0]]")
    assert charts.click(place[0], place[1]).startswith("opened s")


def test_clicking_the_words_of_a_corner_chooses_what_became_of_its_phrases(charts: Charts) -> None:
    charts.choose("Two runs")
    assert charts.click(0.12, 1.06) == "31: {'change': 'fixed'}"
    assert charts.click(0.12, 1.06) == "600: {}"


def test_what_goes_wrong_in_a_click_is_told_as_text(charts: Charts) -> None:
    charts.choose("Costs")
    charts.page.mouse.click(*charts.at(0.3, 0))
    alert = charts.page.locator(".ixe-problem").get_by_role("alert")
    alert.wait_for(timeout=SLOW)
    assert "ValueError: <b>refused</b>" in alert.inner_text()
    charts.click(0.3, 2)
    assert charts.page.locator(".ixe-problem").inner_text().strip() == ""
    charts.click(0.3, 2)


def test_charts_fill_the_width_and_ask_nothing_of_a_network(charts: Charts) -> None:
    wide = charts.figure.evaluate("plot => [plot._fullLayout.width, plot.getBoundingClientRect().width]")
    assert abs(wide[0] - wide[1]) < 2
    charts.page.set_viewport_size({"width": 800, "height": 1300})
    charts.page.wait_for_timeout(1000)
    wide = charts.figure.evaluate("plot => [plot._fullLayout.width, plot.getBoundingClientRect().width]")
    assert abs(wide[0] - wide[1]) < 2
    assert wide[1] < 700
    assert charts.asked == []
    assert charts.errors == []
