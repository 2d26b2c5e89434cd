"""The charts of points: what was answered against what could have been, and one run against another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.records.errors import OptionError
from iterprime_xai.visualize.explorer.charts.look import (
    BLUE,
    FAINT,
    GREEN,
    ORANGE,
    PURPLE,
    TEXT,
    Chart,
    Drawing,
    axis,
    counted,
    drawn,
    hint,
    label,
    nothing,
    nothing_left,
    title_of,
    toggled,
)
from iterprime_xai.visualize.explorer.metrics import METRICS
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import CHANGES, Rule
from iterprime_xai.visualize.explorer.state import ExplorerState

MOST_POINTS = 3000
"""Points that are drawn: more only hide each other."""

HEIGHT = 430

_CHANGE_LOOKS = {
    "fixed": (GREEN, "triangle-up"),
    "broken": (ORANGE, "triangle-down"),
    "both_wrong": (PURPLE, "x-thin"),
    "both_right": (BLUE, "circle"),
}


def _draw_best(state: ExplorerState) -> Drawing:
    phrases, threshold = state.phrases, state.phrases.threshold
    rest = _without(state.rule, _BEST)
    best, iou = phrases.figures["best_iou"], phrases.figures["iou"]
    there = phrases.matching(rest, state.marks()) & np.isfinite(best) & np.isfinite(iou)
    right = phrases.types == list(TYPES).index("right")
    groups = {
        "right": (there & right, BLUE, "circle"),
        "a better mask was there": (there & ~right & (best >= threshold), ORANGE, "triangle-down"),
        "no mask fits": (there & ~right & (best < threshold), PURPLE, "x-thin"),
    }
    traces, drawn_points, total = _points(phrases, best, iou, groups)
    if not total:
        return nothing(traces, nothing_left(state, rest))
    counts = {name: int(group.sum()) for name, (group, _, _) in groups.items()}
    return drawn(
        traces,
        f"{counts['right']:,} of {counted(total)} are right; {counts['a better mask was there']:,} had a proposal that fits and "
        f"another answer; for {counts['no mask fits']:,} no proposal fits.",
        _how_many(drawn_points, total),
        HEIGHT,
        **_square("IoU of the best proposal", "IoU of the answer"),
        shapes=[*_lines(threshold), *_region(state.rule, _BEST)],
    )


def _pick_best(state: ExplorerState, data: Any) -> Rule:
    """A point is one phrase, to be looked at: the rule stays."""
    return state.rule


def _draw_runs(state: ExplorerState) -> Drawing:
    phrases = state.phrases
    if phrases.changes is None:
        raise OptionError("This chart compares two runs: open the explorer with a second one, against=...")
    rest = replace(_without(state.rule, _RUNS), change="")
    there, here = phrases.figures["against_iou"], phrases.figures["iou"]
    keep = phrases.matching(rest, state.marks()) & (phrases.changes >= 0)
    groups = {name: (keep & (phrases.changes == code), *_CHANGE_LOOKS[name]) for code, name in enumerate(CHANGES)}
    traces, drawn_points, total = _points(phrases, there, here, groups)
    counts = {name: int(group.sum()) for name, (group, _, _) in groups.items()}
    traces.append(_corners(counts, state.rule.change))
    if not total:
        return nothing([*traces[:-1], {"type": "scatter"}], nothing_left(state, rest))
    said = ", ".join(f"{counts[name]:,} {name.replace('_', ' ')}" for name in CHANGES)
    return drawn(
        traces,
        f"Against the other run, of {counted(total)}: {said}.",
        _how_many(drawn_points, total),
        HEIGHT + 50,
        **_square("IoU in the other run", "IoU here", room=0.1),
        shapes=[*_lines(phrases.threshold), *_region(state.rule, _RUNS)],
    )


def _pick_runs(state: ExplorerState, data: Any) -> Rule:
    """A corner's words, or a point: what became of the phrase."""
    if isinstance(data, str):
        name = data
    else:
        assert state.phrases.changes is not None
        name = list(CHANGES)[int(state.phrases.changes[int(data)])]
    return toggled(state.rule, {"change": name}, {"change": ""})


def boxed_rule(rule: Rule, axes: Sequence[str], ranges: Sequence[tuple[float, float] | None]) -> Rule:
    """The rule with the ranges of a box, in thousandths, open where the box goes past 0 or 1; ``None`` takes a range away."""
    found = {name: ends for name, ends in rule.ranges.items() if name not in axes}
    for name, ends in zip(axes, ranges, strict=True):
        if ends is None:
            continue
        low, high = math.floor(1000 * min(ends)) / 1000, math.ceil(1000 * max(ends)) / 1000
        if low > 0 or high < 1:
            found[name] = (low if low > 0 else None, high if high < 1 else None)
    return replace(rule, ranges=found)


_BEST, _RUNS = ("best_iou", "iou"), ("against_iou", "iou")


def _without(rule: Rule, axes: Sequence[str]) -> Rule:
    return replace(rule, ranges={name: ends for name, ends in rule.ranges.items() if name not in axes})


