"""How the explorer's charts look: colours that the colour-blind and both themes can read, and texts that stay texts."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.visualize.describe import safe
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Rule
from iterprime_xai.visualize.explorer.state import ExplorerState

if TYPE_CHECKING:
    import plotly.graph_objects as go

BLUE, ORANGE, GREEN, PURPLE = "#3b8bc4", "#e08214", "#1b9e77", "#a77fc0"
"""Told apart with every kind of colour vision, beside shapes that differ too, and seen on white and on nearly black."""

TEXT = "#767676"
"""Read on white and on nearly black. Where there are themes, the widget's style sheet takes their colour of text instead."""

FAINT = "rgba(128, 128, 128, 0.35)"
NO_FAILURE = ("right", "unlabelled")
LONGEST_LABEL = 26

SHARES: dict[str, Any] = {
    "title": {"text": "share", "side": "top"},
    "tickformat": ".0%",
    "thickness": 10,
    "outlinewidth": 0,
    "nticks": 5,
    "lenmode": "pixels",
    "len": 190,
    "y": 1,
    "yanchor": "top",
}
"""What the colours of cells stand for."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart at a moment: the figure, and what it says most of all in a sentence (plain text, not escaped)."""

    figure: go.Figure
    sentence: str


@dataclass(frozen=True, slots=True)
class Option:
    """What can be chosen in a chart: the name of the argument, its title, and the choices as (title, value)."""

    name: str
    title: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the explorer.

    ``draw(state, **options)`` draws it, ``pick(state, data, **options)`` says what a click on a point makes of the rule (``data``
    is the point's ``customdata``), and ``axes`` are the figures across and upwards whose ranges a box takes; ``()`` for none.
    """

    title: str
    meaning: str
    draw: Callable[..., Drawing]
    pick: Callable[..., Rule]
    axes: tuple[str, ...] = ()
    option: Callable[[Phrases], Option] | None = None
    of_two: bool = False


def label(text: str, most: int = LONGEST_LABEL) -> str:
    """A text from people as a label: cut, and escaped, since plotly takes labels for HTML and ``$`` for formulas."""
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    shown = shown if shown.isascii() and shown.isprintable() else safe(shown)
    return escape(shown, quote=False).replace("$", "&#36;")


def hint(*lines: str) -> str:
    """Lines under the pointer, broken where they are long; texts of people in them are escaped already."""
    return "<br>".join(
        line if len(line) <= 64 else "<br>".join(textwrap.wrap(line, 64, break_long_words=False)) for line in lines
    )


def counted(count: int) -> str:
    """A number of phrases in words."""
    return f"{count:,} phrase" if count == 1 else f"{count:,} phrases"


def title_of(name: str) -> str:
    """A type's name for people."""
    return TYPES[name].title


def failing(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts of types that are failures."""
    return {name: count for name, count in counts.items() if name not in NO_FAILURE}


def drawn(traces: Sequence[Any], sentence: str, title: str, height: int, **layout: Any) -> Drawing:
    """Traces with the layout that all charts share."""
    import plotly.graph_objects as go

    shared: dict[str, Any] = {
        "template": "none",
        "height": height,
        "autosize": True,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": TEXT, "size": 12, "family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"},
        "title": {
            "text": title,
            "font": {"size": 12.5},
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 8, "l": 8},
        },
        "margin": {"l": 8, "r": 16, "t": 34, "b": 8},
        "hoverlabel": {
            "align": "left",
            "bgcolor": "#2b2b2b",
            "bordercolor": "#8a8a8a",
            "font": {"size": 12, "color": "#ffffff"},
        },
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": False,
        "selections": [],
        "shapes": [],
        "annotations": [],
    }
    return Drawing(go.Figure(list(traces), {**shared, **layout}), sentence)


def axis(**more: Any) -> dict[str, Any]:
    """An axis that is not dragged, with room for its labels."""
    return {
        "fixedrange": True,
        "automargin": True,
        "zeroline": False,
        "showgrid": False,
        "ticks": "",
        **more,
    }


def nothing(traces: Sequence[Any], why: str, **layout: Any) -> Drawing:
    """A chart with nothing to draw, and why; the traces are there, empty, so that the next drawing takes their place."""
    note = {"text": why, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "font": {"size": 13}}
    hidden = {"visible": False, "fixedrange": True}
    return drawn(traces, why, "", 160, **{"xaxis": hidden, "yaxis": hidden, **layout, "annotations": [note]})


def toggled(rule: Rule, wanted: Mapping[str, Any], off: Mapping[str, Any]) -> Rule:
    """The rule with these parts, or, where it has just them already, with what they are without a choice."""
    from dataclasses import replace

    same = all(getattr(rule, name) == value for name, value in wanted.items())
    return replace(rule, **(off if same else wanted))


def nothing_left(state: ExplorerState, rule: Rule) -> str:
    """Why a chart is empty."""
    return "No phrase meets the rest of the rule." if rule != Rule() else "The run has no phrase."
