"""The explorer's charts in a notebook: one plotly figure for all of them, and a click or a box that becomes a rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any

from iterprime_xai.records.errors import MissingExtraError
from iterprime_xai.visualize.describe import safe
from iterprime_xai.visualize.explorer.charts.registry import (
    CHARTS,
    boxed,
    charts_of,
    drawing,
    opened,
    option_of,
    picked,
)
from iterprime_xai.visualize.explorer.rule import Rule
from iterprime_xai.visualize.explorer.state import ExplorerState
from iterprime_xai.visualize.problems import problem_of
from iterprime_xai.visualize.scripts import script, style

try:
    import anywidget
    import ipywidgets
    import plotly.graph_objects as go
    from plotly.callbacks import BoxSelector

    _figure_widget = go.FigureWidget
except ImportError as error:
    raise MissingExtraError(
        'The explorer\'s charts need ipywidgets, anywidget and plotly: pip install "iterprime-xai[notebook]".'
    ) from error

CONFIG = {
    "displayModeBar": False,
    "displaylogo": False,
    "typesetMath": False,
    "doubleClick": "reset",
    "responsive": True,
}


class _Place(anywidget.AnyWidget):
    """An empty line as wide as the charts, with their style sheet; it tells plotly when its width changes."""

    _esm = script("charts_widget.js")
    _css = style("charts_widget.css")


class ChartsWidget(ipywidgets.VBox):
    """The charts of an explorer, one at a time.

    What goes wrong in a click is told below the chart; it is never swallowed.

    Args:
        state: what is explored.
        on_rule: is given the new rule after a click or a box; it filters the state and calls :meth:`update`.
        on_open: is given the id of the sample that was clicked in "best".
    """

    def __init__(
        self,
        state: ExplorerState,
        on_rule: Callable[[Rule], None],
        on_open: Callable[[str], None] | None = None,
    ) -> None:
        self._state, self._on_rule, self._on_open = state, on_rule, on_open
        self._phrases = state.phrases
        self._visible, self._drawn, self._name = True, "", ""
        self._sentence, self._wrong, self._depth = "", "", 0
        self._made: dict[str, Any] = {"data": [], "layout": {}}
        names = charts_of(state.phrases)
        self._figure = _figure_widget()
        self._figure._config = dict(CONFIG)
        self._figure.add_class("ixe-figure")
        self._chooser = ipywidgets.ToggleButtons(
            options=[(CHARTS[name].title, name) for name in names],
            tooltips=[CHARTS[name].meaning for name in names],
            style={"button_width": "auto"},
        )
        self._option = ipywidgets.Dropdown(options=["-"], layout={"width": "auto", "max_width": "320px"})
        self._told = ipywidgets.HTML()
        self._problem = ipywidgets.HTML()
        self._told.add_class("ixe-told")
        self._problem.add_class("ixe-problem")
        self._top = ipywidgets.HBox([self._chooser, self._option], layout={"flex_flow": "row wrap"})
        super().__init__([_Place(), self._top, self._figure, self._told, self._problem])
        self.add_class("ixe-charts")
        self._choose()
        self._chooser.observe(self._changed, "value")
        self._option.observe(self._changed, "value")
        self._draw()

    @property
    def chart(self) -> str:
        """The chart on show; setting it shows another of `CHARTS`."""
        return str(self._chooser.value)

    @chart.setter
    def chart(self, name: str) -> None:
        self._chooser.value = name

    @property
    def options(self) -> dict[str, str]:
        """What is chosen in the chart on show, as `drawing` takes it."""
        option = option_of(self._state.phrases, self.chart)
        return {} if option is None else {option.name: str(self._option.value)}

    @property
    def visible(self) -> bool:
        """Whether somebody sees the charts: while nobody does nothing is drawn."""
        return self._visible

    @visible.setter
    def visible(self, on: bool) -> None:
        self._visible = bool(on)
        self._draw()

    @property
    def told(self) -> str:
        """What the chart on show says, in a sentence."""
        return self._sentence

    @property
    def problem(self) -> str:
        """What went wrong last, as it is told below the chart; empty where nothing did."""
        return self._wrong

    def update(self, state: ExplorerState) -> None:
        """Take up the state: draw again where the rule, or what it asks of notes, has changed."""
        other = state.phrases is not self._phrases
        self._state, self._phrases = state, state.phrases
        if other:
            self._drawn = ""
        self._draw()

    def close(self) -> None:
        """Free the figure, its data and all that refers to the state."""
        for each in (self._chooser, self._option):
            each.unobserve_all()
        for trace in self._figure.data:
            trace.on_click(None)
            trace.on_selection(None)
            trace.on_deselect(None)
        self._figure.data = ()
        for each in (*self._top.children, *self.children, self):
            for part in (getattr(each, "layout", None), getattr(each, "style", None)):
                if isinstance(part, ipywidgets.Widget):
                    part.close()
            if each is not self:
                each.close()
        self.set_trait("children", ())
        self._on_rule = self._on_open = _nobody
        super().close()

    def _changed(self, change: dict[str, Any]) -> None:
        if change["owner"] is self._chooser:
            self._choose()
        self._draw()

    def _choose(self) -> None:
        """The choices of the chart on show; a chart without any has no list."""
        option = option_of(self._state.phrases, self.chart)
        self._option.layout.display = "none" if option is None else None
        if option is not None and self._option.options != option.choices:
            from iterprime_xai.visualize.explorer.charts.cells import usual_tag

            self._option.options = option.choices
            self._option.description = option.title
            if option.name == "tag":
                self._option.value = usual_tag(self._state.phrases)

    def _draw(self) -> None:
        if not self._visible:
            return
        state, name = self._state, self.chart
        noted = state.rule.noted or state.rule.note_tags
        asked = json.dumps([name, self.options, state.rule.as_json(), len(state.places) if noted else 0])
        if asked == self._drawn and not noted:
            return
        with _Told(self):
            made = drawing(state, name, **self.options)
            self._show(made.figure, name)
            self._sentence = made.sentence
            self._told.value = f'<span role="status">{escape(safe(made.sentence))}</span>'
            self._drawn = asked

    def _show(self, made: go.Figure, name: str) -> None:
        """Bring the figure to what was made: only what differs is sent, and the traces of another chart take the place of these."""
        figure = self._figure
        new, old = made.to_plotly_json(), self._made
        same = name == self._name and [each["type"] for each in new["data"]] == [each["type"] for each in old["data"]]
        if same:
            with figure.batch_update():
                for trace, now, before in zip(figure.data, new["data"], old["data"], strict=True):
                    for key in {*now, *before} - {"type"}:
                        if now.get(key) != before.get(key):
                            trace[key] = now.get(key)
                _lay_out(figure, new["layout"], old["layout"])
        else:
            figure.data = ()
            _lay_out(figure, new["layout"], old["layout"])
            figure.add_traces(list(made.data))
            for trace in figure.data:
                trace.on_click(self._clicked)
            # A box is told to every trace: one of them is enough.
            for trace in figure.data[:1]:
                trace.on_selection(self._boxed)
                trace.on_deselect(self._unboxed)
            self._name = name
        # A page that is opened anew reads these; the messages above reach only pages that are open.
        figure._widget_data = [{**each, "uid": trace.uid} for each, trace in zip(new["data"], figure.data, strict=True)]
        figure._widget_layout = new["layout"]
        self._made = new

    def _clicked(self, trace: Any, points: Any, _: Any) -> None:
        if not points.point_inds:
            return
        with _Told(self):
            point = {"customdata": _at(trace.customdata, points.point_inds[0])}
            sample = opened(self._state, self._name, point)
            if sample is not None:
                if self._on_open is not None:
                    self._on_open(sample)
                return
            self._on_rule(picked(self._state, self._name, point, **self.options))

    def _boxed(self, _: Any, __: Any, selector: Any) -> None:
        if not isinstance(selector, BoxSelector):
            return
        with _Told(self):
            self._clear_box()
            self._on_rule(boxed(self._state, self._name, tuple(selector.xrange), tuple(selector.yrange)))

    def _unboxed(self, *_: Any) -> None:
        with _Told(self):
            self._on_rule(boxed(self._state, self._name, None, None))

    def _clear_box(self) -> None:
        """Take away what plotly drew for a box: the rule's ranges are drawn as they are, and go when they go.

        The figure here knows nothing of that box, and would not send what is no change to it.
        """
        self._figure._send_relayout_msg({"selections": []})


class _Told:
    """Tells what goes wrong inside below the chart, and takes away what was told before where nothing does."""

    def __init__(self, charts: ChartsWidget) -> None:
        self.charts = charts

    def __enter__(self) -> None:
        self.charts._depth += 1
        if self.charts._depth == 1:
            self.tell("")

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> bool:
        self.charts._depth -= 1
        if not isinstance(error, Exception):
            return False
        self.tell(problem_of(error))
        return True

    def tell(self, said: str) -> None:
        self.charts._wrong = said
        self.charts._problem.value = f'<span role="alert">{escape(safe(said))}</span>' if said else ""


def _lay_out(figure: Any, new: dict[str, Any], old: dict[str, Any]) -> None:
    """Bring the layout to what was made. The height goes beside the figure here, which would not say again that the width is free:
    plotly keeps the width that it has where it is told a height alone."""
    changed = {key: new.get(key) for key in {*new, *old} - {"height"} if new.get(key) != old.get(key)}
    if changed:
        figure.update_layout(changed, overwrite=True)
    if new["height"] != old.get("height"):
        figure._send_relayout_msg({"height": new["height"], "autosize": True})


def _at(values: Any, place: Any) -> Any:
    """The value at a point's place: a number, or row and column in a chart of cells."""
    if isinstance(place, list | tuple):
        for each in place:
            values = values[int(each)]
        return values
    return values[int(place)]


def _nobody(_: Any) -> None:
    """Nobody listens any more."""
