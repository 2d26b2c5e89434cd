"""The chart of places: where in the picture phrases fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from iterprime_xai.evaluation.failures.rates import wilson
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.records.errors import OptionError
from iterprime_xai.visualize.explorer.charts.cells import AT_LEAST
from iterprime_xai.visualize.explorer.charts.look import (
    NO_FAILURE,
    ORANGE,
    SHARES,
    TEXT,
    Chart,
    Drawing,
    Option,
    axis,
    counted,
    drawn,
    hint,
    nothing,
    nothing_left,
    title_of,
    toggled,
)
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Place, Rule
from iterprime_xai.visualize.explorer.state import ExplorerState

CELLS = 8
"""Cells down and across."""

BY = {"gold": "the centre of what is meant", "peak": "the peak of the heat"}

_WIDE, _HIGH = 460, 400
"""Pixels that the picture may take."""


def _option(phrases: Phrases) -> Option:
    return Option("by", "By", tuple((title, name) for name, title in BY.items()))


def _draw(state: ExplorerState, by: str = "gold") -> Drawing:
    phrases, rule = state.phrases, state.rule
    _known(by)
    rest = replace(rule, place=None, types=())
    keep = phrases.matching(rest, state.marks()) & (phrases.types >= 0)
    keep &= phrases.types != list(TYPES).index("unlabelled")
    across, down = phrases.centres[by]
    there = keep & np.isfinite(across) & np.isfinite(down)
    wanted = [name for name in TYPES if (name in rule.types if rule.types else name not in NO_FAILURE)]
    hit = np.isin(phrases.types[there], [list(TYPES).index(name) for name in wanted])
    column, row = (_cell(each[there]) for each in (across, down))
    both = row * CELLS + column
    all_of_them, failed = (np.bincount(each, minlength=CELLS * CELLS) for each in (both, both[hit]))
    if not all_of_them.any():
        return nothing([{"type": "heatmap"}], nothing_left(state, rest) if not keep.any() else f"None has {BY[by]}.")
    rates = failed / np.maximum(all_of_them, 1)
    what = "failed" if not rule.types else title_of(wanted[0]) if len(wanted) == 1 else "of the chosen types"
    cells = {
        "type": "heatmap",
        "x": list(range(CELLS)),
        "y": list(range(CELLS)),
        "z": _lines([round(float(rate), 4) if of else None for rate, of in zip(rates, all_of_them, strict=True)]),
        "text": _lines([f"{100 * rate:.0f}" if of else "" for rate, of in zip(rates, all_of_them, strict=True)]),
        "texttemplate": "%{text}",
        "textfont": {"size": 11},
        "customdata": _lines([[at % CELLS, at // CELLS] for at in range(CELLS * CELLS)]),
        "hovertext": _lines(
            [
                hint(
                    f"{100 * rate:.0f} %: {int(count):,} of {counted(int(of))} here {what}",
                    "Click: the phrases that lie here, again: all",
                )
                for rate, count, of in zip(rates, failed, all_of_them, strict=True)
            ]
        ),
        "hoverinfo": "text",
        "hoverongaps": False,
        "colorscale": "Viridis",
        "zmin": 0,
        "zmax": max(0.02, float(rates.max())),
        "xgap": 1,
        "ygap": 1,
        "colorbar": SHARES,
    }
    # Where few phrases lie, a high share is chance: the sentence names the place that is surest.
    sure = np.nan_to_num(
        wilson(failed, np.where(all_of_them >= min(AT_LEAST, int(all_of_them.max())), all_of_them, 0))[0]
    )
    most = int(sure.argmax())
    said = (
        f"By {BY[by]}, cell {most % CELLS + 1} across and {most // CELLS + 1} down stands out most: "
        f"{int(failed[most]):,} of {counted(int(all_of_them[most]))} {what}."
        if failed.any()
        else f"None of {counted(int(there.sum()))} {what}."
    )
    left_out = int(keep.sum() - there.sum())
    aside = f"; {left_out:,} without one left out" if left_out else ""
    aspect = float(np.nanmedian(phrases.aspects[there]))
    wide = min(_WIDE, _HIGH / aspect)
    border = {
        "type": "rect",
        "x0": -0.5,
        "y0": -0.5,
        "x1": CELLS - 0.5,
        "y1": CELLS - 0.5,
        "line": {"color": TEXT, "width": 1},
    }
    return drawn(
        [cells],
        said,
        f"Percent {what}, by {BY[by]}{aside}",
        round(wide * aspect) + 64,
        xaxis=axis(range=[-0.5, CELLS - 0.5], showticklabels=False, constrain="domain"),
        yaxis=axis(
            range=[CELLS - 0.5, -0.5],
            showticklabels=False,
            scaleanchor="x",
            scaleratio=round(aspect, 3),
            constrain="domain",
        ),
        shapes=[border, *_chosen(rule, by)],
    )


def _pick(state: ExplorerState, data: Sequence[Any], by: str = "gold") -> Rule:
    column, row = (min(max(0, int(each)), CELLS - 1) for each in data)
    sides = (column / CELLS, row / CELLS, (column + 1) / CELLS, (row + 1) / CELLS)
    return toggled(state.rule, {"place": Place(_known(by), *sides)}, {"place": None})


def _cell(shares: np.ndarray) -> np.ndarray:
    return np.clip((shares * CELLS).astype(np.int64), 0, CELLS - 1)


def _lines(values: Sequence[Any]) -> list[list[Any]]:
    return [list(values[at : at + CELLS]) for at in range(0, CELLS * CELLS, CELLS)]


def _chosen(rule: Rule, by: str) -> list[dict[str, Any]]:
    if rule.place is None or rule.place.by != by:
        return []
    place, line = rule.place, {"color": ORANGE, "width": 3}
    left, top, right, bottom = (CELLS * each - 0.5 for each in (place.left, place.top, place.right, place.bottom))
    return [{"type": "rect", "x0": left, "y0": top, "x1": right, "y1": bottom, "line": line}]


def _known(by: str) -> Any:
    if by not in BY:
        raise OptionError(f'A place is by "gold" or by "peak", but got {by!r}.')
    return cast(Any, by)


PLACES = Chart(
    "Places",
    "Where in the picture phrases fail: the percentage of those that lie in a cell; with types in the rule, of these types. Click "
    "a cell to see its phrases, again to see all.",
    _draw,
    _pick,
    option=_option,
)
