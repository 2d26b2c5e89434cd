"""A sheet of blocks stacked from top to bottom, measured in inches, on a matplotlib figure without pyplot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
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

    def __init__(self, height: float, dots_per_inch: float | None = None) -> None:
        from matplotlib.figure import Figure

        self.height = height + 2 * MARGIN
        self.width = WIDTH + 2 * MARGIN
        self.figure = Figure(figsize=(self.width, self.height), facecolor=PAPER, dpi=dots_per_inch)

    def place(self, left: float, top: float, width: float, height: float) -> tuple[float, float, float, float]:
        """A rectangle in inches as matplotlib's fractions (left, bottom, width, height)."""
        bottom = self.height - MARGIN - top - height
        return (MARGIN + left) / self.width, bottom / self.height, width / self.width, height / self.height

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """Empty axes without ticks and frame."""
        axes = self.figure.add_axes(self.place(left, top, width, height))
        axes.set_axis_off()
        return axes

    def photo(self, left: float, top: float, width: float, height: float, size: tuple[int, int]) -> Photo:
        """A place for a picture of ``size`` (width, height) that is as many dots as there are: nothing is resampled.

        Far faster than axes with an image in them, for sheets that are drawn once at the figure's own resolution.
        """
        return Photo(self, left, top, width, height, size)

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


class Photo:
    """A rectangle of a sheet with a picture in it, and lines in the picture's own coordinates.

    It takes what is drawn on axes (:meth:`add_collection`, :meth:`add_patch`, :meth:`add_artist`).
    """

    def __init__(
        self, sheet: Sheet, left: float, top: float, width: float, height: float, size: tuple[int, int]
    ) -> None:
        from matplotlib.transforms import Affine2D

        figure, dots = sheet.figure, sheet.figure.dpi
        self._figure = figure
        self.dots = max(1, round(width * dots)), max(1, round(height * dots))
        self._corner = round((MARGIN + left) * dots), round((sheet.height - MARGIN - top - height) * dots)
        (x, y), (wide, high) = self._corner, self.dots
        self._transform = Affine2D().scale(wide / size[0], -high / size[1]).translate(x, y + high)

    def show(self, pixels: Any) -> None:
        """Put in a uint8 RGB picture of exactly :attr:`dots` (width, height)."""
        self._figure.add_artist(_dots()(pixels, *self._corner))

    def add_artist(self, artist: Any, **_: Any) -> None:
        artist.set_transform(self._transform)
        self._figure.add_artist(artist)

    add_collection = add_patch = add_artist


@cache
def _dots() -> Any:
    """A class of artists that put pixels on the paper as they are; matplotlib's own images are resampled, which is slow."""
    import numpy as np
    from matplotlib.artist import Artist

    class Dots(Artist):
        def __init__(self, pixels: Any, left: int, bottom: int) -> None:
            super().__init__()
            self._where = left, bottom
            opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
            self._pixels = np.concatenate([pixels, opaque], 2)[::-1]

        def draw(self, renderer: Any) -> None:
            context = renderer.new_gc()
            renderer.draw_image(context, *self._where, self._pixels)
            context.restore()

    return Dots


def stacked(blocks: Sequence[Block], gap: float, dots_per_inch: float | None = None) -> Any:
    """The figure that shows the blocks one below the other."""
    sheet = Sheet(sum(block.height for block in blocks) + gap * max(0, len(blocks) - 1), dots_per_inch)
    top = 0.0
    for block in blocks:
        block.draw(sheet, top)
        top += block.height + gap
    return sheet.figure
