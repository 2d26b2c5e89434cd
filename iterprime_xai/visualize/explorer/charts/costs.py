"""The chart of costs: what every type of failure costs among the phrases that the rest of the rule leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.visualize.explorer.charts.look import (
    BLUE,
    FAINT,
    ORANGE,
    Chart,
    Drawing,
    axis,
    counted,
    drawn,
    failing,
    hint,
    nothing,
    nothing_left,
    title_of,
)
from iterprime_xai.visualize.explorer.rule import Rule
from iterprime_xai.visualize.explorer.state import ExplorerState

ROW = 26
"""Pixels of a bar with its space."""


def _draw(state: ExplorerState) -> Drawing:
    phrases, rule = state.phrases, state.rule
    keep = phrases.matching(rule, state.marks(), without="types") if rule.types else state.keep
    counts, costs = phrases.counts(keep), phrases.costs(keep)
    total, right, unlabelled = int(keep.sum()), counts.get("right", 0), counts.get("unlabelled", 0)
    names = sorted(failing(counts), key=lambda name: (-costs.get(name, 0.0), -counts[name]))
    if not names:
        why = f"None of {counted(total)} failed." if right else "No phrase has a gold mask: nobody knows what failed."
        return nothing([{"type": "bar"}], why if total else nothing_left(state, replace(rule, types=())))
    values = [round(costs.get(name, 0.0), 4) for name in names]
    top = max(*values, 0.01)
    chosen = [name in rule.types for name in names]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": list(range(len(names))),
        "customdata": names,
        "text": [f"{value:.1f} · {counts[name]:,}" for value, name in zip(values, names, strict=True)],
        "textposition": "outside",
        "cliponaxis": False,
        "width": 0.72,
        "marker": {
            "color": [ORANGE if each else BLUE for each in chosen],
            "opacity": [1.0 if each or not rule.types else 0.45 for each in chosen],
            "line": {"width": 0},
        },
        "hovertext": [
            hint(
                f"<b>{title_of(name)}</b>: {value:.2f} points of mIoU, {counted(counts[name])}",
                f"{TYPES[name].rule[:1].upper()}{TYPES[name].rule[1:]}.",
                "Click: not these" if each else "Click: these",
            )
            for name, value, each in zip(names, values, chosen, strict=True)
        ],
        "hoverinfo": "text",
    }
    labels = [
        f"<b>▸ {title_of(name)}</b>" if each else title_of(name) for name, each in zip(names, chosen, strict=True)
    ]
    aside = f"{right:,} of {counted(total)} are right" + (f", {unlabelled:,} unlabelled" if unlabelled else "")
    most = f"{title_of(names[0])} costs most: {values[0]:.1f} points of mIoU, {counted(counts[names[0]])}"
    return drawn(
        [bars],
        f"{most[:1].upper()}{most[1:]}. {aside}.",
        f"Points of mIoU · phrases ({aside})",
        74 + ROW * len(names),
        xaxis=axis(range=[0, 1.22 * top], showgrid=True, gridcolor=FAINT, nticks=6, rangemode="tozero"),
        yaxis=axis(range=[len(names) - 0.4, -0.6], tickmode="array", tickvals=list(range(len(names))), ticktext=labels),
        # A short bar is hard to hit: whatever is pointed at in its row is it.
        hovermode="y",
    )


def _pick(state: ExplorerState, name: Any) -> Rule:
    types = state.rule.types
    name = str(name)
    return replace(state.rule, types=tuple(each for each in types if each != name) if name in types else (*types, name))


COSTS = Chart(
    "Costs",
    "What each type of failure costs: the points of mIoU that its oracle would gain. Click a bar to see its phrases, again to "
    "leave them out; several add up.",
    _draw,
    _pick,
)
