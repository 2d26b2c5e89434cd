"""The sheet of a caption's words: the caption, the picture, and one small map a word."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from iterprime_xai.records.captioning import CaptionMaps, CaptionWord
from iterprime_xai.records.heatmap import is_blank
from iterprime_xai.records.writing import write_whole
from iterprime_xai.visualize import describe, panels
from iterprime_xai.visualize.blocks import NOTE, SMALL, small_print
from iterprime_xai.visualize.colours import scale_of
from iterprime_xai.visualize.encoded import data_uri, jpeg
from iterprime_xai.visualize.lettering import SETTINGS, Style, drawable, shortened, width_of, wrapped
from iterprime_xai.visualize.panels import Canvas
from iterprime_xai.visualize.sheet import ACCENT, HAIRLINE, INK, WARNING, WIDTH, Block, Sheet, stacked

DOTS_PER_INCH = 130
EMBEDDED_DOTS_PER_INCH = 90
"""Resolution of the sheet in a notebook, which is saved with it."""

COLUMNS = 6
_GAP = 0.18
_WORD = Style(10.5, bold=True)


def figure(maps: CaptionMaps) -> Any:
    """Draw the maps of a caption's words on a new matplotlib ``Figure`` and return it."""
    from matplotlib import rc_context

    canvas = Canvas.of(maps.image, None, longest=420)
    with rc_context(SETTINGS):
        return stacked([_header(maps), _words(maps, canvas), _footer(maps)], gap=0.25)


