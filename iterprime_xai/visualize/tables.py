"""The tables of a page: passes, selection with every term, words, trace and parameters, as escaped HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from iterprime_xai.records.grounding import Grounding
from iterprime_xai.visualize import describe

MOST_RANKED = 12
"""Proposals listed in the selection table; the number of those left out is said."""


def shown(text: str) -> str:
    """Text as HTML: escaped, without what HTML forbids and what reorders a line."""
    return escape(describe.safe(text), quote=True)


def details(grounding: Grounding) -> str:
    """All tables, each folded away under its title."""
    parts = [_passes(grounding), _words(grounding), _selection(grounding), _trace(grounding), _parameters(grounding)]
    return "\n".join(part for part in parts if part)


def folded(title: str, content: str) -> str:
    """HTML folded away under its title."""
    return f"<details><summary>{escape(title)}</summary><div>{content}</div></details>"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], chosen: int | None = None) -> str:
    """A table of escaped texts; the row with the index ``chosen`` is marked."""
    head = "".join(f'<th scope="col">{shown(name)}</th>' for name in columns)
    body = "".join(
        f"<tr{' class=chosen' if index == chosen else ''}>{''.join(f'<td>{shown(cell)}</td>' for cell in row)}</tr>"
        for index, row in enumerate(rows)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _passes(grounding: Grounding) -> str:
    rows = [
        [
            str(index + 1),
            f"{look.probability:.4f}",
            f"{look.logit:.3f}",
            describe.hidden(look),
            describe.number(float(look.heatmap.max())),
            describe.status(look),
            look.stopped or "",
        ]
        for index, look in enumerate(grounding.passes)
    ]
    columns = ("pass", *describe.pass_columns(grounding), "seen", "highest heat", "final map", "stopped")
    return folded("Passes", table(columns, rows))


def _words(grounding: Grounding) -> str:
    if not grounding.words:
        return ""
    held = describe.shares(grounding.words)
    rows = [
        [
            word.text,
            describe.percent(share),
            describe.number(float(word.heatmap.max())),
            f"{word.span[0]}–{word.span[1]}",
        ]
        for word, share in zip(grounding.words, held, strict=True)
    ]
    return folded("Words", table(("word", "share of the heat", "highest heat", "characters"), rows))


def _selection(grounding: Grounding) -> str:
    selection = grounding.selection
    if selection is None:
        return ""
    terms = list(dict.fromkeys(name for each in selection.ranking for name in each.terms))
    listed = selection.ranking[:MOST_RANKED]
    rows = [
        [str(place + 1), str(each.index), describe.number(each.score)]
        + [describe.number(each.terms[name]) if name in each.terms else "" for name in terms]
        for place, each in enumerate(listed)
    ]
    chosen = next((place for place, each in enumerate(listed) if each.index == selection.answer), None)
    left = len(selection.ranking) - len(listed)
    more = f"<p>{left} more proposals ranked lower.</p>" if left > 0 else ""
    reason = selection.reason.rstrip(". ")
    words = f"{reason}. Rule: {selection.rule}; margin {selection.margin:.3f} (0 is a toss-up, 1 no rival)."
    ranked = table(("rank", "proposal", "score", *terms), rows, chosen) if rows else ""
    return folded("Selection of the mask", f"<p>{shown(words)}</p>{ranked}{more}")


def _trace(grounding: Grounding) -> str:
    if not grounding.trace:
        return ""
    return folded("Trace", f"<ol>{''.join(f'<li>{shown(line)}</li>' for line in grounding.trace)}</ol>")


def _parameters(grounding: Grounding) -> str:
    expression = grounding.expression
    rows = [
        ["phrase", expression.text],
        ["primary word", expression.primary_word],
        ["parser", f"{expression.parser} (confidence {expression.confidence:.2f})"],
        *([name, value] for name, value in dotted("", grounding.parameters)),
    ]
    return folded("Parameters", table(("name", "value"), rows))


def dotted(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Nested settings as dotted names."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from dotted(f"{prefix}.{name}" if prefix else str(name), inner)
    else:
        yield prefix, str(value)
