"""The charts of cells: which types of failure go with which values of a tag, and with which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from iterprime_xai.evaluation.failures.rates import type_counts, wilson
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.records.errors import OptionError
from iterprime_xai.visualize.explorer.charts.look import (
    NO_FAILURE,
    SHARES,
    Chart,
    Drawing,
    Option,
    axis,
    counted,
    drawn,
    hint,
    label,
    nothing,
    nothing_left,
    title_of,
    toggled,
)
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Rule
from iterprime_xai.visualize.explorer.state import ExplorerState

ROW = 24
"""Pixels of a row of cells."""

WORDS = 25
"""Words on show."""

AT_LEAST = 10
"""Phrases that a word must occur in: of rarer ones nothing is sure."""

_NAMES = tuple(TYPES)
_FAILURES = np.array([name not in NO_FAILURE for name in _NAMES])
_LABELLED = np.array([name != "unlabelled" for name in _NAMES])


def tag_option(phrases: Phrases) -> Option:
    """The tags that phrases can be told apart by."""
    return Option("tag", "Tag", tuple((name, name) for name in phrases.choices))


def usual_tag(phrases: Phrases) -> str | None:
    """``kind``, else the first tag with a few values; ``None`` where there is none."""
    return "kind" if "kind" in phrases.choices else next(iter(phrases.choices), None)


def _tag(phrases: Phrases, tag: str | None) -> str | None:
    """The tag that was asked for, else the usual one."""
    if tag is not None:
        if tag not in phrases.tag_names:
            raise OptionError(f"The run has no tag {tag!r}; it has: {', '.join(phrases.tag_names) or 'none'}.")
        return tag
    return usual_tag(phrases)


def _draw_kinds(state: ExplorerState, tag: str | None = None) -> Drawing:
    phrases = state.phrases
    name = _tag(phrases, tag)
    if name is None:
        return nothing([_CELLS], "No tag of these phrases has between two and sixty values.")
    rest = replace(state.rule, types=(), tags={each: kept for each, kept in state.rule.tags.items() if each != name})
    keep = phrases.matching(rest, state.marks()) & (phrases.types >= 0)
    codes, values = phrases.tag(name)
    keep &= codes >= 0
    counts = type_counts(codes[keep], phrases.types[keep], len(values))
    order = _surest_first(counts, values)
    chosen = set(state.rule.tags.get(name, ())), set(state.rule.types)
    if not len(order):
        return nothing([_CELLS], nothing_left(state, rest))
    return _cells(counts[order], [values[each] for each in order], chosen, f"{label(name)} by type of failure", name)


def _pick_kinds(state: ExplorerState, data: Sequence[Any], tag: str | None = None) -> Rule:
    name = _tag(state.phrases, tag)
    assert name is not None
    value, kind = (str(each) for each in data)
    without = {each: kept for each, kept in state.rule.tags.items() if each != name}
    return toggled(
        state.rule,
        {"tags": {**state.rule.tags, name: (value,)}, "types": (kind,)},
        {"tags": without, "types": ()},
    )


def _draw_words(state: ExplorerState) -> Drawing:
    rest = replace(state.rule, types=(), words=())
    words, counts, known = surest_words(state.phrases, state.phrases.matching(rest, state.marks()))
    chosen = set(state.rule.words), set(state.rule.types)
    if not words:
        return nothing([_CELLS], f"No content word occurs in {AT_LEAST} of the phrases with a gold mask.")
    many = f"The {len(words)} words" if len(words) > 1 else "The word"
    among = f", among the {known:,} that occur in at least {AT_LEAST}"
    return _cells(counts, words, chosen, f"{many} that fail the most surely", "word", among)


def _pick_words(state: ExplorerState, data: Sequence[Any]) -> Rule:
    word, kind = (str(each) for each in data)
    return toggled(state.rule, {"words": (word,), "types": (kind,)}, {"words": (), "types": ()})


def surest_words(phrases: Phrases, keep: np.ndarray, most: int = WORDS) -> tuple[list[str], np.ndarray, int]:
    """The content words whose phrases fail the most surely, among those that are kept.

    Gives the words, how many of their phrases have each type, int64 (words, types), and how many words were looked at. Sorted by
    the lower end of the 95 % interval of the share that fails (Wilson, 1927).
    """
    owners, codes, names = phrases.content_words
    labelled = keep & (phrases.types >= 0) & _LABELLED[phrases.types]
    held = labelled[owners]
    counts = type_counts(codes[held], phrases.types[owners[held]], len(names))
    often = np.flatnonzero(counts.sum(1) >= AT_LEAST)
    order = often[_surest_first(counts[often], [names[each] for each in often])][:most]
    return [names[each] for each in order], counts[order], len(often)


def _surest_first(counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Places of the rows that have phrases: what fails the most surely first, then what is more frequent."""
    total, failed = counts[:, _LABELLED].sum(1), counts[:, _FAILURES].sum(1)
    low = np.nan_to_num(wilson(failed, total)[0])
    there = np.flatnonzero(counts.sum(1))
    return np.array(sorted(there, key=lambda each: (-low[each], -total[each], names[int(each)])), np.int64)


