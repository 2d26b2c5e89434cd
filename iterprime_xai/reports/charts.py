"""Plain charts for reports: one look for all, values with their intervals, and every number in the alternative text too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.reports.sheets import Picture, drawn
from iterprime_xai.visualize.lettering import drawable

WARM, COOL, MUTED, FAINT = "#b3560b", "#1f6f8b", "#5d6673", "#dfe3e8"


def chart_of(width: float, height: float) -> tuple[Any, Any]:
    """A figure with one axes, in inches: no frame but the two lines that are read off, small grey letters."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    plain(axes, ("left", "bottom"))
    axes.xaxis.label.set(size=8.5, color=MUTED)
    axes.yaxis.label.set(size=8.5, color=MUTED)
    return figure, axes


def plain(axes: Any, lines: Sequence[str]) -> None:
    """Take the frame away but for these sides, which become faint, and make what is written at the axes small and grey."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in lines)
        spine.set_color(FAINT)
    axes.tick_params(colors=MUTED, labelsize=8.5, length=0)


def grid_of_values(axes: Any) -> None:
    """Faint upright lines behind everything, to read values off."""
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def mark(axes: Any, place: float, value: Interval, colour: str, hollow: bool = False) -> None:
    """A value as a dot with its interval as a line, at a height; NaN leaves the place empty."""
    if np.isnan(value.mean):
        return
    ends = [value.low, value.high]
    axes.plot(ends, [place, place], color=colour, linewidth=2.2, alpha=0.45, solid_capstyle="round")
    axes.plot(value.mean, place, "o", color=colour, markersize=5, markerfacecolor="white" if hollow else colour)


def interval_rows(
    names: Sequence[str],
    values: Sequence[Interval],
    *,
    axis: str,
    alt: str,
    line: float | None = None,
    marked: Sequence[bool] | None = None,
    from_zero: bool = False,
    decimals: int = 1,
) -> Picture:
    """One row a name, first on top: a dot, its interval as a line, and the value in figures at the right.

    Args:
        names: what the rows are called.
        values: their values with intervals, as they are to be read off; NaN leaves a row empty.
        axis: what the axis shows, with its unit.
        alt: the alternative text.
        line: a value to compare with, as an upright line.
        marked: rows in the second colour.
        from_zero: whether the axis must show 0.
    """
    figure, axes = chart_of(7.2, 0.55 + 0.27 * max(1, len(names)))
    places = np.arange(len(names))[::-1]
    colours = [COOL if each else WARM for each in (marked or [False] * len(names))]
    for place, value, colour in zip(places, values, colours, strict=True):
        mark(axes, place, value, colour)
        if np.isnan(value.mean):
            continue
        axes.annotate(
            f"{value.mean:.{decimals}f}",
            (1.01, place),
            xycoords=("axes fraction", "data"),
            size=8.5,
            color=colour,
            va="center",
        )
    if line is not None:
        axes.axvline(line, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    if from_zero:
        axes.axvline(0, color=FAINT, linewidth=1, zorder=0)
    axes.set_yticks(places, [drawable(each) for each in names], color="#1b1f24", parse_math=False)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlabel(axis)
    grid_of_values(axes)
    return drawn(figure, alt)
