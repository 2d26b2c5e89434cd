"""Single pictures of a figure: heat over the picture, hidden patches, outline, box and peak, a colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.records.heatmap import resize
from iterprime_xai.visualize.colours import Scale, overlay
from iterprime_xai.visualize.contours import contours
from iterprime_xai.visualize.describe import number

HALO, LINE, GOLD = "#10151c", "#ffffff", "#ff8ad8"
PIXELS_SHOWN_BELOW = 64
MOST_STRETCHED = 8.0
"""Pictures longer than this many times their width (or wider than high) are drawn compressed to it."""


def sized(image: Image.Image, longest: int) -> Image.Image:
    """The picture as RGB with its longer side of ``longest`` pixels.

    Small pictures grow, so that the heat over them is smooth; very small ones keep their square pixels.
    """
    factor = longest / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    method = Image.Resampling.NEAREST if max(image.size) < PIXELS_SHOWN_BELOW else Image.Resampling.LANCZOS
    return image.convert("RGB").resize(size, method, reducing_gap=3.0 if factor < 1 else None)


def aspect_of(image: Image.Image) -> float:
    """Width over height as drawn: the picture's own, but no longer than ``MOST_STRETCHED`` either way."""
    return drawn_aspect(image.width, image.height)


def drawn_aspect(width: int, height: int) -> float:
    """The same of a picture that is not at hand."""
    return min(max(width / height, 1 / MOST_STRETCHED), MOST_STRETCHED)


def fitted(aspect: float, width: float, height: float) -> tuple[float, float]:
    """The largest (width, height) of that aspect inside a frame."""
    return (width, width / aspect) if width / aspect <= height else (height * aspect, height)


@dataclass(frozen=True)
class Canvas:
    """The picture made ready for many panels: pixels for drawing, outlines in the picture's own coordinates."""

    pixels: np.ndarray
    width: int
    height: int
    outlines: Sequence[np.ndarray]

    @classmethod
    def of(cls, image: Image.Image, mask: np.ndarray | None, longest: int) -> Canvas:
        """Bring the picture to ``longest`` pixels and trace the mask."""
        outlines = [] if mask is None else contours(mask)
        return cls(np.asarray(sized(image, longest)), image.width, image.height, outlines)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Where matplotlib places the picture: x from 0 to its width, y downwards from 0 to its height."""
        return 0, self.width, self.height, 0


def draw_picture(axes: Any, canvas: Canvas) -> None:
    """The picture as it is."""
    _show(axes, canvas, canvas.pixels)


def draw_heat(axes: Any, canvas: Canvas, heatmap: np.ndarray, scale: Scale) -> None:
    """Heat over the picture, which loses most of its own colours."""
    _show(axes, canvas, overlay(canvas.pixels, resize(heatmap, canvas.pixels.shape[:2]), scale))


def _show(axes: Any, canvas: Canvas, pixels: np.ndarray) -> None:
    axes.imshow(pixels, extent=canvas.extent, aspect="auto", interpolation="antialiased")
    axes.set_xlim(0, canvas.width)
    axes.set_ylim(canvas.height, 0)


def draw_outline(axes: Any, canvas: Canvas, weight: float = 1.0) -> None:
    """The mask's outline: white on a dark halo, so that it shows on any colour."""
    _outline(axes, canvas.outlines, weight, LINE, "-")


def draw_gold(axes: Any, outlines: Sequence[np.ndarray], weight: float = 1.0) -> None:
    """The outline of the gold mask, dashed: drawn over the answer's, both are seen where they run along the same edge."""
    _outline(axes, outlines, weight, GOLD, (0, (2.2, 1.6)))


def _outline(axes: Any, outlines: Sequence[np.ndarray], weight: float, line: str, style: Any) -> None:
    from matplotlib.collections import PolyCollection

    for colour, width in ((HALO, 3.6 * weight), (line, 1.7 * weight)):
        axes.add_collection(
            PolyCollection(
                list(outlines),
                facecolors="none",
                edgecolors=colour,
                linewidths=width,
                linestyles=[style],
                joinstyle="round",
            ),
            autolim=False,
        )


def draw_box(axes: Any, box: tuple[int, int, int, int]) -> None:
    """The box, thin and dashed: a help for the eye, not the answer."""
    from matplotlib.patches import Rectangle

    left, top, right, bottom = box
    for colour, width, style in ((HALO, 2.2, "-"), (LINE, 1.0, (0, (4, 3)))):
        axes.add_patch(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                fill=False,
                ec=colour,
                lw=width,
                ls=style,
                alpha=0.75,
                clip_on=False,
            )
        )


def draw_peak(axes: Any, point: tuple[int, int], weight: float = 1.0) -> None:
    """The peak as a small ring."""
    x, y = point[0] + 0.5, point[1] + 0.5
    for colour, width in ((HALO, 3.2 * weight), (LINE, 1.5 * weight)):
        axes.plot(
            [x],
            [y],
            marker="o",
            markersize=8.5 * weight,
            markerfacecolor="none",
            markeredgecolor=colour,
            markeredgewidth=width,
        )


def draw_hidden(axes: Any, canvas: Canvas, keep: np.ndarray) -> None:
    """Patches that a pass was not allowed to see: greyed and hatched."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if keep.all():
        return
    rows, columns = keep.shape
    tall, wide = canvas.height / rows, canvas.width / columns
    corners = [
        ((x * wide, y * tall), ((x + 1) * wide, y * tall), ((x + 1) * wide, (y + 1) * tall), (x * wide, (y + 1) * tall))
        for y, x in np.argwhere(~keep)
    ]
    vertices = [point for cell in corners for point in (*cell, cell[0])]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(corners)
    path = Path(vertices, codes)
    axes.add_artist(PathPatch(path, facecolor="#8b919a", edgecolor="none", linewidth=0, alpha=0.78))
    axes.add_artist(PathPatch(path, facecolor="none", edgecolor="#ffffff", linewidth=0, alpha=0.85, hatch="/////"))


def draw_frame(axes: Any, canvas: Canvas, colour: str, dashed: bool = False) -> None:
    """A thin frame around the picture."""
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle(
            (0, 0),
            canvas.width,
            canvas.height,
            fill=False,
            ec=colour,
            lw=1.8 if dashed else 0.8,
            ls=(0, (5, 3)) if dashed else "-",
            clip_on=False,
        )
    )


def draw_colour_bar(axes: Any, scale: Scale, size: float, colour: str) -> None:
    """An upright colour bar with its ends (and zero, on a signed scale) as numbers."""
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 256)
    axes.imshow(scale.table[:, None, :], extent=(0, 1, 0, 256), origin="lower", aspect="auto", interpolation="nearest")
    ends = [(4, scale.low, "bottom"), (252, scale.high, "top")]
    if scale.signed:
        ends.append((128, 0.0, "center"))
    for place, value, align in ends:
        axes.text(1.35, place, number(value), va=align, ha="left", size=size, color=colour, parse_math=False)
