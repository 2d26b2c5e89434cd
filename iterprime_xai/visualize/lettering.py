"""Text that can be drawn: characters without a glyph replaced, widths measured, long lines wrapped."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from iterprime_xai.visualize.describe import right_to_left

_FALLBACKS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Nirmala UI",
    "Arial Unicode MS",
    "Noto Sans",
)
"""Families asked for glyphs that matplotlib's own DejaVu Sans lacks; those that are not installed are passed over."""

SETTINGS: dict[Any, Any] = {"text.hinting": "none", "hatch.linewidth": 0.7}
"""matplotlib settings to measure and draw with: hinted letters change their widths with the resolution, by up to 8 %."""

_DOTS_PER_INCH = 144


@cache
def families() -> tuple[str, ...]:
    """DejaVu Sans, which comes with matplotlib, and the installed fall-back families."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in _FALLBACKS if name in installed))


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    codes: set[int] = set()
    for family in families():
        codes.update(get_font(findfont(FontProperties(family=[family]))).get_charmap())
    return frozenset(codes)


def drawable(text: str) -> str:
    """The text on one line, in characters that the fonts have.

    Control characters become spaces and invisible formatting characters (direction overrides, joiners) go. A pictograph
    without a glyph is named in brackets, such as "[dog face]"; another character without one becomes an empty box.
    """
    drawn: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            drawn.append(" ")
        elif category == "Cf" or 0xFE00 <= ord(character) <= 0xFE0F or 0x1F3FB <= ord(character) <= 0x1F3FF:
            continue
        elif ord(character) in _glyphs():
            drawn.append(character)
        elif category == "So":
            drawn.append(f"[{unicodedata.name(character, 'symbol').lower()}]")
        else:
            drawn.append("\N{WHITE VERTICAL RECTANGLE}")
    line = "".join(drawn)
    return line[::-1] if right_to_left(line) and not _lays_out_directions() else line


@cache
def _lays_out_directions() -> bool:
    """Whether matplotlib itself orders right-to-left text (3.11 and newer do)."""
    from matplotlib import ft2font

    return hasattr(ft2font, "__libraqm_version__")


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of text looks; ``size`` in points."""

    size: float
    bold: bool = False
    colour: str = "#1b1f24"

    def font(self) -> Any:
        """The matplotlib font of this style."""
        from matplotlib.font_manager import FontProperties

        return FontProperties(family=list(families()), size=self.size, weight="bold" if self.bold else "normal")

    @property
    def line(self) -> float:
        """Height of a line in inches, with its lead."""
        return 1.42 * self.size / 72


def width_of(text: str, style: Style) -> float:
    """Width of already drawable text, in inches."""
    if not text:
        return 0.0
    # Spaces at the ends have no ink; the bars around them do.
    bars = _measured("||", style.size, style.bold)
    return _measured(f"|{text}|", style.size, style.bold) - bars


@cache
def _scratch() -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(1, 1, _DOTS_PER_INCH)


@lru_cache(maxsize=4096)
def _measured(text: str, size: float, bold: bool) -> float:
    from matplotlib import rc_context

    with rc_context(SETTINGS):
        width, _, _ = _scratch().get_text_width_height_descent(text, Style(size, bold).font(), ismath=False)
    return width / _DOTS_PER_INCH


def shortened(text: str, style: Style, room: float) -> str:
    """The text if it fits into ``room`` inches, else its beginning with an ellipsis."""
    if width_of(text, style) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_of(text[:middle] + "…", style) <= room else (low, middle - 1)
    return text[:low].rstrip() + "…"


def wrapped(text: str, style: Style, room: float, most: int = 100) -> list[str]:
    """The text in lines of at most ``room`` inches, broken at spaces; an ellipsis stands for what is after ``most``."""
    lines: list[str] = []
    current = ""
    words = text.split()
    for index, word in enumerate(words):
        trial = f"{current} {word}" if current else word
        if not current or width_of(trial, style) <= room:
            current = trial
            continue
        if len(lines) + 1 == most:
            lines.append(shortened(" ".join([current, *words[index:]]), style, room))
            return lines
        lines.append(shortened(current, style, room))
        current = word
    if current:
        lines.append(shortened(current, style, room))
    return lines


@dataclass(frozen=True, slots=True)
class Placed:
    """A run of text with its place in a flow: line number, left edge and width in inches, and which item it is."""

    text: str
    item: int
    line: int
    left: float
    width: float


def flow(
    runs: Sequence[tuple[str, Style]], room: float, most: int, leftwards: bool = False
) -> tuple[list[Placed], int]:
    """Lay runs of text out in lines of ``room`` inches and return them with the number of lines.

    A run that holds only spaces is a gap and vanishes at a line's start. ``leftwards`` lays out from right to left.
    What does not fit into ``most`` lines is left out, and the last run kept ends with an ellipsis.
    """
    placed: list[Placed] = []
    line, used = 0, 0.0
    for index, (text, style) in enumerate(runs):
        gap = not text.strip()
        text = " " if gap else shortened(text, style, room)
        width = width_of(text, style)
        if gap:
            used += width if used else 0.0
            continue
        if used and used + width > room:
            if line + 1 == most:
                placed.append(Placed(" …", index, line, used, width_of(" …", style)))
                break
            line, used = line + 1, 0.0
        placed.append(Placed(text, index, line, used, width))
        used += width
    if leftwards:
        placed = [Placed(p.text, p.item, p.line, room - p.left - p.width, p.width) for p in placed]
    return placed, line + 1 if placed else 0
