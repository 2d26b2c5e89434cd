"""Tables of measured rows as Markdown and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.heat import HeatRow
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.evaluation.matching import CHANCE, MatchingRow
from iterprime_xai.evaluation.presence import PresenceRow
from iterprime_xai.evaluation.quality import MEASURES, BlindRow, DifferenceRow, QualityRow


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


def presence_markdown(rows: Sequence[PresenceRow]) -> str:
    """Present against absent per kind, with intervals; a blind rule has an area of 0.5."""
    body = [
        [row.kind, str(row.auroc), str(row.found), str(row.refused), str(row.balanced), str(row.count)] for row in rows
    ]
    return markdown(["kind", "AUROC", "present found", "absent refused", "decided rightly", "phrases"], body)


def ways_markdown(rows: Sequence[QualityRow], kind: str = "all") -> str:
    """One line a way, one column a measure, for one kind of expression."""
    chosen = [row for row in rows if row.kind == kind]
    names = _measures(chosen)
    body = [[row.way, *(str(row.measures[name]) for name in names), str(row.blank), str(row.count)] for row in chosen]
    return markdown(["way", *(MEASURES[name][0] for name in names), "blank", "expressions"], body)


def kinds_markdown(rows: Sequence[QualityRow], blind: Sequence[BlindRow], way: str) -> str:
    """One line a kind, one column a measure, for one way, beside what blind rules reach."""
    chosen = {row.kind: row for row in rows if row.way == way}
    names = _measures(list(chosen.values()))
    body = [
        [
            each.kind,
            *(str(chosen[each.kind].measures[name]) for name in names),
            f"{each.area:.3f}",
            f"{each.guess:.3f}",
            str(each.count),
        ]
        for each in blind
    ]
    return markdown(["kind", *(MEASURES[name][0] for name in names), "object's area", "any thing", "expressions"], body)


def by_kind_markdown(rows: Sequence[QualityRow], measure: str, blind: Sequence[BlindRow] = ()) -> str:
    """One line a way, one column a kind, for one measure; the last line is what a blind rule reaches, or the best proposal."""
    kinds = list(dict.fromkeys(row.kind for row in rows))
    found = {(row.way, row.kind): str(row.measures[measure]) for row in rows}
    body = [[way, *(found[way, kind] for kind in kinds)] for way in dict.fromkeys(row.way for row in rows)]
    rule = {"peak": "guess", "gold": "guess", "heat": "area", "iou": "iou"}.get(measure)
    if rule and blind:
        label = {"guess": "any thing", "area": "flat map", "iou": "best proposal"}[rule]
        body.append(
            [f"*{label}*", *(f"{getattr(each, rule):.3f}" for kind in kinds for each in blind if each.kind == kind)]
        )
    return markdown(["way", *kinds], body)


def differences_markdown(rows: Sequence[DifferenceRow], measure: str) -> str:
    """One line a comparison, one column a kind; bold where the interval does not hold 0."""
    kinds = list(dict.fromkeys(row.kind for row in rows))
    found = {(row.way, row.against, row.kind): signed(row.measures[measure]) for row in rows}
    pairs = list(dict.fromkeys((row.way, row.against) for row in rows))
    body = [[f"{way} - {against}", *(found[way, against, kind] for kind in kinds)] for way, against in pairs]
    return markdown(["difference", *kinds], body)


def _measures(rows: Sequence[QualityRow]) -> list[str]:
    return [name for name in MEASURES if all(name in row.measures for row in rows)]


def signed(value: Interval) -> str:
    """A difference with its sign, bold where the interval does not hold 0."""
    text = f"{value.mean:+.3f} [{value.low:+.3f}, {value.high:+.3f}]"
    return f"**{text}**" if value.low > 0 or value.high < 0 else text


def plain(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows as dicts of plain values, for JSON."""
    return [asdict(row) for row in rows]
