"""The atlas drawn: every layer x head as small multiples, by Grad-CAM and by attention alone. Matplotlib without pyplot."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.records.heatmap import is_blank, peak
from iterprime_xai.records.writing import write_whole
from iterprime_xai.saliency.atlas import Atlas
from iterprime_xai.visualize import describe, panels
from iterprime_xai.visualize.blocks import NOTE, SECTION, SMALL, bar
from iterprime_xai.visualize.colours import scale_of
from iterprime_xai.visualize.encoded import jpeg
from iterprime_xai.visualize.lettering import SETTINGS, Style, drawable, shortened, width_of, wrapped
from iterprime_xai.visualize.panels import Canvas
from iterprime_xai.visualize.sheet import ACCENT, HAIRLINE, MUTED, WIDTH, Block, Sheet, stacked

DOTS_PER_INCH, SHOWN_DOTS_PER_INCH = 130, 90

BESIDE = 4
"""Heads up to which the two grids stand side by side."""

_LABEL, _GAP, _BEFORE_MEAN, _BETWEEN = 0.68, 0.08, 0.16, 0.45
"""Inches: a row's label, between panels, before the column of means, between the grids."""

_FAINT = Style(7.6, colour=MUTED)
_ROW = Style(8.8)


@dataclass(frozen=True, eq=False)
class Grid:
    """One of the two grids: ``maps`` float32 (layers, heads, rows, columns), and which of them point, or ``None``."""

    title: str
    note: str
    maps: np.ndarray
    points: np.ndarray | None


def figure(atlas: Atlas) -> Any:
    """Draw an atlas on a new matplotlib ``Figure`` (object interface, no global state) and return it."""
    from matplotlib import rc_context

    beside = atlas.gradcam.shape[1] <= BESIDE
    room = (WIDTH - _BETWEEN) / 2 if beside else WIDTH
    grids = (
        Grid("Grad-CAM of each head", f"gradient by the {atlas.gradient}", atlas.gradcam, atlas.points),
        Grid("Attention of each head", "before any gradient", atlas.attention, atlas.attention_points),
    )
    with rc_context(SETTINGS):
        canvas = _small(atlas)
        blocks = [_grid_block(atlas, grid, canvas, room) for grid in grids]
        if beside:
            blocks = [_side_by_side(blocks[0], blocks[1], room + _BETWEEN)]
        return stacked([_header_block(atlas), *blocks], gap=0.3)


def _small(atlas: Atlas) -> Canvas:
    """What the panels are drawn on: no picture, whose colours would drown the heat, and only the large outlines."""
    whole = Canvas.of(atlas.image, atlas.mask, longest=8)
    areas = [
        abs(float(np.sum(x * np.roll(y, 1) - y * np.roll(x, 1)))) / 2 for x, y in (each.T for each in whole.outlines)
    ]
    kept = [each for each, area in zip(whole.outlines, areas, strict=True) if area >= max(areas) / 10]
    return Canvas(whole.pixels, whole.width, whole.height, kept)


