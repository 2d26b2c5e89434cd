from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import pytest
from made_failures import state

pytest.importorskip("plotly")
pytest.importorskip("anywidget")

from plotly.callbacks import BoxSelector

from iterprime_xai.visualize.explorer.charts_widget import ChartsWidget
from iterprime_xai.visualize.explorer.rule import Rule


def charts(two=False, on_rule=None):
    made = state(two)
    rules = []

    def take(rule):
        rules.append(rule)
        made.filter(rule)
        widget.update(made)

    widget = ChartsWidget(made, on_rule or take)
    return widget, made, rules


def click(widget, trace, *place):
    """As plotly tells of a click: to every trace, with no point in those that were not hit."""
    for at, each in enumerate(widget._figure.data):
        hit = [place[0] if len(place) == 1 else list(place)] if at == trace else []
        each._dispatch_on_click(SimpleNamespace(point_inds=hit), None)


def test_a_click_is_one_rule_and_the_figure_follows():
    widget, _, rules = charts()
    click(widget, 0, 1)
    assert rules == [Rule(types=("wrong_category",))]
    assert widget._figure.layout.yaxis.ticktext[1] == "<b>▸ wrong category</b>"
    click(widget, 0, 1)
    assert rules[-1] == Rule()


def test_clicks_are_heard_after_the_chart_was_changed_and_changed_back():
    widget, _, rules = charts(two=True)
    widget.chart = "kinds"
    click(widget, 0, 0, 0)
    assert rules[-1] == Rule(types=("position_ignored",), tags={"kind": ("position",)})
    click(widget, 0, 0, 0)
    widget.chart = "runs"
    click(widget, 4, 0)
    assert rules[-1] == Rule(change="fixed")
    click(widget, 4, 0)
    widget.chart = "cost"
    click(widget, 0, 0)
    assert rules[-1] == Rule(types=("position_ignored",))


def test_a_box_is_told_once_and_its_ranges_are_drawn():
    widget, _, rules = charts()
    widget.chart = "best"
    for trace in widget._figure.data:
        trace._dispatch_on_selection(SimpleNamespace(point_inds=[]), BoxSelector([0.3, 0.5], [0.1, 0.3]))
    assert rules == [Rule(ranges={"best_iou": (0.3, 0.5), "iou": (0.1, 0.3)})]
    assert widget._figure.layout.shapes[-1].x0 == 0.3
    for trace in widget._figure.data:
        trace._dispatch_on_deselect(SimpleNamespace(point_inds=[]))
    assert rules[-1] == Rule()


def test_what_goes_wrong_in_a_click_is_told_and_goes_with_the_next():
    def refuse(rule):
        if rule.types:
            raise ValueError("<b>no</b>")

    widget, _, _ = charts(on_rule=refuse)
    click(widget, 0, 0)
    assert widget.problem == "This should not have happened: ValueError: <b>no</b>"
    assert "&lt;b&gt;no" in widget._problem.value
    assert "<b>no" not in widget._problem.value
    widget._state.filter(Rule(types=("position_ignored",)))
    click(widget, 0, 0)
    assert widget.problem == ""


def test_a_chart_that_cannot_be_drawn_is_told(monkeypatch):
    widget, made, _ = charts()

    def broken(*_, **__):
        raise RuntimeError("cannot draw")

    monkeypatch.setattr("iterprime_xai.visualize.explorer.charts_widget.drawing", broken)
    widget.chart = "best"
    assert "cannot draw" in widget.problem
    widget.update(made)
    assert "cannot draw" in widget.problem


def test_nothing_is_drawn_while_nobody_sees_it_or_nothing_changed(monkeypatch):
    from iterprime_xai.visualize.explorer import charts_widget

    widget, made, _ = charts()
    drawn = []
    real = charts_widget.drawing
    monkeypatch.setattr(charts_widget, "drawing", lambda *given, **more: drawn.append(1) or real(*given, **more))
    made.sort("iou", False)
    widget.update(made)
    assert not drawn
    widget.visible = False
    made.filter(Rule(types=("right",)))
    widget.update(made)
    assert not drawn
    widget.visible = True
    assert len(drawn) == 1


def test_only_what_differs_is_sent():
    widget, _, _ = charts()
    sent = []
    widget._figure.observe(lambda change: sent.append(change["new"]), "_py2js_update")
    click(widget, 0, 1)
    told = [each for each in sent if each]
    assert len(told) == 1
    assert {name.partition(".")[0] for name in told[0]["style_data"]} <= {"marker", "hovertext"}


def test_the_list_of_choices_is_shown_where_a_chart_has_them_with_the_usual_one_first():
    widget, _, _ = charts()
    assert widget._option.layout.display == "none"
    widget.chart = "places"
    assert widget._option.layout.display is None
    assert widget.options == {"by": "gold"}
    widget._option.value = "peak"
    assert "peak of the heat" in widget._figure.layout.title.text


def test_a_page_that_is_opened_anew_gets_the_chart_as_it_is():
    widget, _, _ = charts()
    click(widget, 0, 1)
    assert widget._figure._widget_layout["yaxis"]["ticktext"] == ["position ignored", "<b>▸ wrong category</b>"]
    assert widget._figure._widget_data[0]["uid"] == widget._figure.data[0].uid


def test_closing_frees_everything():
    before = set(_instances())
    widget, made, _ = charts()
    gone = weakref.ref(made.phrases)
    widget.close()
    assert set(_instances()) <= before
    del widget, made
    gc.collect()
    assert gone() is None


def _instances():
    from ipywidgets.widgets import widget

    return widget._instances
