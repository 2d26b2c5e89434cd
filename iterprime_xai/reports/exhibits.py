"""What a report says of a grounding in words and tables: each exhibit is a piece of HTML with every text escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.records import Grounding, Sample
from iterprime_xai.records.overlap import iou
from iterprime_xai.visualize import describe
from iterprime_xai.visualize.tables import shown

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run

_PEN = "253, 231, 37"
_PRIMARY = "font-weight: 700; text-decoration: underline; text-underline-offset: 4px"
_CAVEAT = "color: #b3560b; font-weight: 600"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A piece of HTML that notebooks show, with a plain text for everything else."""

    html: str

    def _repr_html_(self) -> str:
        return self.html

    def __add__(self, other: Exhibit) -> Exhibit:
        return Exhibit(f"{self.html}\n{other.html}")

    def __repr__(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.html)).split())


@dataclass(frozen=True, slots=True)
class Written:
    """Markdown that notebooks show as such, with itself as the plain text."""

    text: str

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], chosen: int | None = None) -> Exhibit:
    """A table; the row ``chosen`` is bold. Cells are text and are escaped; an exhibit in a cell stays as it is."""

    def cell(value: Any) -> str:
        return value.html if isinstance(value, Exhibit) else shown(str(value))

    left = 'style="text-align: left"'
    head = "".join(f'<th scope="col" {left}>{shown(name)}</th>' for name in columns)
    lines = []
    for index, row in enumerate(rows):
        style = 'style="text-align: left; font-weight: 700"' if index == chosen else left
        lines.append(f"<tr>{''.join(f'<td {style}>{cell(value)}</td>' for value in row)}</tr>")
    return Exhibit(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>")


def sentence(text: str, caveat: bool = False) -> Exhibit:
    """One paragraph of plain text; a caveat stands out."""
    return Exhibit(f'<p style="{_CAVEAT}">⚠ {shown(text)}</p>' if caveat else f"<p>{shown(text)}</p>")


def lead(html: str) -> Exhibit:
    """The finding at the top of a report: HTML, with every text in it escaped, a little larger than the rest."""
    return Exhibit(f'<p style="font-size: 1.12em">{html}</p>')


def heading(text: str) -> Exhibit:
    """A heading inside a section."""
    return Exhibit(f"<h3>{shown(text)}</h3>")


def headline(grounding: Grounding, sample: Sample | None = None) -> Exhibit:
    """The finding in one line: match, primary word, looks, mask, and the overlap with the truth of ``sample``."""
    used = sum(look.accepted for look in grounding.passes)
    looks = f"{len(grounding.passes)} look{'s' if len(grounding.passes) != 1 else ''}"
    if used < len(grounding.passes):
        looks += f" ({len(grounding.passes) - used} left out of the map)"
    measured = "share of the best mask" if describe.by_choice(grounding) else "match probability"
    parts = [
        f"{measured} {describe.probability(grounding.probability)}",
        f"primary word “{describe.one_line(grounding.expression.primary_word)}”",
        looks,
        describe.mask_sentence(grounding).rstrip(".").replace("The mask", "the mask").replace("No mask", "no mask"),
    ]
    if sample is not None and sample.mask is not None:
        parts.append(f"overlap with the gold mask (IoU) {overlap(grounding.mask, sample.mask):.2f}")
    nothing = describe.evidence(grounding.heatmap)
    phrase = shown(describe.one_line(grounding.expression.text))
    line = lead(f"<b>“{phrase}”</b>: {shown('; '.join(parts))}.")
    return line if nothing is None else line + sentence(nothing, caveat=True)


def caveats(grounding: Grounding) -> Exhibit:
    """What limits this finding, from its trace: unknown words, a layer that was not validated, pictures it was not made for."""
    found = Exhibit("")
    for line in describe.caveats(grounding.trace):
        found += sentence(line, caveat=True)
    return found


def phrase(grounding: Grounding) -> Exhibit:
    """The phrase, its words marked by their share of the heat and the primary one underlined; then a table of words."""
    expression = grounding.expression
    shades = describe.shading(expression, grounding.words)
    marked = []
    for piece in describe.pieces(expression):
        shade = None if piece.word is None else shades[piece.word]
        style = (
            f"background: rgba({_PEN}, {0.85 * (shade or 0):.2f}); border-radius: 4px; padding: 1px 3px; color: #1b1f24"
        )
        if piece.word == expression.primary:
            style += f"; {_PRIMARY}"
        text = shown(piece.text)
        marked.append(text if piece.word is None else f'<span style="{style}">{text}</span>')
    held = dict(zip([word.span for word in grounding.words], describe.shares(grounding.words), strict=True))
    highest = {word.span: describe.number(float(word.heatmap.max())) for word in grounding.words}
    rows = [
        [
            word.text,
            "primary" if index == expression.primary else "context" if word.content else "",
            word.pos,
            describe.percent(held[word.span]) if word.span in held else "",
            highest.get(word.span, ""),
        ]
        for index, word in enumerate(expression.words)
    ]
    words = table(("word", "role", "part of speech", "share of the heat", "highest heat"), rows, expression.primary)
    large = '<p style="font-size: 1.5em; margin: .3em 0"><bdi>'
    note = f"Parsed by {expression.parser} (confidence {expression.confidence:.2f})."
    if expression.headless:
        note += " The phrase has no head noun; its first content word stands in."
    return Exhibit(f"{large}{''.join(marked)}</bdi></p>") + words + sentence(note)


def passes(grounding: Grounding) -> Exhibit:
    """Every look: what was hidden, match, highest heat, whether it counts, and why no further one followed."""
    rows = [
        [
            index,
            describe.hidden(look),
            f"{look.probability:.4f}",
            f"{look.logit:+.3f}",
            describe.strength(look),
            describe.status(look),
            look.stopped or "",
        ]
        for index, look in enumerate(grounding.passes, 1)
    ]
    numbers = describe.pass_columns(grounding)
    return table(("pass", "the model sees", *numbers, "heat", "final map", "stopped"), rows)


def selection(grounding: Grounding, most: int = 8) -> Exhibit:
    """Why this mask: the ranked proposals with every term of the score, the chosen one bold."""
    found, proposals = grounding.selection, grounding.proposals
    if found is None or proposals is None:
        return sentence("No mask was asked for: saliency only.")
    terms = list(dict.fromkeys(name for ranked in found.ranking for name in ranked.terms))
    listed = found.ranking[:most]
    rows = [
        [place, ranked.index, describe.number(ranked.score)]
        + [describe.number(ranked.terms[name]) if name in ranked.terms else "" for name in terms]
        for place, ranked in enumerate(listed, 1)
    ]
    chosen = next((place for place, ranked in enumerate(listed) if ranked.index == found.answer), None)
    columns = ("rank", "proposal", "score", *(name.replace("_", " ") for name in terms))
    text = (
        f"{len(proposals)} proposals from {proposals.source}. Rule “{found.rule}”: {found.reason.rstrip('.')}. "
        f"Margin {found.margin:.2f} (0 is a toss-up with a different mask, 1 is no rival)."
    )
    left = len(found.ranking) - len(listed)
    more = sentence(f"{left} more proposals ranked lower.") if left > 0 else Exhibit("")
    return sentence(text) + (table(columns, rows, chosen) if rows else Exhibit("")) + more


def layer_note(grounding: Grounding, shown_: int, there: int) -> Exhibit:
    """Why this layer was read, and how many of the layers are shown."""
    notes = [line for line in grounding.trace if line.startswith("layer ")]
    if not there:
        return Exhibit("")
    told = f"Read: {'; '.join(notes)}. " if notes else ""
    text = f"{told}Shown: {shown_} of {there} layers, each on its own scale."
    return sentence(text, caveat=any("not validated" in line for line in notes))


def run_notes(run: Run, where: Mapping[str, str] | None = None) -> Exhibit:
    """Which run this is, in a line, and what a reader of its numbers has to know."""
    from iterprime_xai.evaluation.measures import summarise

    found = summarise(run)
    only = "".join(f", only {name} = {value}" for name, value in (where or {}).items())
    told = sentence(f"{found.system} on {found.data}, proposals {found.proposals}, answer {found.answer}{only}.")
    if found.errors:
        told += sentence(f"{sum(found.errors.values())} phrases ended in an error and count as IoU 0.", caveat=True)
    return told + notes(found.notes)


def notes(told: Sequence[str]) -> Exhibit:
    """What a reader of a run's figures has to know, a caveat each."""
    found = Exhibit("")
    for note in told:
        found += sentence(f"{note[:1].upper()}{note[1:]}.", caveat=True)
    return found


def comparison(named: Sequence[tuple[str, Grounding]], sample: Sample | None = None) -> Exhibit:
    """Groundings of one phrase side by side; each is compared with the first: peak, shape of the map, mask."""
    first = named[0][1]
    truth = None if sample is None else sample.mask
    columns = ["", "passes used", "highest heat", "peak at", "map: correlation", "mask: IoU"]
    rows = []
    for name, each in named:
        x_y = "none" if each.point is None else f"({each.point[0]}, {each.point[1]})"
        same = each is first
        row = [name, sum(look.accepted for look in each.passes), describe.number(float(each.heatmap.max())), x_y]
        row += ["" if same else f"{correlation(first.heatmap, each.heatmap):.2f}"]
        row += ["" if same or first.mask is None else f"{overlap(each.mask, first.mask):.2f}"]
        if truth is not None:
            row.append(f"{overlap(each.mask, truth):.2f}")
        rows.append(row)
    if truth is not None:
        columns.append("IoU with the truth")
    return table(columns, rows)


def trace(grounding: Grounding) -> Exhibit:
    """What was decided on the way, in order; what limits the figure stands out."""
    limits = set(describe.caveats(grounding.trace))
    lines = [
        f'<li style="{_CAVEAT}">⚠ {shown(line)}</li>' if line in limits else f"<li>{shown(line)}</li>"
        for line in grounding.trace
    ]
    return Exhibit(f"<ol>{''.join(lines)}</ol>")


def overlap(mask: np.ndarray | None, truth: np.ndarray) -> float:
    """Intersection over union of two masks; 0 where there is no mask."""
    return iou(mask, truth)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """How alike the shapes of two maps are, from -1 to 1; not a number where one of them is flat."""
    # Scaled first: products of maps of 1e-20 would vanish.
    a, b = (np.asarray(each, np.float64) - np.mean(each, dtype=np.float64) for each in (first, second))
    a, b = (each / (np.abs(each).max() or 1.0) for each in (a, b))
    length = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / length if length > 0 else float("nan")