def _points(
    phrases: Phrases, across: np.ndarray, upwards: np.ndarray, groups: dict[str, tuple[np.ndarray, str, str]]
) -> tuple[list[dict[str, Any]], int, int]:
    """A trace for each group of phrases, how many points they have together, and how many phrases there are."""
    everything = np.flatnonzero(np.logical_or.reduce([group for group, _, _ in groups.values()]))
    shown = everything
    if len(everything) > MOST_POINTS:
        # Drawn by lot once for the whole run, so that a point does not come and go with the rule.
        first = np.argpartition(phrases.lots[everything], MOST_POINTS)[:MOST_POINTS]
        shown = np.sort(everything[first])
    traces = []
    for name, (group, colour, symbol) in groups.items():
        places = shown[group[shown]]
        rows = phrases.rows.select(["text", "type"]).take(places)
        size = 9 if symbol == "x-thin" else 7
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"{name.replace('_', ' ')} {int(group.sum()):,}",
                "x": np.round(across[places], 3).tolist(),
                "y": np.round(upwards[places], 3).tolist(),
                "customdata": places.tolist(),
                "hovertext": [
                    hint(f"“{label(text, 80)}”", title_of(kind))
                    for text, kind in zip(rows["text"].to_pylist(), rows["type"].to_pylist(), strict=True)
                ],
                "hovertemplate": "%{hovertext}<br>%{x:.2f} across, %{y:.2f} upwards<extra></extra>",
                "marker": {
                    "color": colour,
                    "symbol": symbol,
                    "size": size,
                    "opacity": 0.7,
                    "line": {"color": colour, "width": 1.5 if symbol == "x-thin" else 0},
                },
                # The ranges of the rule tell what a box chose, not plotly's dimming, which would stay on other points.
                "selected": {"marker": {"opacity": 0.7}},
                "unselected": {"marker": {"opacity": 0.7}},
                "showlegend": True,
            }
        )
    return traces, len(shown), len(everything)


def _corners(counts: dict[str, int], chosen: str) -> dict[str, Any]:
    """Words outside the four corners, which can be clicked."""
    corners = {"fixed": (0.12, 1.06), "both_right": (0.85, 1.06), "both_wrong": (0.12, -0.06), "broken": (0.85, -0.06)}
    words = [f"{name.replace('_', ' ')} {counts[name]:,}" for name in corners]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [x for x, _ in corners.values()],
        "y": [y for _, y in corners.values()],
        "text": [f"<b>▸ {said}</b>" if name == chosen else said for name, said in zip(corners, words, strict=True)],
        "textposition": "middle center",
        "textfont": {"size": 13},
        "customdata": list(corners),
        "hovertext": [hint(f"<b>{CHANGES[name]}</b>", "Click: these, again: all") for name in corners],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {"size": 44, "opacity": 0, "symbol": "square"},
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
        "showlegend": False,
        "cliponaxis": False,
    }


def _square(across: str, upwards: str, room: float = 0.02) -> dict[str, Any]:
    ticks = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "range": [-room, 1 + room], "showgrid": True, "gridcolor": FAINT}
    return {
        "xaxis": axis(title={"text": across, "standoff": 6}, **ticks),
        "yaxis": axis(title={"text": upwards, "standoff": 6}, **ticks),
        "dragmode": "select",
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.01,
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
        },
        "margin": {"l": 8, "r": 16, "t": 62, "b": 8},
        "newselection": {"line": {"color": ORANGE, "width": 2, "dash": "solid"}},
    }


def _lines(threshold: float) -> list[dict[str, Any]]:
    """y = x, and from which IoU an answer is right."""
    dashed, dotted = {"color": TEXT, "width": 1, "dash": "dash"}, {"color": TEXT, "width": 1, "dash": "dot"}
    ends = [(0, 0, 1, 1, dotted), (threshold, 0, threshold, 1, dashed), (0, threshold, 1, threshold, dashed)]
    return [
        {"type": "line", "x0": x0, "y0": y0, "x1": x1, "y1": y1, "line": line, "layer": "below"}
        for x0, y0, x1, y1, line in ends
    ]


def _region(rule: Rule, axes: Sequence[str]) -> list[dict[str, Any]]:
    """What the rule's ranges leave, as a rectangle."""
    if not any(name in rule.ranges for name in axes):
        return []
    (left, right), (bottom, top) = (
        tuple(
            bound if end is None else min(max(float(end), 0.0), 1.0)
            for end, bound in zip(rule.ranges.get(name, (None, None)), (0.0, 1.0), strict=True)
        )
        for name in axes
    )
    line = {"color": ORANGE, "width": 2}
    return [
        {
            "type": "rect",
            "x0": left,
            "y0": bottom,
            "x1": right,
            "y1": top,
            "line": line,
            "fillcolor": "rgba(224,130,20,0.08)",
        }
    ]


def _how_many(shown: int, total: int) -> str:
    if shown < total:
        return f"{shown:,} of {counted(total)} drawn, by lot. Drag a box to choose."
    return f"{counted(total)}. Drag a box to choose."


BEST = Chart(
    "Best mask",
    "Could it have been better? Across: the IoU of the proposal that fits best; upwards: the IoU of the answer. On the dotted line "
    "the best one was answered; dashed: from where an answer is right. Drag a box for both ranges, double-click to take them away; "
    "click a point to look at it.",
    _draw_best,
    _pick_best,
    axes=_BEST,
)
RUNS = Chart(
    "Two runs",
    f"Which phrases another run gets right. Across: {METRICS['against_iou'].title}; upwards: here. Drag a box for both ranges, "
    "double-click to take them away; click a corner's words or a point for what became of its phrases.",
    _draw_runs,
    _pick_runs,
    axes=_RUNS,
    of_two=True,
)
