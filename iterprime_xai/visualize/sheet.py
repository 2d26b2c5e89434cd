"""A sheet of blocks stacked from top to bottom, measured in inches, on a matplotlib figure without pyplot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from iterprime_xai.visualize.lettering import Style, families

WIDTH = 11.0
"""Width of the printed part of a sheet, in inches."""

MARGIN = 0.4

INK, MUTED, HAIRLINE, PAPER = "#1b1f24", "#5d6673", "#dfe3e8", "#ffffff"
ACCENT, WARNING = "#1f6f8b", "#b3560b"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the sheet: its height in inches, and how it is drawn given the sheet and its top edge."""

    height: float
    draw: Callable[[Sheet, float], None]


class Sheet:
    """A matplotlib figure addressed in inches from the top left corner of its printed part."""

    def __init__(self, height: float) -> None:
        from matplotlib.figure import Figure

        self.height = height + 2 * MARGIN
        self.width = WIDTH + 2 * MARGIN
        self.figure = Figure(figsize=(self.width, self.height), facecolor=PAPER)

    def place(self, left: float, top: float, width: float, height: float) -> tuple[float, float, float, float]:
        """A rectangle in inches as matplotlib's fractions (left, bottom, width, height)."""
        bottom = self.height - MARGIN - top - height
        return (MARGIN + left) / self.width, bottom / self.height, width / self.width, height / self.height

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """Empty axes without ticks and frame."""
        axes = self.figure.add_axes(self.place(left, top, width, height))
        axes.set_axis_off()
        return axes

    def text(self, left: float, top: float, text: str, style: Style, align: str = "left") -> None:
        """One line of already drawable text whose line box starts at ``top``; never read as mathematics."""
        x, y, _, _ = self.place(left, top + 0.5 * style.line, 0, 0)
        self.figure.text(
            x,
            y,
            text,
            ha=align,
            va="center_baseline",
            size=style.size,
            weight="bold" if style.bold else "normal",
            color=style.colour,
            family=list(families()),
            parse_math=False,
        )

    def box(self, left: float, top: float, width: float, height: float, **looks: Any) -> None:
        """A filled rectangle; ``rounding`` in inches rounds its corners."""
        from matplotlib.patches import FancyBboxPatch

        rounding = looks.pop("rounding", 0.0)
        x, y = MARGIN + left, self.height - MARGIN - top - height
        self.figure.patches.append(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                boxstyle=f"round,pad=0,rounding_size={rounding}" if rounding else "square,pad=0",
                transform=self.figure.dpi_scale_trans,
                figure=self.figure,
                **({"linewidth": 0} | looks),
            )
        )


def stacked(blocks: Sequence[Block], gap: float) -> Any:
    """The figure that shows the blocks one below the other."""
    sheet = Sheet(sum(block.height for block in blocks) + gap * max(0, len(blocks) - 1))
    top = 0.0
    for block in blocks:
        block.draw(sheet, top)
        top += block.height + gap
    return sheet.figure
