"""Ways to look in pictures: methods by metrics beside the floors, and the maps of all of them on one phrase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.explanation.beliefs import best_floor, mean_of
from iterprime_xai.evaluation.explanation.judged_tables import SHOWN
from iterprime_xai.reports.charts import COOL, FAINT, MUTED, WARM, grid_of_values, mark, plain
from iterprime_xai.reports.sheets import Panel, Picture, drawn, sheet
from iterprime_xai.visualize import describe
from iterprime_xai.visualize.lettering import SETTINGS, drawable

if TYPE_CHECKING:
    from iterprime_xai.evaluation.explanation.beliefs import Belief
    from iterprime_xai.evaluation.explanation.judging import MapRow
    from iterprime_xai.models.reading_matcher import ReadingMatcher
    from iterprime_xai.records import Sample

CHARTED = ("pointing", "energy", "deletion", "insertion")
"""Metrics of the chart: two of localisation, two of faithfulness."""


def metric_chart(maps: Sequence[MapRow], found: Sequence[Belief], floors: Sequence[str], seed: int = 0) -> Picture:
    """A column a metric, a row a method, floors below and grey: means with intervals, the best floor of each column dashed.

    Methods that fail a sanity check are drawn hollow.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    failed = {each.method for each in found if each.failed}
    there = list(dict.fromkeys(row.method for row in maps))
    first = [name for name in there if name not in floors]
    first.sort(key=lambda name: -_for_order(mean_of(maps, name, "pointing", seed)))
    methods = [*first, *(name for name in there if name in floors)]
    metrics = [name for name in CHARTED if best_floor(maps, [*first, *floors], name)]
    values = {(name, metric): mean_of(maps, name, metric, seed) for name in methods for metric in metrics}
    places = np.arange(len(methods))[::-1]
    with rc_context(SETTINGS):
        figure = Figure(figsize=(9.4, 0.85 + 0.27 * len(methods)), layout="constrained")
        every: Any = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for axes, metric in zip(every, metrics, strict=True):
            plain(axes, ("bottom",))
            grid_of_values(axes)
            for place, name in zip(places, methods, strict=True):
                colour = MUTED if name in floors else WARM if name in failed else COOL
                mark(axes, place, values[name, metric], colour, hollow=name in failed)
            floor = best_floor(maps, floors, metric)
            if floor is not None:
                at = values[floor, metric].mean
                axes.axvline(at, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
            axes.set_title(SHOWN[metric], size=9, color="#1b1f24", loc="left")
            axes.set_xlim(-0.03, 1.03)
            axes.set_ylim(-0.6, len(methods) - 0.4)
            axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
            axes.axhline(len(methods) - len(first) - 0.5, color=FAINT, linewidth=1)
        every[0].set_yticks(places, [drawable(each) for each in methods], color="#1b1f24", parse_math=False)
    said = "; ".join(
        f"{name}: " + ", ".join(f"{_short(metric)} {values[name, metric].mean:.2f}" for metric in metrics)
        for name in methods
    )
    return drawn(figure, f"Methods by metrics, floors last. {said}.")


def _for_order(value: Interval) -> float:
    return -1.0 if math.isnan(value.mean) else value.mean


def _short(metric: str) -> str:
    return SHOWN[metric].split(" (")[0]


def maps_sheet(matcher: ReadingMatcher, sample: Sample, methods: Sequence[str], layer: int | None = None) -> Picture:
    """The map of every method for one phrase, each on its own colour scale; the outline is what is meant."""
    from iterprime_xai.data.images import read_image
    from iterprime_xai.evaluation.explanation.judging import subject_of
    from iterprime_xai.records.heatmap import is_blank, peak
    from iterprime_xai.saliency import get_method

    picture = read_image(sample.image).image
    chosen, _ = matcher.choose_layer(layer)
    subject = subject_of(matcher, picture, matcher.encode_image(picture), sample.text, chosen)
    found = []
    for name in methods:
        heatmap = get_method(name).look(matcher, subject).heatmap
        point = None if is_blank(heatmap) else peak(heatmap, (picture.height, picture.width))
        line = "blank"
        if point is not None and sample.mask is not None:
            line = "peak on the thing" if sample.mask[point[1], point[0]] else "peak elsewhere"
        found.append(Panel(name, line, heatmap, sample.mask))
    said = ", ".join(f"{each.title}: {each.line}" for each in found)
    return sheet(
        picture, found, alt=f"“{describe.one_line(sample.text)}” by every method. {said}.", columns=_columns(len(found))
    )


def _columns(panels: int) -> int:
    """Four or five, whichever leaves fewer places of the last row empty."""
    return min((4, 5), key=lambda columns: -panels % columns)


def two_samples(data: str, kinds: Sequence[str] = ("position", "attribute")) -> list[Sample]:
    """Two phrases of different pictures to look at: the first of each kind where the data set tells kinds, else the first two."""
    from iterprime_xai.data import open_data

    opened = open_data(data)
    first: list[Sample] = []
    of_kind: dict[str, Sample] = {}
    for entry in opened.pictures()[:40]:
        samples = [each for each in opened.samples_of(entry) if each.mask is not None and each.mask.any()]
        if samples and len(first) < 2:
            first.append(samples[0])
        taken = False
        for sample in samples:
            kind = sample.tags.get("kind", "")
            if kind in kinds and kind not in of_kind and not taken:
                of_kind[kind], taken = sample, True
        if len(of_kind) == len(kinds):
            return [of_kind[kind] for kind in kinds]
    return first
