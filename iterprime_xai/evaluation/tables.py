"""Tables of measured rows as Markdown and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from iterprime_xai.evaluation.heat import HeatRow
from iterprime_xai.evaluation.matching import CHANCE, MatchingRow


def matching_markdown(rows: Sequence[MatchingRow]) -> str:
    """Matching per kind, with intervals, beside chance and the two priors."""
    body = [
        [
            row.kind,
            str(row.twins),
            str(row.decided),
            f"{CHANCE:.3f}",
            f"{row.nouns:.3f}",
            f"{row.positions:.3f}",
            str(row.count),
        ]
        for row in rows
    ]
    head = ["kind", "true above false twin", "decided rightly", "chance", "nouns only", "positions only", "pairs"]
    return markdown(head, body)


def heat_markdown(rows: Sequence[HeatRow]) -> str:
    """Heat per kind, with intervals, beside what blind rules reach."""
    body = [
        [row.kind, str(row.heat), f"{row.area:.3f}", str(row.peak), f"{row.guess:.3f}", str(row.blank), str(row.count)]
        for row in rows
    ]
    head = ["kind", "heat in object", "object's area", "peak on object", "any thing", "blank", "phrases"]
    return markdown(head, body)


def markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def plain(rows: Sequence[MatchingRow | HeatRow]) -> list[dict[str, Any]]:
    """Rows as dicts of plain values, for JSON."""
    return [asdict(row) for row in rows]
