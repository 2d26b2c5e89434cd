"""The quality table in full: a page of Markdown, the same as data, and the part of it that goes on a model card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from iterprime_xai.evaluation.looking import LookRow
from iterprime_xai.evaluation.matching import PairRow, matching_rows
from iterprime_xai.evaluation.passes import pass_rows, passes_markdown
from iterprime_xai.evaluation.presence import PhraseRow, presence_rows
from iterprime_xai.evaluation.quality import MEASURES, blind_rows, difference_rows, quality_rows
from iterprime_xai.evaluation.tables import (
    by_kind_markdown,
    differences_markdown,
    kinds_markdown,
    matching_markdown,
    plain,
    presence_markdown,
    ways_markdown,
)
from iterprime_xai.evaluation.ways import comparisons, extra_comparisons, plain_name


@dataclass(frozen=True, slots=True)
class Settings:
    """What was measured and how: ``layer`` is the one that all but the plain rows read, ``threshold`` that of may_abstain."""

    model: str
    layer: int
    layer_source: str
    layers: tuple[int, ...]
    threshold: float
    threshold_source: str
    seed: int


@dataclass(frozen=True, slots=True)
class SplitRows:
    """Every measured row of one split; an empty list leaves its tables out."""

    split: str
    looks: Sequence[LookRow]
    pairs: Sequence[PairRow]
    phrases: Sequence[PhraseRow]


def report(settings: Settings, splits: Sequence[SplitRows]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The page, all figures as data, and what goes on a model card: ``settings``, ``threshold`` and tables under ``markdown``."""
    page: dict[str, str] = {}
    card: dict[str, str] = {}
    figures: dict[str, Any] = {}
    for rows in splits:
        figures[rows.split] = (
            _matching(rows, settings, page, card)
            | _presence(rows, settings, page, card)
            | _looks(rows, settings, page, card)
        )
    head = [
        "# Quality",
        f"Model `{settings.model}`, {settings.layer_source}; seed {settings.seed}. 95 % bootstrap intervals over pictures; "
        "differences are paired by expression and bold where the interval does not hold 0.",
        f"Threshold for may_abstain: {settings.threshold:.4f} ({settings.threshold_source}).",
    ]
    text = "\n\n".join([*head, *(f"## {title}\n\n{table.rstrip()}" for title, table in page.items())]) + "\n"
    about = {"settings": asdict(settings), "threshold": settings.threshold}
    return text, about | {"figures": figures}, about | {"markdown": card}


def _matching(rows: SplitRows, settings: Settings, page: dict[str, str], card: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, chosen in (
        ("plain twins", [row for row in rows.pairs if not row.hard]),
        ("hard twins", [row for row in rows.pairs if row.hard]),
    ):
        if chosen:
            summary = matching_rows(chosen, settings.seed)
            found[name] = plain(summary)
            title = f"Matching, {rows.split}, {name}"
            page[title] = card[title] = matching_markdown(summary)
    return {"matching": found} if found else {}


def _presence(rows: SplitRows, settings: Settings, page: dict[str, str], card: dict[str, str]) -> dict[str, Any]:
    if not rows.phrases:
        return {}
    summary = presence_rows(rows.phrases, settings.threshold, settings.seed)
    title = f"Present or absent, {rows.split}"
    page[title] = card[title] = presence_markdown(summary)
    return {"presence": plain(summary)}


def _looks(rows: SplitRows, settings: Settings, page: dict[str, str], card: dict[str, str]) -> dict[str, Any]:
    if not rows.looks:
        return {}
    seed, split = settings.seed, rows.split
    summary, blind = quality_rows(rows.looks, seed), blind_rows(rows.looks)
    compared = comparisons(settings.layers, settings.layer)
    compared += extra_comparisons(list(dict.fromkeys(row.way for row in rows.looks)), settings.layers, settings.layer)
    apart = difference_rows(rows.looks, compared, seed)
    measures = [name for name in MEASURES if name in summary[0].measures]
    page[f"Heat and masks, {split}"] = ways_markdown(summary)
    looked_again = pass_rows(rows.looks, seed)
    if looked_again:
        page[f"Passes, {split}"] = passes_markdown(looked_again)
    for way in (plain_name(settings.layer), "default"):
        title = f"Heat and masks, {split}, {way} by kind"
        page[title] = card[title] = kinds_markdown(summary, blind, way)
    for name in measures:
        page[f"{MEASURES[name][0].capitalize()}, {split}, every way by kind"] = by_kind_markdown(summary, name, blind)
        page[f"{MEASURES[name][0].capitalize()}, {split}, paired differences"] = differences_markdown(apart, name)
    return {"looks": plain(summary), "blind": plain(blind), "differences": plain(apart), "passes": plain(looked_again)}
