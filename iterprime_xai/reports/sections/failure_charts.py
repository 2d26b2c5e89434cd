"""Charts of a run's failures: what each type costs, how slices fare, and where in the picture phrases fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.reports.charts import MUTED, chart_of, interval_rows
from iterprime_xai.reports.sheets import Picture, drawn

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures import Density, Priced, Slices


def cost_chart(found: Priced) -> Picture:
    """Points of mIoU that the run would gain without each type, with intervals; dearest on top."""
    from iterprime_xai.evaluation.failures.types import TYPES

    names = [f"{TYPES[each.type].title} ({each.count})" for each in found.prices]
    said = "; ".join(f"{name}: {each.miou.mean:+.1f}" for name, each in zip(names, found.prices, strict=True))
    return interval_rows(
        names,
        [each.miou for each in found.prices],
        axis="points of mIoU gained if this type alone were mended",
        alt=f"What each type of failure costs, in points of mIoU. {said}.",
        from_zero=True,
    )


def slice_chart(found: Slices, most: int = 14) -> Picture:
    """The share of phrases that failed in each slice, with intervals, beside the share of all phrases."""
    whole = 100 * found.failures / found.phrases if found.phrases else 0.0
    rows = found.rows[:most]
    names = [f"{row.name or '(none)'} ({row.count})" for row in rows]
    rates = [row.rate.times(100) for row in rows]
    said = "; ".join(f"{name}: {rate.mean:.0f} %" for name, rate in zip(names, rates, strict=True))
    return interval_rows(
        names,
        rates,
        axis="% of phrases that failed (line: all phrases)",
        alt=f"Share of phrases that failed, by slice. {said}. All phrases: {whole:.0f} %."
        if rows
        else "Share of phrases that failed, by slice: there is no phrase of which that is known.",
        line=whole,
        from_zero=True,
    )


def places_chart(found: Density) -> Picture:
    """The share of failures over the picture, darker where more fail; cells with few phrases are pale, without any empty."""
    bins = len(found.phrases)
    figure, axes = chart_of(4.2, 3.9)
    rate = np.ma.masked_invalid(100 * found.rate)
    shown = axes.imshow(
        rate,
        extent=(0, 100, 100, 0),
        cmap="YlOrBr",
        vmin=0,
        vmax=100,
        alpha=np.clip(found.phrases / 5, 0.25, 1) * (found.phrases > 0),
        aspect="auto",
    )
    for row in range(bins):
        for column in range(bins):
            if found.phrases[row, column]:
                dark = found.rate[row, column] > 0.6 and found.phrases[row, column] >= 5
                axes.text(
                    (column + 0.5) * 100 / bins,
                    (row + 0.5) * 100 / bins,
                    f"{found.phrases[row, column]}",
                    ha="center",
                    va="center",
                    size=7,
                    color="white" if dark else MUTED,
                )
    axes.set(xlabel="% of the picture's width", ylabel="% of its height")
    bar = figure.colorbar(shown, ax=axes, fraction=0.05)
    bar.set_label("% failed")
    bar.outline.set_visible(False)
    by = {"gold": "the middle of the gold mask's box", "peak": "the peak of the heat"}[found.by]
    worst = int(np.nanargmax(np.where(found.phrases >= 5, found.rate, -1))) if (found.phrases >= 5).any() else None
    said = (
        ""
        if worst is None
        else f" Most often in row {worst // bins + 1}, column {worst % bins + 1}: {100 * found.rate.flat[worst]:.0f} % of "
        f"{found.phrases.flat[worst]}."
    )
    return drawn(figure, f"Share of failures over the picture, by {by}; numbers count phrases.{said}")
