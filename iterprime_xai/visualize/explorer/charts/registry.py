"""The explorer's charts: from the state to a plotly figure, and from a click or a box to a rule. No widget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from iterprime_xai.records.errors import MissingExtraError, OptionError
from iterprime_xai.visualize.explorer.charts.cells import KINDS, WORD_CELLS
from iterprime_xai.visualize.explorer.charts.costs import COSTS
from iterprime_xai.visualize.explorer.charts.look import Chart, Drawing, Option
from iterprime_xai.visualize.explorer.charts.places import PLACES
from iterprime_xai.visualize.explorer.charts.points import BEST, RUNS, boxed_rule
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Rule
from iterprime_xai.visualize.explorer.state import ExplorerState

if TYPE_CHECKING:
    import plotly.graph_objects as go

CHARTS: dict[str, Chart] = {
    "cost": COSTS,
    "kinds": KINDS,
    "words": WORD_CELLS,
    "places": PLACES,
    "best": BEST,
    "runs": RUNS,
}
"""Every chart by its name."""


def charts_of(phrases: Phrases) -> list[str]:
    """Names of the charts that these phrases have: those of two runs only where there are two."""
    return [name for name, chart in CHARTS.items() if phrases.changes is not None or not chart.of_two]


def option_of(phrases: Phrases, name: str) -> Option | None:
    """What can be chosen in a chart, if there is a choice."""
    chart = _chart(name)
    found = None if chart.option is None else chart.option(phrases)
    return found if found is not None and len(found.choices) > 1 else None


def drawing(state: ExplorerState, name: str, **options: Any) -> Drawing:
    """A chart of the phrases that the rest of the rule leaves, and what it says in a sentence.

    Args:
        state: the explorer's state.
        name: one of :data:`CHARTS`.
        options: ``tag`` for "kinds", ``by`` ("gold" or "peak") for "places".

    Raises:
        OptionError: a chart, tag or place that there is not, or "runs" without a second run. MissingExtraError: no plotly.
    """
    try:
        import plotly  # noqa: F401
    except ImportError as error:
        raise MissingExtraError('Charts need plotly: pip install "iterprime-xai[notebook]".') from error
    return _chart(name).draw(state, **options)


def figure(state: ExplorerState, name: str, **options: Any) -> go.Figure:
    """The figure of :func:`drawing`."""
    return drawing(state, name, **options).figure


def picked(state: ExplorerState, name: str, point: Mapping[str, Any], **options: Any) -> Rule:
    """The rule after a click on a point: its part is set, and the same click again takes it away.

    ``point`` is a point of the figure as plotly tells of it; what counts is its ``customdata``. Options as in :func:`drawing`.
    """
    data = point.get("customdata")
    return state.rule if data is None else _chart(name).pick(state, data, **options)


def boxed(
    state: ExplorerState, name: str, x_range: tuple[float, float] | None, y_range: tuple[float, float] | None
) -> Rule:
    """The rule after a box was drawn: a range for either axis; ``None`` takes it away. Charts without ranges leave it as it is."""
    axes = _chart(name).axes
    return boxed_rule(state.rule, axes, (x_range, y_range)) if axes else state.rule


def opened(state: ExplorerState, name: str, point: Mapping[str, Any]) -> str | None:
    """The sample that a click on a point asks to look at; ``None`` where a click chooses phrases instead."""
    data = point.get("customdata")
    if name != "best" or data is None or not 0 <= int(data) < len(state.phrases):
        return None
    return str(state.phrases.rows["sample_id"][int(data)].as_py())


def _chart(name: str) -> Chart:
    if name not in CHARTS:
        from difflib import get_close_matches

        near = get_close_matches(str(name), CHARTS, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise OptionError(f"There is no chart {name!r}.{hint} There are: {', '.join(CHARTS)}.")
    return CHARTS[name]
