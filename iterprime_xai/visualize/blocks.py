"""The blocks of the static figure: header, main pictures, passes, words, footer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from iterprime_xai.records.grounding import Grounding, Pass, WordMap
from iterprime_xai.visualize import describe, panels
from iterprime_xai.visualize.colours import scale_of
from iterprime_xai.visualize.lettering import Style, drawable, flow, shortened, width_of, wrapped
from iterprime_xai.visualize.panels import Canvas
from iterprime_xai.visualize.sheet import ACCENT, HAIRLINE, INK, MUTED, WARNING, WIDTH, Block, Sheet

HIGHLIGHT = "#fde725"
"""The hottest colour of viridis, used like a highlighter pen on the words."""

SECTION = Style(10.5, bold=True)
SMALL = Style(8.6, colour=MUTED)
NOTE = Style(9.6, colour=INK)


def header_block(grounding: Grounding) -> Block:
    """The phrase, words shaded by their heat and the primary word bold and underlined, with the finding below."""
    expression = grounding.expression
    length = len(expression.text)
    size = 23.0 if length <= 60 else 17.0 if length <= 160 else 13.0
    parts = describe.pieces(expression)
    shades = describe.shading(expression, grounding.words)
    runs = [(drawable(part.text), Style(size, bold=part.word == expression.primary)) for part in parts]
    room = WIDTH - 2.1
    placed, lines = flow(runs, room, most=6, leftwards=describe.right_to_left(expression.text))
    line = 1.12 * Style(size).line
    sentences = wrapped(drawable(" ".join(describe.headline(grounding)[1:])), NOTE, room, most=3)
    legend = describe.legend(grounding)
    height = max(0.95, lines * line + 0.1 + len(sentences) * NOTE.line + SMALL.line)

    def draw(sheet: Sheet, top: float) -> None:
        for run in placed:
            word, style = parts[run.item].word, runs[run.item][1]
            edge = top + run.line * line
            shade = shades[word] if word is not None else None
            if shade:
                sheet.box(
                    run.left - 0.04, edge + 0.05, run.width + 0.08, line - 0.1,
                    facecolor=HIGHLIGHT, alpha=0.85 * shade, rounding=0.05,
                )  # fmt: skip
            sheet.text(run.left, edge - 0.01, run.text, style)
            if word == expression.primary:
                sheet.box(run.left, edge + line - 0.085, run.width, 0.032, facecolor=INK)
        below = top + lines * line + 0.1
        for index, sentence in enumerate(sentences):
            sheet.text(0, below + index * NOTE.line, sentence, NOTE)
        sheet.text(0, below + len(sentences) * NOTE.line, legend, SMALL)
        _match_badge(sheet, top, grounding.probability, describe.match_word(grounding))

    return Block(height, draw)


def _match_badge(sheet: Sheet, top: float, probability: float, word: str) -> None:
    """The match probability, or what stands for it, large, with a bar, in the upper right corner."""
    left, width = WIDTH - 1.6, 1.6
    sheet.text(WIDTH, top - 0.02, describe.probability(probability), Style(25, bold=True), align="right")
    sheet.text(left, top + 0.16, word, Style(10, colour=MUTED))
    bar(sheet, left, top + 0.56, width, probability, 0.08)
    sheet.text(left, top + 0.67, "0", Style(7.5, colour=MUTED))
    sheet.text(WIDTH, top + 0.67, "1", Style(7.5, colour=MUTED), align="right")


def bar(sheet: Sheet, left: float, top: float, width: float, share: float, height: float, colour: str = ACCENT) -> None:
    """A level bar filled to a share from 0 to 1, rounded at its ends."""
    sheet.box(left, top, width, height, facecolor="#e9edf1", rounding=height / 2)
    if math.isfinite(share) and share > 0:
        sheet.box(left, top, max(height, width * min(share, 1.0)), height, facecolor=colour, rounding=height / 2)


def main_block(grounding: Grounding, canvas: Canvas) -> Block:
    """The picture with the answer beside the heat with the answer, and the colour bar."""
    aspect = panels.aspect_of(grounding.image)
    bar_room, gap, caption = 0.95, 0.25, SMALL.line + 0.08
    beside = aspect <= 2.4
    room = (WIDTH - bar_room - gap) / 2 if beside else WIDTH - bar_room
    width, height = panels.fitted(aspect, room, 5.2 if aspect > 0.5 else 7.0)
    slot = max(width, 3.6)
    step = (slot + gap, 0.0) if beside else (0.0, height + caption + 0.1)
    scale = scale_of([grounding.heatmap])

    def draw(sheet: Sheet, top: float) -> None:
        for index in range(2):
            left, edge = index * step[0], top + index * step[1]
            axes = sheet.axes(left, edge, width, height)
            if index == 0:
                panels.draw_picture(axes, canvas)
                if grounding.box is not None:
                    panels.draw_box(axes, grounding.box)
            else:
                panels.draw_heat(axes, canvas, grounding.heatmap, scale)
            panels.draw_outline(axes, canvas)
            if index == 1 and grounding.point is not None:
                panels.draw_peak(axes, grounding.point)
            panels.draw_frame(axes, canvas, HAIRLINE)
            text = shortened((_picture_caption, _heat_caption)[index](grounding), SMALL, slot)
            sheet.text(left, edge + height + 0.06, text, SMALL)
        left, edge = step[0] + width + 0.14, top + step[1]
        why = describe.evidence(grounding.heatmap)
        if why is not None:
            warning = Style(SMALL.size, bold=True, colour=WARNING)
            for index, line in enumerate(wrapped(why, warning, bar_room - 0.14)):
                sheet.text(left, edge + index * SMALL.line, line, warning)
        else:
            tall = min(height, 2.6)
            sheet.text(left, edge - 0.03, describe.heat_word(grounding), SMALL)
            panels.draw_colour_bar(sheet.axes(left, edge + 0.2, 0.14, tall - 0.2), scale, 8.2, MUTED)

    return Block(step[1] + height + caption, draw)


def _picture_caption(grounding: Grounding) -> str:
    shown = ["the picture"]
    if grounding.mask is not None:
        shown.append("outline: the mask")
    if grounding.box is not None:
        shown.append("dashed: its box" if grounding.mask is not None else "dashed: box of the hottest region")
    ratio = grounding.image.width / grounding.image.height
    if not 1 / panels.MOST_STRETCHED <= ratio <= panels.MOST_STRETCHED:
        shown.append(f"drawn out of proportion, {grounding.image.width}×{grounding.image.height} px")
    return "  ·  ".join(shown)


def _heat_caption(grounding: Grounding) -> str:
    rows, columns = grounding.heatmap.shape
    shown = [f"{describe.heat_words(grounding)} ({rows}×{columns} patches)"]
    if grounding.point is not None:
        shown.append("ring: the peak")
    return "  ·  ".join(shown)


def heading(sheet: Sheet, top: float, title: str, note: str) -> None:
    """A section's title under a hairline, with a note beside it."""
    sheet.box(0, top, WIDTH, 0.01, facecolor=HAIRLINE)
    sheet.text(0, top + 0.1, title, SECTION)
    sheet.text(width_of(title, SECTION) + 0.18, top + 0.115, note, SMALL)


