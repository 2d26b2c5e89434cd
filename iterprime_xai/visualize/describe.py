"""What a grounding says in words and numbers: one reading of the record, for the figure, the page and the widget."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from iterprime_xai.records.expression import Expression, Span
from iterprime_xai.records.grounding import Grounding, Pass, WordMap
from iterprime_xai.records.heatmap import is_blank

BLANK = "No evidence: the map is blank."
NEGATIVE = "No evidence: the heat is nowhere positive."
BROKEN = "No evidence: the map holds values that are not finite numbers."

DARK_TEXT_FROM = 0.62
"""Words marked at least this strongly get dark letters on a dark page too: the mark itself is bright there."""

MAIN_SETTINGS = ("model", "method", "recipe", "layer", "gradient", "emphasis", "proposals", "answer")
"""The parameters worth a line under a figure, in this order; the page lists all of them."""

_QUOTED = re.compile(r"""(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
"""What a note quotes as ``repr`` writes it: words of the phrase, which may read like anything."""

_LIMITS = re.compile(
    "|".join(
        (
            r"headless phrase: ",
            r".+ never saw the word ''",
            r"layer \d+, .*\bnot validated for this checkpoint\)?$",
            r"pass \d+: .*; stopped: the map is blank$",
            r"the heatmap is (?:flat|nowhere positive) and tells nothing",
            r"abstained: ",
            r".+ was trained on .+ only: do not trust it on ",
        )
    )
)
"""How the notes of a trace begin that limit a finding; what they quote is ``''`` here."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the phrase: a word (its index in ``Expression.words``) or what stands between two (``None``)."""

    text: str
    word: int | None


def number(value: float) -> str:
    """A magnitude in three digits at most: "0.43", "12", "3.1×10⁻¹⁰"."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e4:
        return f"{value:.3g}".replace("-", "−") if abs(value) < 1000 else f"{value:.0f}".replace("-", "−")
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPTS)}".replace("-", "−")


def probability(value: float, decimals: int = 2) -> str:
    """A probability in a few decimals, never rounded to a certainty that it is not."""
    if not math.isfinite(value):
        return "not a number"
    step = 10.0**-decimals
    if 0 < value < step / 2:
        return f"< {step:.{decimals}f}"
    if 1 - step / 2 <= value < 1:
        return f"> {1 - step:.{decimals}f}"
    return f"{value:.{decimals}f}"


def probabilities(passes: Sequence[Pass]) -> tuple[str, ...]:
    """The match of every pass, in as many decimals (two to four) as it takes to see which is larger."""
    values = [look.probability for look in passes]
    for decimals in (2, 3):
        shown = tuple(probability(value, decimals) for value in values)
        if len(set(shown)) == len({value for value in values if math.isfinite(value)}) + any(map(math.isnan, values)):
            return shown
    return tuple(probability(value, 4) for value in values)


def percent(share: float) -> str:
    """A share in per cent, with "< 0.1 %" for what is little but not nothing."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def pieces(expression: Expression) -> tuple[Piece, ...]:
    """The phrase cut into words and what stands between them, in order; put together they are the phrase."""
    found: list[Piece] = []
    reached = 0
    for index, word in sorted(enumerate(expression.words), key=lambda pair: pair[1].span):
        start, end = max(word.span[0], reached), word.span[1]
        if end <= start:
            continue
        if start > reached:
            found.append(Piece(expression.text[reached:start], None))
        found.append(Piece(expression.text[start:end], index))
        reached = end
    if reached < len(expression.text):
        found.append(Piece(expression.text[reached:], None))
    return tuple(found)


def shares(words: Sequence[WordMap]) -> tuple[float, ...]:
    """The part of all the words' positive heat that each word holds; they sum to 1, or are all 0 for blank maps."""
    heat = [float(np.clip(np.nan_to_num(word.heatmap), 0, None).sum(dtype=np.float64)) for word in words]
    total = math.fsum(heat)
    return tuple(value / total for value in heat) if total > 0 else (0.0,) * len(heat)


def shading(expression: Expression, words: Sequence[WordMap]) -> tuple[float | None, ...]:
    """How strongly to mark each word of the expression: 1 where most heat is, ``None`` for a word without a map."""
    held = shares(words)
    most = max(held, default=0.0)
    by_span: dict[Span, float] = {word.span: share for word, share in zip(words, held, strict=True)}
    found = [by_span.get(word.span) for word in expression.words]
    return tuple(None if share is None else (share / most if most > 0 else 0.0) for share in found)


def final_pass(grounding: Grounding) -> int:
    """Index of the pass that ``Grounding.words`` comes from: the last that was used, or the last of all."""
    used = [index for index, look in enumerate(grounding.passes) if look.accepted]
    return used[-1] if used else len(grounding.passes) - 1


def blank(heatmap: np.ndarray) -> bool:
    """Whether a map shows nothing: flat, nowhere positive, or not finite."""
    return is_blank(heatmap)


def evidence(heatmap: np.ndarray) -> str | None:
    """Why a map shows nothing, as a sentence; ``None`` for a map that shows something."""
    if not np.isfinite(heatmap).all():
        return BROKEN
    if not blank(heatmap):
        return None
    return NEGATIVE if float(heatmap.max()) > float(heatmap.min()) else BLANK


def by_choice(grounding: Grounding) -> bool:
    """Whether a system that chooses among masks made it: then the one number is the best mask's share, and no match was asked."""
    return "share" in str(grounding.parameters.get("probability", ""))


def match_word(grounding: Grounding) -> str:
    """What the one number of a grounding is, in a word."""
    return "share" if by_choice(grounding) else "match"


def heat_words(grounding: Grounding) -> str:
    """What the heat is a picture of."""
    return str(grounding.parameters.get("heat", "where the model looks"))


def drawn_from_shares(grounding: Grounding) -> bool:
    """Whether the heat is the picture of a system's scores, and no map of its own."""
    return "share" in heat_words(grounding)


def heat_word(grounding: Grounding) -> str:
    """What the colours stand for, in a word."""
    return "share" if drawn_from_shares(grounding) else "heat"


def legend(grounding: Grounding) -> str:
    """How to read the phrase above a figure."""
    marked = any(shading(grounding.expression, grounding.words))
    more = " The stronger a word is marked, the more of the heat it holds." if marked else ""
    return f"Underlined: the primary word.{more}"


def pass_columns(grounding: Grounding) -> tuple[str, str]:
    """The heads of the two numbers of a pass."""
    return ("share", "logit") if by_choice(grounding) else ("match probability", "match logit")


def headline(grounding: Grounding) -> tuple[str, ...]:
    """The finding in a few short sentences: match, peak, mask and how sure the choice is."""
    named = "Share of the best mask" if by_choice(grounding) else "Match probability"
    sentences = [f"{named} {probability(grounding.probability)}."]
    nothing = evidence(grounding.heatmap)
    if nothing is not None:
        sentences.append(nothing)
    elif grounding.point is not None:
        x, y = grounding.point
        what = "The shares peak" if drawn_from_shares(grounding) else "The heat peaks"
        sentences.append(f"{what} at pixel ({x}, {y}).")
    sentences.append(mask_sentence(grounding))
    return tuple(sentences)


def mask_sentence(grounding: Grounding) -> str:
    """What became of the mask: its size and margin, or why there is none."""
    selection = grounding.selection
    if grounding.mask is None:
        if selection is not None and selection.answer is None:
            reason = selection.reason.removeprefix("abstained: ").rstrip(". ")
            return f"No mask: the selection abstained{f' ({reason})' if reason else ''}."
        return "No mask: saliency only."
    area = int(grounding.mask.sum())
    sentence = f"The mask covers {percent(area / grounding.mask.size)} of the picture ({area:,} px)"
    if selection is not None:
        sentence += f"; margin {selection.margin:.2f} (0 is a toss-up, 1 no rival)"
    return sentence + "."


def words_note(grounding: Grounding) -> str:
    """What the row of word maps shows, or why it is empty."""
    number_of_pass = final_pass(grounding) + 1
    if all(blank(word.heatmap) for word in grounding.words):
        return f"no word has heat of its own in pass {number_of_pass}; in a model's last text layer none ever has"
    return f"where each word looks in pass {number_of_pass}, on its own colour scale; the bar is its share of the heat"


def hidden(look: Pass) -> str:
    """How many patches a pass was not allowed to see."""
    count, total = int((~look.keep).sum()), look.keep.size
    return f"{count} of {total} patches hidden" if count else "whole picture"


def status(look: Pass) -> str:
    """Whether a pass went into the final map."""
    return "used" if look.accepted else "left out"


def strength(look: Pass) -> str:
    """The highest heat of a pass, or that it is blank."""
    if blank(look.heatmap):
        return "blank: no evidence"
    return f"peak {number(float(look.heatmap.max()))}"


def setting(value: Any) -> str:
    """One parameter as short text; a record with a name shows its name."""
    if isinstance(value, dict) and "name" in value:
        return str(value["name"])
    if isinstance(value, float):
        return number(value)
    return str(value)


def main_settings(grounding: Grounding) -> str:
    """Model, method, recipe, layer and so on, in one line."""
    recipe = grounding.parameters.get("recipe")
    inner = recipe if isinstance(recipe, dict) else {}
    known = [(name, grounding.parameters.get(name, inner.get(name))) for name in MAIN_SETTINGS]
    return "  ·  ".join(f"{name} {setting(value)}" for name, value in known if value is not None)


def caveats(trace: Sequence[str]) -> tuple[str, ...]:
    """The sentences of the trace that limit what the figure may be taken to say."""
    return tuple(sentence for sentence in trace if _LIMITS.match(_QUOTED.sub("''", sentence)))


def alt_text(grounding: Grounding) -> str:
    """The figure in words, for people who do not see it."""
    count = len(grounding.passes)
    looks = ", ".join(probabilities(grounding.passes))
    shown = heat_words(grounding)
    if by_choice(grounding):
        ending = []
    else:
        ending = [f"{count} pass{'es' if count > 1 else ''}, match {looks}."]
    return " ".join(
        [
            f"{shown[:1].upper()}{shown[1:]} for “{one_line(grounding.expression.text)}”.",
            f"Primary word: {one_line(grounding.expression.primary_word)}.",
            *headline(grounding),
            *ending,
        ]
    )


def one_line(text: str) -> str:
    """The text without line breaks, control and invisible formatting characters, which could reorder or hide a line.

    Halves of characters (lone surrogates), which no file can hold, become question marks.
    """
    kinds = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": "?"}
    return " ".join("".join(kinds.get(unicodedata.category(each), each) for each in text).split())


REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe(text: str) -> str:
    """The text for a web page, not yet escaped: as it is, but for characters that HTML forbids or that reorder a line."""
    kinds = {"Cc": " ", "Cs": "?"}
    return "".join(kinds.get(unicodedata.category(each), each) for each in text if each not in REORDERING)


def right_to_left(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left, as in Hebrew and Arabic."""
    for each in text:
        direction = unicodedata.bidirectional(each)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False
