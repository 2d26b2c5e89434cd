"""Two runs in pictures: differences with their intervals, IoU against IoU, and the phrases on which they part, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.failures.case import Case, open_case
from iterprime_xai.evaluation.failures.two_runs import counted
from iterprime_xai.evaluation.measures.metrics import METRICS
from iterprime_xai.evaluation.measures.summing_up import points
from iterprime_xai.reports.charts import COOL, FAINT, MUTED, WARM, chart_of, interval_rows
from iterprime_xai.reports.exhibits import Exhibit
from iterprime_xai.reports.sheets import Panel, Picture, drawn, sheet
from iterprime_xai.visualize import describe, failure_facts
from iterprime_xai.visualize.lettering import drawable
from iterprime_xai.visualize.tables import shown

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures.two_runs import Far, GroupPair, TwoRuns
    from iterprime_xai.evaluation.measures.comparing import Comparison
    from iterprime_xai.evaluation.runs.reading import Run

FEW_METRICS = ("oiou", "miou", "p50", "peak")
"""Metrics that are drawn where several runs are compared with one."""


def metric_chart(comparison: Comparison) -> Picture:
    """Differences from the run that is compared with, one row a metric; of several runs `FEW_METRICS`, one row a metric and run."""
    runs = [each for each in comparison.groups[0].runs if each.differences is not None]
    chosen = [each for each in runs[0].metrics if len(runs) == 1 or each in FEW_METRICS]
    named = [
        (METRICS[metric].title if len(runs) == 1 else f"{METRICS[metric].title}, {each.run}", value)
        for metric in chosen
        for each in runs
        for value in [(each.differences or {})[metric]]
    ]
    clear = [value.low > 0 or value.high < 0 for _, value in named]
    return _differences(
        named, f"points more than {comparison.against}", f"Differences from {comparison.against}", clear
    )


def group_chart(pair: TwoRuns, found: Sequence[GroupPair]) -> Picture:
    """The difference in mean IoU of each group of phrases."""
    named = [(f"{each.name} ({each.counts.count})", each.difference) for each in found]
    axis = f"mIoU: points more for {pair.run} than for {pair.against}"
    what = f"Difference in mIoU of {pair.run} from {pair.against}"
    return _differences(named, axis, what, [each.clear for each in found])


def _differences(named: Sequence[tuple[str, Interval]], axis: str, what: str, clear: Sequence[bool]) -> Picture:
    """Rows of differences in points; clear ones are in the first colour, the others in the second."""
    values = [each.times(100) for _, each in named]
    said = "; ".join(f"{name} {points(each)}" for name, each in named)
    return interval_rows(
        [name for name, _ in named],
        values,
        axis=axis,
        alt=f"{what}, in points: {said}.",
        line=0.0,
        marked=[not each for each in clear],
    )


def iou_chart(pair: TwoRuns) -> Picture:
    """A point a phrase: its IoU in the other run across, in this one upwards; what only one run gets right is coloured."""
    from matplotlib import rc_context

    from iterprime_xai.visualize.lettering import SETTINGS

    mine, theirs = pair.ious
    right, right_there = pair.right
    found = counted(pair)
    with rc_context(SETTINGS):
        figure, axes = chart_of(5.2, 4.9)
        for chosen, colour, marker, name in (
            (right == right_there, MUTED, ".", f"both or neither right ({found.both + found.neither})"),
            (right & ~right_there, COOL, "^", f"only {pair.run} ({found.gained})"),
            (~right & right_there, WARM, "v", f"only {pair.against} ({found.lost})"),
        ):
            faint = 0.25 if colour == MUTED else 0.7
            axes.scatter(
                theirs[chosen], mine[chosen], s=18, color=colour, marker=marker, alpha=faint, linewidths=0, label=name
            )
        for at in (axes.axhline, axes.axvline):
            at(pair.threshold, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, zorder=0)
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        axes.set_xlabel(drawable(f"IoU in {pair.against}"), parse_math=False)
        axes.set_ylabel(drawable(f"IoU in {pair.run}"), parse_math=False)
        legend = axes.legend(
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=3,
            frameon=False,
            fontsize=8,
            handletextpad=0.2,
            columnspacing=1.2,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    alt = (
        f"IoU of {len(pair)} phrases in {pair.run} against {pair.against}: {found.both} right in both, {found.gained} only in "
        f"{pair.run}, {found.lost} only in {pair.against}, {found.neither} in neither."
    )
    return drawn(figure, alt)


def apart(
    runs: Sequence[Run], names: Sequence[str], phrases: Sequence[Far], threshold: float
) -> Iterator[Exhibit | Picture]:
    """For each phrase a line that says what both runs did, and a sheet: the truth, and each run's heat with its answer."""
    for each in phrases:
        cases = [open_case(run, each.sample_id, threshold) for run in runs]
        told = "".join(
            f"<li>{shown(name)}: {shown(failure_facts.verdict(case))}</li>"
            for name, case in zip(names, cases, strict=True)
        )
        yield Exhibit(f"<p><b>“{shown(describe.one_line(each.text))}”</b> ({shown(each.sample_id)})</p><ul>{told}</ul>")
        yield _beside(cases, names, each.text)


def _beside(cases: Sequence[Case], names: Sequence[str], text: str) -> Exhibit | Picture:
    image = cases[0].image
    if image is None:
        return Exhibit(f"<p>There is no picture to show: {shown(cases[0].problem)}</p>")
    found = [Panel("what is meant", describe.one_line(text), mask=cases[0].gold)]
    found += [_panel(name, case) for name, case in zip(names, cases, strict=True)]
    said = "; ".join(f"{panel.title}, {panel.line}" for panel in found[1:])
    return sheet(image, found, alt=f"“{text}”: the gold mask, and the heat with the answer's outline of {said}.")


def _panel(name: str, case: Case) -> Panel:
    found: Any = case.grounding
    if found is None:
        return Panel(name, "no result")
    iou = case.row["iou"]
    line = "no answer" if found.mask is None else f"IoU {iou:.2f}"
    kept = case.row["heat_in_mask"]
    if kept is not None and not np.isnan(kept):
        line += f", {describe.percent(kept)} of the heat on it"
    return Panel(name, line, found.heatmap, found.mask)
