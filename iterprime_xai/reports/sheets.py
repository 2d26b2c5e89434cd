"""Sheets of small pictures for reports: several heatmaps or masks of one image, each with a title and a line below."""

from __future__ import annotations

import io
import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.records import Grounding
from iterprime_xai.visualize import describe, panels
from iterprime_xai.visualize.colours import scale_of
from iterprime_xai.visualize.contours import contours
from iterprime_xai.visualize.encoded import jpeg
from iterprime_xai.visualize.lettering import Style, drawable, shortened
from iterprime_xai.visualize.panels import Canvas
from iterprime_xai.visualize.sheet import HAIRLINE, MUTED, WARNING, WIDTH, Block, Sheet, stacked

DOTS_PER_INCH = 100
_TITLE, _LINE = Style(10, bold=True), Style(8.8, colour=MUTED)
_GAP, _MOST_HIGH = 0.22, 2.9


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG with its alternative text, shown by notebooks as an image."""

    content: bytes
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/jpeg": b64encode(self.content).decode("ascii"), "text/plain": self.alt}
        return data, {"image/jpeg": {"alt": self.alt}}

    def __repr__(self) -> str:
        return self.alt


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a sheet: a title, a line below, and what is laid over the image.

    That is a heatmap, the outline of a mask, and hatching where ``keep`` (bool, on the grid) leaves patches out.
    """

    title: str
    line: str = ""
    heatmap: np.ndarray | None = None
    mask: np.ndarray | None = None
    keep: np.ndarray | None = None
    marked: bool = False


def photo(image: Image.Image, alt: str, longest: int = 640) -> Picture:
    """The image itself, made smaller for a page where it is large."""
    factor = min(1.0, longest / max(image.size))
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return Picture(jpeg(image.convert("RGB").resize(size, Image.Resampling.LANCZOS)), alt)


def sheet(image: Image.Image, shown: Sequence[Panel], *, alt: str, columns: int = 4, shared: bool = False) -> Picture:
    """Panels in rows, with the image's own outline of a mask over each.

    ``shared`` puts all heatmaps on one colour scale, so that their strengths can be compared; otherwise each has its
    own and only their shapes can. A panel that is ``marked`` gets a heavy frame.
    """
    pixels = np.asarray(panels.sized(image, 480))
    aspect = panels.aspect_of(image)
    columns = max(1, min(columns, len(shown))) if aspect <= 2.4 else min(2, len(shown))
    room = (WIDTH - _GAP * (max(columns, 3) - 1)) / max(columns, 3)
    width, height = panels.fitted(aspect, room, _MOST_HIGH)
    slot = min(room, max(width, 2.4))
    cell = _TITLE.line + 0.05 + height + 0.06 + _LINE.line
    rows = math.ceil(len(shown) / columns)
    maps = [panel.heatmap for panel in shown if panel.heatmap is not None]
    common = scale_of(maps) if shared and maps else None

    def draw(paper: Sheet, top: float) -> None:
        for index, panel in enumerate(shown):
            left, edge = (index % columns) * (slot + _GAP), top + (index // columns) * (cell + 0.2)
            canvas = Canvas(pixels, image.width, image.height, [] if panel.mask is None else contours(panel.mask))
            paper.text(left, edge, shortened(drawable(panel.title), _TITLE, slot), _TITLE)
            axes = paper.axes(left, edge + _TITLE.line + 0.05, width, height)
            if panel.heatmap is None:
                panels.draw_picture(axes, canvas)
            else:
                panels.draw_heat(axes, canvas, panel.heatmap, common or scale_of([panel.heatmap]))
            if panel.keep is not None:
                panels.draw_hidden(axes, canvas, panel.keep)
            panels.draw_outline(axes, canvas, 0.8)
            panels.draw_frame(axes, canvas, WARNING if panel.marked else HAIRLINE, dashed=panel.marked)
            line = shortened(drawable(panel.line), _LINE, slot)
            paper.text(left, edge + _TITLE.line + 0.05 + height + 0.06, line, _LINE)

    return drawn(stacked([Block(rows * cell + (rows - 1) * 0.2, draw)], gap=0), alt)


def word_maps(grounding: Grounding, most: int = 12) -> Picture:
    """Where each word looks in the last pass that counts, all on one colour scale: faint is faint."""
    words, keep = grounding.words[:most], grounding.passes[describe.final_pass(grounding)].keep
    held = describe.shares(grounding.words)
    primary = grounding.expression.words[grounding.expression.primary].span
    shown = [
        Panel(
            f"{word.text}{' (primary)' if word.span == primary else ''}",
            f"{describe.percent(share)} of the heat",
            heatmap=word.heatmap,
            mask=grounding.mask,
            keep=keep,
        )
        for word, share in zip(words, held, strict=False)
    ]
    said = ", ".join(f"{panel.title}: {panel.line}" for panel in shown)
    return sheet(grounding.image, shown, alt=f"Heat of each word on one colour scale. {said}.", shared=True)


def candidates(grounding: Grounding, most: int = 8) -> Picture:
    """The best-ranked proposals as outlines, in order, with their scores."""
    if grounding.selection is None or grounding.proposals is None or not grounding.selection.ranking:
        return photo(grounding.image, "The picture; there are no proposals.")
    ranking, answer = grounding.selection.ranking[:most], grounding.selection.answer
    shown = [
        Panel(
            f"{place}. proposal {ranked.index}{' (the answer)' if ranked.index == answer else ''}",
            f"score {describe.number(ranked.score)}",
            mask=grounding.proposals.masks[ranked.index],
        )
        for place, ranked in enumerate(ranking, 1)
    ]
    said = ", ".join(f"{panel.title}: {panel.line}" for panel in shown)
    return sheet(grounding.image, shown, alt=f"Proposed masks, best first. {said}.")


def drawn(figure: Any, alt: str) -> Picture:
    """A matplotlib figure, drawn by other means, as a picture with its alternative text."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, bbox_inches="tight", pad_inches=0.08)
    return Picture(jpeg(Image.open(buffer), quality=86), describe.one_line(alt))
