"""The explorer's charts in a real JupyterLab: a click and a box become a rule, in both themes, with nothing from a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
        self.page.wait_for_function("b => document.querySelector('.ixe-told').innerText !== b", arg=before, timeout=SLOW)
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
        place = self.figure.locator(".js-plotly-plot").or_(self.page.locator(".ixe-figure.js-plotly-plot")).first.evaluate(
            """(plot, [x, y]) => { const box = plot.getBoundingClientRect(), {xaxis, yaxis} = plot._fullLayout;
               return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)]; }""",
            [x, y],
        )
        return place[0] - back, place[1] - back


@pytest.fixture(scope="module")
def charts(chromium: Any, jupyterlab: str, workplace: Path) -> Iterator[Charts]:
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CODE, id="charts")],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, workplace / "charts.ipynb")
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
            charts.page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
            charts.page.wait_for_timeout(1500)
        for title in (*CHARTS[1:], CHARTS[0]):
            charts.choose(title)
            keep_screenshot(charts.page.locator(".ixe-charts"), f"charts-{title.replace(' ', '-').lower()}-{theme}")
    charts.page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
    assert charts.page.evaluate("() => window.broken") is None
    assert charts.figure.locator("img").count() == 0