def png_bytes(atlas: Atlas, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
    """The atlas as a PNG with its alternative text in the metadata."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = figure(atlas)
    FigureCanvasAgg(drawn)
    metadata = {
        "Title": describe.one_line(atlas.expression.text),
        "Description": alt_text(atlas),
        "Software": "iterprime_xai",
    }
    buffer = io.BytesIO()
    with rc_context(SETTINGS):
        drawn.savefig(buffer, format="png", dpi=dots_per_inch, metadata=metadata)
    return buffer.getvalue()


def to_png(atlas: Atlas, path: str | Path) -> Path:
    """Write the atlas to a PNG file, whole or not at all, and return its path. Raises ``StorageError``."""
    return write_whole(path, png_bytes(atlas))


def alt_text(atlas: Atlas) -> str:
    """The atlas in a few sentences."""
    return describe.one_line(" ".join([f"Heads for {atlas.expression.text!r}.", *_findings(atlas)]))


@dataclass(frozen=True, eq=False)
class ShownAtlas:
    """An atlas that notebooks show as a picture and a terminal as its sentences."""

    atlas: Atlas

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/jpeg": b64encode(self._repr_jpeg_()).decode("ascii"), "text/plain": repr(self)}
        return data, {"image/jpeg": {"alt": alt_text(self.atlas)}}

    def _repr_jpeg_(self) -> bytes:
        return jpeg(Image.open(io.BytesIO(png_bytes(self.atlas, SHOWN_DOTS_PER_INCH))), quality=82)

    def __repr__(self) -> str:
        return f"{alt_text(self.atlas)} Write it to a file with .to_png(path)."


def _findings(atlas: Atlas) -> list[str]:
    """What the atlas shows, in sentences."""
    layers, heads = atlas.gradcam.shape[:2]
    of = "every token" if atlas.word is None else f"the word {atlas.word!r}"
    said = [f"{layers} layers of {heads} heads, read for {of}."]
    if atlas.points is not None and atlas.attention_points is not None:
        said.append(
            f"{atlas.points.sum()} of {layers * heads} heads peak on the object by Grad-CAM, {atlas.attention_points.sum()} by "
            "their attention alone."
        )
    tops = atlas.gradcam.reshape(layers, heads, -1).max(-1)
    if np.isfinite(tops).all() and tops.max() > 0:
        layer, head = np.unravel_index(int(tops.argmax()), tops.shape)
        said.append(f"The hottest is layer {atlas.layers[layer]}, head {head}.")
    else:
        said.append("No head raises the match: all Grad-CAM maps are blank.")
    blank = sum(is_blank(each) for row in atlas.gradcam for each in row)
    if blank and tops.max() > 0:
        said.append(f"{blank} Grad-CAM map{'s are' if blank > 1 else ' is'} blank.")
    return said


def _header_block(atlas: Atlas) -> Block:
    """The picture with the object's outline, the phrase, and what is found."""
    canvas = Canvas.of(atlas.image, atlas.mask, longest=500)
    width, height = panels.fitted(panels.aspect_of(atlas.image), 2.6, 1.9)
    left = width + 0.3
    room = WIDTH - left
    size = 21.0 if len(atlas.expression.text) <= 50 else 14.0
    title = Style(size, bold=True)
    phrase = wrapped(drawable(atlas.expression.text), title, room, most=3)
    found = wrapped(drawable(" ".join(_findings(atlas))), NOTE, room, most=3)
    legend = [
        "Each map on its own colour scale. Bar: its maximum, as a share of the largest in the grid.",
        "Ring: the peak."
        + ("  ✓ and a heavy frame: it lies on the object (outlined)." if atlas.mask is not None else ""),
    ]
    if atlas.marked in atlas.layers:
        legend.append(f"▸ layer {atlas.marked}: the one that the checkpoint's profile reads.")
    settings = f"{atlas.model}  ·  match {describe.probability(atlas.probability)}"
    text = len(phrase) * title.line + 0.06 + len(found) * NOTE.line + 0.08 + (len(legend) + 1) * SMALL.line

    def draw(sheet: Sheet, top: float) -> None:
        axes = sheet.axes(0, top, width, height)
        panels.draw_picture(axes, canvas)
        panels.draw_outline(axes, canvas, 0.9)
        panels.draw_frame(axes, canvas, HAIRLINE)
        edge = top - 0.04
        for line in phrase:
            sheet.text(left, edge, line, title)
            edge += title.line
        edge += 0.06
        for line in found:
            sheet.text(left, edge, line, NOTE)
            edge += NOTE.line
        edge += 0.08
        for line in (*legend, drawable(settings)):
            sheet.text(left, edge, shortened(line, SMALL, room), SMALL)
            edge += SMALL.line

    return Block(max(height, text), draw)


def _side_by_side(left: Block, right: Block, step: float) -> Block:
    """Two blocks of one height, the second moved to the right by ``step`` inches."""

    def draw(sheet: Sheet, top: float) -> None:
        left.draw(sheet, top)
        right.draw(_Moved(sheet, step), top)  # type: ignore[arg-type]

    return Block(max(left.height, right.height), draw)


class _Moved:
    """A sheet whose left edge lies further to the right."""

    def __init__(self, sheet: Sheet, step: float) -> None:
        self._sheet, self._step = sheet, step

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        return self._sheet.axes(left + self._step, top, width, height)

    def text(self, left: float, top: float, text: str, style: Style, align: str = "left") -> None:
        self._sheet.text(left + self._step, top, text, style, align)

    def box(self, left: float, top: float, width: float, height: float, **looks: Any) -> None:
        self._sheet.box(left + self._step, top, width, height, **looks)


def _grid_block(atlas: Atlas, grid: Grid, canvas: Canvas, room: float) -> Block:
    """A grid with a row for each layer and a column for each head, and their means in a last column."""
    heads = grid.maps.shape[1]
    cell = min((room - _LABEL - _BEFORE_MEAN - heads * _GAP) / (heads + 1), 1.5)
    width, height = panels.fitted(panels.aspect_of(atlas.image), cell, 1.3 * cell)
    step, top_room = height + 0.2, 0.62
    means = grid.maps.mean(1)
    largest, largest_mean = (float(np.nanmax(each, initial=0.0)) for each in (grid.maps, means))
    lefts = [_LABEL + head * (cell + _GAP) for head in range(heads)]
    lefts.append(_LABEL + heads * (cell + _GAP) + _BEFORE_MEAN)

    def draw(sheet: Sheet, top: float) -> None:
        sheet.box(0, top, room, 0.01, facecolor=HAIRLINE)
        sheet.text(0, top + 0.08, grid.title, SECTION)
        sheet.text(width_of(grid.title, SECTION) + 0.16, top + 0.095, grid.note, SMALL)
        for head, left in enumerate(lefts):
            name = "mean" if head == heads else f"head {head}" if cell > 0.6 else str(head)
            sheet.text(left + width / 2, top + 0.38, name, Style(8.2, colour=MUTED), align="center")
        for row, layer in enumerate(atlas.layers):
            edge = top + top_room + row * step
            read = layer == atlas.marked
            sheet.text(0, edge + height / 2 - 0.17, f"{'▸ ' if read else ''}layer {layer}", Style(_ROW.size, bold=read))
            if grid.points is not None:
                sheet.text(0, edge + height / 2, f"{grid.points[row].sum()} of {heads} ✓", _FAINT)
            for head, left in enumerate(lefts):
                heatmap = means[row] if head == heads else grid.maps[row, head]
                most = largest_mean if head == heads else largest
                _panel(sheet, canvas, heatmap, atlas.mask, (left, edge, width, height), most)

    return Block(top_room + len(atlas.layers) * step, draw)


def _panel(
    sheet: Sheet,
    canvas: Canvas,
    heatmap: np.ndarray,
    mask: np.ndarray | None,
    place: tuple[float, float, float, float],
    largest: float,
) -> None:
    """One map: heat, peak, and its maximum as a share of ``largest``; framed where its peak lies in ``mask``."""
    left, top, width, height = place
    axes = sheet.axes(left, top, width, height)
    scale = scale_of([heatmap])
    colours = scale.table[np.rint(scale.levels(heatmap) * 255).astype(np.intp)]
    axes.imshow(colours, extent=canvas.extent, aspect="auto", interpolation="nearest")
    panels.draw_outline(axes, canvas, 0.25)
    point = peak(heatmap, (canvas.height, canvas.width))
    hit = mask is not None and point is not None and bool(mask[point[1], point[0]])
    panels.draw_frame(axes, canvas, HAIRLINE)
    if point is None:
        sheet.text(left + width / 2, top + height / 2 - 0.08, "blank", Style(7.6, True, "#ffffff"), align="center")
        return
    panels.draw_peak(axes, point, 0.42)
    if hit:
        sheet.box(left, top, width, height, facecolor="none", edgecolor=ACCENT, linewidth=2.2)
    mark = 0.13 if hit else 0.0
    bar(
        sheet, left, top + height + 0.055, width - mark, float(heatmap.max()) / largest, 0.045, ACCENT if hit else MUTED
    )
    if hit:
        sheet.text(left + width, top + height + 0.0, "✓", Style(7.6, True, ACCENT), align="right")
