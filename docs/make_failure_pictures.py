"""Draw where in the picture a run fails, into docs/images: ``python docs/make_failure_pictures.py RUN``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import iterprime_xai as ix
from iterprime_xai.evaluation.failures import Density, density, failure_table
from iterprime_xai.reports.sheets import Picture, drawn
from iterprime_xai.visualize.colours import Scale
from iterprime_xai.visualize.lettering import Style
from iterprime_xai.visualize.sheet import HAIRLINE, INK, MUTED, PAPER, WIDTH, Block, Sheet, stacked

IMAGES = Path(__file__).parent / "images"
BINS = 6
FEWEST = 10
"""Phrases from which the share of a cell is drawn: of fewer it says little."""

_TITLE, _LINE = Style(10, bold=True), Style(8.8, colour=MUTED)
_GAP = 0.3


def cells(axes: Any, values: np.ndarray, shown: np.ndarray, scale: Scale) -> None:
    """A square for each cell, coloured by its value, with its text; a cell without one stays white."""
    from matplotlib.patches import Rectangle

    bins = len(values)
    axes.set_xlim(0, bins)
    axes.set_ylim(bins, 0)
    for (row, column), value in np.ndenumerate(values):
        known = bool(np.isfinite(value))
        level = round(255 * float(scale.levels(np.array(value)))) if known else 0
        colour = tuple(scale.table[level] / 255) if known else PAPER
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor=HAIRLINE, linewidth=0.8))
        dark = known and np.dot(colour, (0.299, 0.587, 0.114)) < 0.55
        axes.text(
            column + 0.5, row + 0.5, shown[row, column], ha="center", va="center", size=8,
            color=PAPER if dark else INK if known else MUTED,
        )  # fmt: skip


def picture(title: str, gold: Density, peak: Density) -> Picture:
    """How many phrases lie where by their gold masks, and what share fails: by gold, and by where the heat peaks."""
    rates = [np.where(each.phrases >= FEWEST, each.rate, np.nan) for each in (gold, peak)]
    ends = np.nanmin(rates), np.nanmax(rates)
    shares = Scale(*map(float, ends))
    counts = Scale(0.0, float(gold.phrases.max()))
    percents = [np.where(np.isfinite(rate), np.char.mod("%.0f %%", 100 * rate), "·") for rate in rates]
    panels = (
        (
            "phrases by gold",
            "the middle of the gold mask's box",
            gold.phrases.astype(float),
            gold.phrases.astype(str),
            counts,
        ),
        ("failed, by gold", f"of phrases whose gold lies there; · fewer than {FEWEST}", rates[0], percents[0], shares),
        ("failed, by peak", "of phrases whose heat peaks there, on the same colours", rates[1], percents[1], shares),
    )
    side = (WIDTH - 2 * _GAP) / 3

    def draw(paper: Sheet, top: float) -> None:
        for place, (name, line, values, shown, scale) in enumerate(panels):
            left, edge = place * (side + _GAP), top + _TITLE.line + 0.05
            paper.text(left, top, f"{title}: {name}" if not place else name, _TITLE)
            cells(paper.axes(left, edge, side, side), values, shown, scale)
            paper.text(left, edge + side + 0.06, line, _LINE)

    failed, count = int(gold.failures.sum()), int(gold.phrases.sum())
    alt = (
        f"{title}: where in the picture phrases lie and fail. {failed} of {count} failed; the share of a cell goes from "
        f"{100 * ends[0]:.0f} to {100 * ends[1]:.0f} percent."
    )
    return drawn(stacked([Block(_TITLE.line + side + _LINE.line + 0.15, draw)], gap=0), alt)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run's folder; that of docs/failures.md is tas on scenes:testA")
    run = ix.read_run(parser.parse_args().run)
    rows = failure_table(run).rows
    asked = run.manifest.asked
    found = picture(f"{asked['system']} on {asked['data']}", density(rows, bins=BINS), density(rows, "peak", BINS))
    (IMAGES / "failure_density.jpg").write_bytes(found.content)
    print(found.alt)


if __name__ == "__main__":
    main()