HEADING = 0.48


def _balanced(count: int, most: int) -> int:
    """Columns for ``count`` panels, at most ``most``, such that the last row is not left with a single one."""
    return math.ceil(count / math.ceil(count / most))


def pass_block(grounding: Grounding, canvas: Canvas) -> Block:
    """One panel per pass: what it saw, what it was not allowed to see, its match, and whether it was used."""
    looks = grounding.passes
    aspect = panels.aspect_of(grounding.image)
    columns = _balanced(len(looks), 5 if aspect <= 2.4 else 2)
    gap = 0.22
    room = (WIDTH - gap) / 2 if aspect > 2.4 else (WIDTH - gap * (max(columns, 3) - 1)) / max(columns, 3)
    width, height = panels.fitted(aspect, room, 3.5 if aspect >= 1 else 2.8)
    title = Style(9.4, bold=True)
    matches = describe.probabilities(looks)
    captions = [_pass_lines(look, room) for look in looks]
    most = max(len(lines) for lines in captions)
    cell = title.line + 0.05 + height + 0.12 + title.line + most * SMALL.line
    rows = math.ceil(len(looks) / columns)

    def draw(sheet: Sheet, top: float) -> None:
        note = "each map on its own colour scale; hatched: hidden from the model in this pass"
        heading(sheet, top, "Pass by pass" if len(looks) > 1 else "One pass", note)
        for index, look in enumerate(looks):
            left = (index % columns) * (room + gap)
            edge = top + HEADING + (index // columns) * (cell + 0.2)
            colour = INK if look.accepted else WARNING
            sheet.text(left, edge, f"Pass {index + 1}", title)
            mark = "✓ used" if look.accepted else "✗ left out"
            sheet.text(left + max(width, 1.35), edge, mark, Style(8.6, not look.accepted, colour), align="right")
            edge += title.line + 0.05
            axes = sheet.axes(left, edge, width, height)
            panels.draw_heat(axes, canvas, look.heatmap, scale_of([look.heatmap]))
            panels.draw_hidden(axes, canvas, look.keep)
            panels.draw_outline(axes, canvas, 0.7)
            panels.draw_frame(axes, canvas, HAIRLINE if look.accepted else WARNING, dashed=not look.accepted)
            edge += height + 0.1
            value = f"match {matches[index]}"
            sheet.text(left, edge, value, Style(9.4, bold=True, colour=colour))
            used = max(width_of("match > 0.99", title), width_of(value, title)) + 0.1
            bar(
                sheet,
                left + used,
                edge + 0.07,
                room - used,
                look.probability,
                0.06,
                ACCENT if look.accepted else WARNING,
            )
            for number, line in enumerate(captions[index]):
                sheet.text(left, edge + title.line + number * SMALL.line, line, SMALL)

    return Block(HEADING + rows * cell + (rows - 1) * 0.2, draw)


def _pass_lines(look: Pass, room: float) -> list[str]:
    both = f"{describe.hidden(look)}  ·  {describe.strength(look)}"
    lines = [both] if width_of(both, SMALL) <= room else [describe.hidden(look), describe.strength(look)]
    if look.stopped:
        lines += wrapped(drawable(f"Stopped: {look.stopped}"), SMALL, room, most=3)
    return lines


def word_block(grounding: Grounding, canvas: Canvas) -> Block:
    """One small map per word, with the share of the heat that it holds."""
    chosen = describe.final_pass(grounding)
    words, keep = grounding.passes[chosen].words, grounding.passes[chosen].keep
    held = describe.shares(words)
    most_columns = 8 if panels.aspect_of(grounding.image) <= 2.4 else 4
    columns, gap = _balanced(len(words), most_columns), 0.16
    share_of_width = max(columns, most_columns - 2)
    room = (WIDTH - gap * (share_of_width - 1)) / share_of_width
    width, height = panels.fitted(panels.aspect_of(grounding.image), room, 1.4)
    label = Style(9.0)
    cell = height + 0.07 + label.line + 0.02 + 0.12 + 0.12
    rows = math.ceil(len(words) / columns)
    primary = grounding.expression.words[grounding.expression.primary].span

    def draw(sheet: Sheet, top: float) -> None:
        note = describe.words_note(grounding)
        heading(sheet, top, "Word by word", note)
        most = max(held) or 1.0
        for index, (word, share) in enumerate(zip(words, held, strict=True)):
            left = (index % columns) * (room + gap)
            edge = top + HEADING + (index // columns) * (cell + 0.08)
            _word_panel(sheet, canvas, word, keep, (left, edge, width, height))
            edge += height + 0.07
            style = Style(9.0, bold=word.span == primary)
            value = describe.percent(share)
            kept = shortened(drawable(word.text), style, room - width_of(value, SMALL) - 0.08)
            sheet.text(left, edge, kept, style)
            if word.span == primary:
                sheet.box(left, edge + label.line - 0.015, width_of(kept, style), 0.018, facecolor=INK)
            sheet.text(left + room, edge, value, SMALL, align="right")
            bar(sheet, left, edge + label.line + 0.04, room, share / most, 0.055)

    return Block(HEADING + rows * cell + (rows - 1) * 0.08, draw)


def _word_panel(sheet: Sheet, canvas: Canvas, word: WordMap, keep: np.ndarray, place: Sequence[float]) -> None:
    left, top, width, height = place
    axes = sheet.axes(left, top, width, height)
    panels.draw_heat(axes, canvas, word.heatmap, scale_of([word.heatmap]))
    panels.draw_hidden(axes, canvas, keep)
    panels.draw_outline(axes, canvas, 0.45)
    panels.draw_frame(axes, canvas, HAIRLINE)
    if describe.blank(word.heatmap):
        sheet.text(left + width / 2, top + height / 2 - 0.09, "blank", Style(8.6, True, "#ffffff"), align="center")


def footer_block(grounding: Grounding) -> Block:
    """What made the figure, and what limits it."""
    caveats = describe.caveats(grounding.trace)
    warning = Style(8.8, bold=True, colour=WARNING)
    settings = wrapped(drawable(describe.main_settings(grounding)), SMALL, WIDTH, most=2)
    lines = [(line, SMALL) for line in settings]
    for sentence in caveats[:4]:
        lines += [(line, warning) for line in wrapped(drawable(f"⚠ {sentence}"), warning, WIDTH, most=2)]
    others = [sentence for sentence in grounding.trace if sentence not in caveats]
    lines += [(line, SMALL) for line in wrapped(drawable("  ·  ".join(others)), SMALL, WIDTH, most=3)]
    return small_print(lines)


def small_print(lines: Sequence[tuple[str, Style]]) -> Block:
    """Lines below a hairline, at the foot of a sheet."""

    def draw(sheet: Sheet, top: float) -> None:
        sheet.box(0, top, WIDTH, 0.01, facecolor=HAIRLINE)
        edge = top + 0.1
        for text, style in lines:
            sheet.text(0, edge, text, style)
            edge += style.line

    return Block(0.1 + sum(style.line for _, style in lines), draw)