def png_bytes(maps: CaptionMaps, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
    """The sheet as a PNG with its alternative text in the metadata."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = figure(maps)
    FigureCanvasAgg(drawn)
    metadata = {"Title": describe.one_line(maps.text), "Description": alt_text(maps), "Software": "iterprime_xai"}
    buffer = io.BytesIO()
    with rc_context(SETTINGS):
        drawn.savefig(buffer, format="png", dpi=dots_per_inch, metadata=metadata)
    return buffer.getvalue()


def to_png(maps: CaptionMaps, path: str | Path) -> Path:
    """Write the sheet to a PNG file, whole or not at all, and return its path. Raises ``StorageError``."""
    return write_whole(path, png_bytes(maps))


def to_jpeg(maps: CaptionMaps) -> bytes:
    """The sheet as a JPEG, several times smaller than the PNG."""
    return jpeg(Image.open(io.BytesIO(png_bytes(maps, EMBEDDED_DOTS_PER_INCH))), quality=82)


def to_fragment(maps: CaptionMaps) -> str:
    """The sheet as one ``<img>`` with its alternative text."""
    alt = escape(alt_text(maps), quote=True)
    return f'<img src="{data_uri(to_jpeg(maps), "image/jpeg")}" alt="{alt}" style="width: 100%; max-width: 1062px; height: auto;">'


def show(maps: CaptionMaps) -> CaptionFigure:
    """The sheet as something that notebooks show."""
    return CaptionFigure(maps)


def alt_text(maps: CaptionMaps) -> str:
    """The sheet in words, for people who do not see it."""
    size = (maps.image.height, maps.image.width)
    said = "; ".join(
        f"{describe.one_line(word.text)} (probability {describe.probability(word.probability)}, {_where(word, size)})"
        for word in maps.words
    )
    return f"Where the captioner looks for each word of “{describe.one_line(maps.text)}”: {said}."


@dataclass(frozen=True, eq=False)
class CaptionFigure:
    """The sheet of a caption's words. Notebooks show it as a picture; a terminal shows it as a sentence."""

    maps: CaptionMaps

    def _repr_jpeg_(self) -> bytes:
        return to_jpeg(self.maps)

    def _repr_html_(self) -> str:
        return to_fragment(self.maps)

    def __repr__(self) -> str:
        return f"{alt_text(self.maps)} Write it to a file with .to_png(path)."


def _where(word: CaptionWord, size: tuple[int, int]) -> str:
    from iterprime_xai.records.heatmap import peak

    point = peak(word.heatmap, size)
    if point is None:
        return "blank map"
    height, width = size
    return f"peak at {describe.percent(point[0] / width)} from the left and {describe.percent(point[1] / height)} from the top"


def _header(maps: CaptionMaps) -> Block:
    """The caption, and what is shown."""
    length = len(maps.text)
    style = Style(21.0 if length <= 70 else 16.0 if length <= 160 else 12.5, bold=True)
    lines = wrapped(drawable(maps.text), style, WIDTH, most=5)
    origin = "a generated caption" if maps.generated else "a given caption"
    note = (
        f"Word by word: where the captioner looks when it says each word of {origin}. Each map has its own colour scale; "
        "below it: how probable the word was after those before it, and how strong the map is."
    )
    notes = wrapped(note, NOTE, WIDTH, most=3)
    step = 1.12 * style.line

    def draw(sheet: Sheet, top: float) -> None:
        for index, line in enumerate(lines):
            sheet.text(0, top + index * step, line, style)
        for index, line in enumerate(notes):
            sheet.text(0, top + len(lines) * step + 0.08 + index * NOTE.line, line, NOTE)

    return Block(len(lines) * step + 0.08 + len(notes) * NOTE.line, draw)


def _words(maps: CaptionMaps, canvas: Canvas) -> Block:
    """The picture, then one panel a word."""
    count, aspect = len(maps.words) + 1, panels.aspect_of(maps.image)
    most = COLUMNS if aspect <= 2.4 else 3
    columns = math.ceil(count / math.ceil(count / most))  # so that the last row is not left with a single one
    spread = max(columns, most - 2)
    room = (WIDTH - _GAP * (spread - 1)) / spread
    width, height = panels.fitted(aspect, room, 2.6)
    cell = _WORD.line + 0.04 + height + 0.06 + SMALL.line + 0.14
    rows = math.ceil(count / columns)

    def draw(sheet: Sheet, top: float) -> None:
        for index in range(count):
            left, edge = (index % columns) * (room + _GAP), top + (index // columns) * (cell + 0.1)
            word = maps.words[index - 1] if index else None
            title = "the picture" if word is None else drawable(word.text)
            style = _WORD if word is not None else Style(_WORD.size, colour=SMALL.colour)
            sheet.text(left, edge, shortened(title, style, room), style)
            axes = sheet.axes(left, edge + _WORD.line + 0.04, width, height)
            if word is None:
                panels.draw_picture(axes, canvas)
            else:
                panels.draw_heat(axes, canvas, word.heatmap, scale_of([word.heatmap]))
            panels.draw_frame(axes, canvas, HAIRLINE)
            if word is not None:
                _below(sheet, word, left, edge + _WORD.line + 0.04 + height + 0.06, width)

    return Block(rows * cell + (rows - 1) * 0.1, draw)


def _below(sheet: Sheet, word: CaptionWord, left: float, top: float, width: float) -> None:
    """How probable the word was, as number and bar, and how strong its map is."""
    blank = is_blank(word.heatmap)
    chance = f"p {describe.probability(word.probability)}"
    peak = "blank" if blank else f"peak {describe.number(float(word.heatmap.max()))}"
    sheet.text(left, top, chance, Style(SMALL.size, bold=True, colour=INK))
    if width_of(f"{chance}   {peak}", SMALL) <= width:
        style = Style(SMALL.size, bold=blank, colour=WARNING if blank else SMALL.colour)
        sheet.text(left + width, top, peak, style, align="right")
    share = word.probability if math.isfinite(word.probability) else 0.0
    sheet.box(left, top + SMALL.line + 0.03, width, 0.055, facecolor="#e9edf1", rounding=0.0275)
    if share > 0:
        sheet.box(left, top + SMALL.line + 0.03, max(0.055, width * share), 0.055, facecolor=ACCENT, rounding=0.0275)


def _footer(maps: CaptionMaps) -> Block:
    """What made the sheet, and what limits it."""
    settings = "  ·  ".join(f"{name} {describe.setting(value)}" for name, value in maps.parameters.items())
    rows, columns = maps.words[0].heatmap.shape
    lines = [
        (line, SMALL) for line in wrapped(drawable(f"{settings}  ·  {rows}×{columns} patches"), SMALL, WIDTH, most=2)
    ]
    warning = Style(8.8, bold=True, colour=WARNING)
    for sentence in maps.trace:
        doubtful = "not validated" in sentence or sentence.startswith("Not in")
        style = warning if doubtful else SMALL
        text = f"⚠ {sentence}" if doubtful else sentence
        lines += [(line, style) for line in wrapped(drawable(text), style, WIDTH, most=2)]

    return small_print(lines)