_CELLS: dict[str, Any] = {"type": "heatmap"}


def _cells(
    counts: np.ndarray, names: Sequence[str], chosen: tuple[set[str], set[str]], title: str, what: str, among: str = ""
) -> Drawing:
    shown = [at for at in np.flatnonzero(_FAILURES) if counts[:, at].any()]
    total, failed = counts[:, _LABELLED].sum(1), counts[:, _FAILURES].sum(1)
    if not shown:
        return nothing([_CELLS], f"None of {counted(int(total.sum()))} failed.")
    kinds = [_NAMES[at] for at in shown]
    picked = counts[:, shown]
    shares = picked / np.maximum(total, 1)[:, None]
    cells = {
        **_CELLS,
        "x": list(range(len(kinds))),
        "y": list(range(len(names))),
        "z": [[round(float(share), 4) if share else None for share in line] for line in shares],
        "text": [[str(count) if count else "" for count in line] for line in picked.tolist()],
        "texttemplate": "%{text}",
        "textfont": {"size": 11},
        "customdata": [[[name, kind] for kind in kinds] for name in names],
        "hovertext": [
            [
                hint(
                    f"{label(what)} “{label(name, 60)}”, <b>{title_of(kind)}</b>",
                    f"{int(count):,} of {counted(int(of))} ({100 * share:.0f} %)",
                    "Click: these, again: all",
                )
                for kind, count, share in zip(kinds, line, part, strict=True)
            ]
            for name, line, part, of in zip(names, picked, shares, total, strict=True)
        ],
        "hoverinfo": "text",
        "hoverongaps": False,
        "colorscale": "Viridis",
        "zmin": 0,
        "zmax": max(0.02, float(shares.max())),
        "xgap": 1,
        "ygap": 1,
        "colorbar": SHARES,
    }
    rows = [
        _marked(f"{label(name)}  {int(part):,} / {int(of):,}", name in chosen[0])
        for name, part, of in zip(names, failed, total, strict=True)
    ]
    columns = [_marked(title_of(kind), kind in chosen[1]) for kind in kinds]
    first = f"{what} “{names[0]}” fails the most surely: {int(failed[0]):,} of {counted(int(total[0]))}{among}"
    most = title_of(kinds[int(picked[0].argmax())])
    return drawn(
        [cells],
        f"{first[:1].upper()}{first[1:]}; most often by {most}.",
        f"{title}; beside each: failed / all",
        170 + ROW * len(names),
        xaxis=axis(
            range=[-0.5, len(kinds) - 0.5],
            tickmode="array",
            tickvals=list(range(len(kinds))),
            ticktext=columns,
            tickangle=-38,
        ),
        yaxis=axis(range=[len(names) - 0.5, -0.5], tickmode="array", tickvals=list(range(len(names))), ticktext=rows),
    )


def _marked(text: str, on: bool) -> str:
    return f"<b>▸ {text}</b>" if on else text


KINDS = Chart(
    "Tags",
    "Which types of failure go with which values of a tag: the number is the phrases, the colour their share of that value's "
    "phrases. Click a cell to see its phrases, again to see all.",
    _draw_kinds,
    _pick_kinds,
    option=tag_option,
)
WORD_CELLS = Chart(
    "Words",
    "Which content words come with failures, and by which type: the number is the phrases, the colour their share of that word's "
    "phrases. Click a cell to see its phrases, again to see all.",
    _draw_words,
    _pick_words,
)
