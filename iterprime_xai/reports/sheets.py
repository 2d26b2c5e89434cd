"""Sheets of small pictures for reports: several heatmaps or masks of one image, each with a title and a line below."""

from __future__ import annotations

import io
import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from PIL import Image, ImageChops

from iterprime_xai.records import Grounding
from iterprime_xai.records.heatmap import resize
from iterprime_xai.visualize import describe, panels
from iterprime_xai.visualize.colours import faded, heat_layer, laid_over, scale_of
from iterprime_xai.visualize.contours import contours
from iterprime_xai.visualize.encoded import jpeg
from iterprime_xai.visualize.lettering import SETTINGS, Style, drawable, shortened
from iterprime_xai.visualize.panels import Canvas
from iterprime_xai.visualize.sheet import HAIRLINE, MUTED, WARNING, WIDTH, Block, Sheet, stacked

DOTS_PER_INCH = 100
_TITLE, _LINE = Style(10, bold=True), Style(8.8, colour=MUTED)
_GAP, _MOST_HIGH = 0.22, 2.9
_PAD = 8
"""Dots around a sheet."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG with its alternative text, shown by notebooks as an image."""

    content: bytes
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/jpeg": b64encode(self.content).decode("ascii"), "text/plain": self.alt}
        return data, {"image/jpeg": {"alt": self.alt}}

    def html(self, width: int | None = None) -> str:
        """The same as an HTML element, as many pixels wide."""
        size = "" if width is None else f' width="{width}"'
        code = b64encode(self.content).decode("ascii")
        return f'<img alt="{escape(self.alt, quote=True)}"{size} src="data:image/jpeg;base64,{code}">'

    def __repr__(self) -> str:
        return self.alt


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a sheet: a title, a line below, and what is laid over the image.

    That is a heatmap, the outline of a mask, that of the gold mask (dashed), and hatching where ``keep`` (bool, on the grid)
    leaves patches out.
    """

    title: str
    line: str = ""
    heatmap: np.ndarray | None = None
    mask: np.ndarray | None = None
    keep: np.ndarray | None = None
    marked: bool = False
    gold: np.ndarray | None = None


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
    aspect = panels.aspect_of(image)
    columns = max(1, min(columns, len(shown))) if aspect <= 2.4 else min(2, len(shown))
    room = (WIDTH - _GAP * (max(columns, 3) - 1)) / max(columns, 3)
    width, height = panels.fitted(aspect, room, _MOST_HIGH)
    slot = min(room, max(width, 2.4))
    cell = _TITLE.line + 0.05 + height + 0.06 + _LINE.line
    rows = math.ceil(len(shown) / columns)
    maps = [panel.heatmap for panel in shown if panel.heatmap is not None]
    common = scale_of(maps) if shared and maps else None
    small = _small(image, round(width * DOTS_PER_INCH), round(height * DOTS_PER_INCH))
    pale = faded(small)
    masks = {id(mask): mask for panel in shown for mask in (panel.mask, panel.gold) if mask is not None}
    outlines = {key: contours(mask, 0) for key, mask in masks.items()}

    def draw(paper: Sheet, top: float) -> None:
        for index, panel in enumerate(shown):
            left, edge = (index % columns) * (slot + _GAP), top + (index // columns) * (cell + 0.2)
            paper.text(left, edge, shortened(drawable(panel.title), _TITLE, slot), _TITLE)
            photo = paper.photo(left, edge + _TITLE.line + 0.05, width, height, image.size)
            canvas = Canvas(small, image.width, image.height, outlines.get(id(panel.mask), []))
            if panel.heatmap is None:
                photo.show(small)
            else:
                heat = resize(panel.heatmap, small.shape[:2])
                photo.show(laid_over(pale, heat_layer(heat, common or scale_of([panel.heatmap]))))
            if panel.keep is not None:
                panels.draw_hidden(photo, canvas, panel.keep)
            panels.draw_outline(photo, canvas, 0.8)
            panels.draw_gold(photo, outlines.get(id(panel.gold), []), 0.8)
            panels.draw_frame(photo, canvas, WARNING if panel.marked else HAIRLINE, dashed=panel.marked)
            line = shortened(drawable(panel.line), _LINE, slot)
            paper.text(left, edge + _TITLE.line + 0.05 + height + 0.06, line, _LINE)

    figure = stacked([Block(rows * cell + (rows - 1) * 0.2, draw)], gap=0, dots_per_inch=DOTS_PER_INCH)
    return _painted(figure, alt)


def _small(image: Image.Image, width: int, height: int) -> np.ndarray:
    """The picture at exactly this size, uint8 RGB; a very small one keeps its square pixels."""
    method = Image.Resampling.NEAREST if max(image.size) < panels.PIXELS_SHOWN_BELOW else Image.Resampling.LANCZOS
    return np.asarray(image.convert("RGB").resize((max(1, width), max(1, height)), method, reducing_gap=3.0))


def _painted(figure: Any, alt: str) -> Picture:
    """A sheet as a picture, without its empty margins; painted once."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    with rc_context(SETTINGS):
        canvas.draw()
    painted = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    inked = ImageChops.invert(painted).getbbox()
    if inked is not None:
        left, top, right, bottom = inked
        painted = painted.crop(
            (
                max(0, left - _PAD),
                max(0, top - _PAD),
                min(painted.width, right + _PAD),
                min(painted.height, bottom + _PAD),
            )
        )
    return Picture(jpeg(painted, quality=86), describe.one_line(alt))


def answer(grounding: Grounding, gold: np.ndarray | None = None) -> Picture:
    """The picture with the answer's outline and, dashed, that of the gold mask; and the final heat beside it."""
    peak = "blank" if grounding.point is None else f"highest heat {describe.number(float(grounding.heatmap.max()))}"
    lines = " · ".join(["line: the answer"] * (grounding.mask is not None) + ["dashed: the truth"] * (gold is not None))
    shown = [
        Panel("the picture", lines, None, grounding.mask, gold=gold),
        Panel("the final heat", peak, grounding.heatmap, grounding.mask, gold=gold),
    ]
    return sheet(
        grounding.image, shown, alt=f"{describe.mask_sentence(grounding)} The final heat beside it: {peak}.", columns=2
    )


def passes(grounding: Grounding, gold: np.ndarray | None = None) -> Picture:
    """The map of every pass, each on its own colour scale, with what was hidden from it; the last frame is not marked."""
    shown = [
        Panel(
            f"pass {number}",
            f"{describe.probability(look.probability, 4)}, {describe.status(look)}",
            look.heatmap,
            keep=look.keep,
            gold=gold,
        )
        for number, look in enumerate(grounding.passes, 1)
    ]
    said = "; ".join(f"{panel.title}: {panel.line}" for panel in shown)
    return sheet(grounding.image, shown, alt=f"The heat of each pass, hidden patches hatched. {said}.")


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
