"""From the state to what is shown: the list with its counts and choices, as JSON values that any view can draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.visualize.describe import safe
from iterprime_xai.visualize.explorer.metrics import METRICS
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import CHANGES
from iterprime_xai.visualize.explorer.rule_shown import shown_rule
from iterprime_xai.visualize.explorer.state import PAGE, ExplorerState

LONGEST_PHRASE = 300
"""Characters of a phrase in the list; the sample itself shows all of them."""


def listing(state: ExplorerState) -> dict[str, Any]:
    """The page of the list, and where it stands."""
    marks = state.marks()
    lines = state.phrases.lines(state.on_page)
    return {
        "total": len(state.phrases),
        "matching": len(state.places),
        "page": state.page,
        "pages": state.pages,
        "size": PAGE,
        "position": state.position,
        "primary": state.primary,
        "sort": {"by": state.by, "descending": state.descending},
        "selected": len(state.selected),
        "rows": [line_of(state, int(place), line, marks) for place, line in zip(state.on_page, lines, strict=True)],
    }


def facets(state: ExplorerState) -> dict[str, Any]:
    """The rule, what it leaves, and what can be chosen from.

    Counts of a choice are among the phrases that the rest of the rule leaves, so that a further choice shows what it would add.
    """
    phrases, rule, marks = state.phrases, state.rule, state.marks()
    without_types = phrases.matching(rule, marks, without="types") if rule.types else state.keep
    counts, costs = phrases.counts(without_types), phrases.costs(without_types)
    counts = dict.fromkeys(rule.types, 0) | counts  # what is chosen stays, to be taken away again
    return {
        "rule": shown_rule(rule),
        "summary": summary(phrases, state.keep),
        "types": [
            {
                "name": name,
                "title": TYPES[name].title,
                "meaning": TYPES[name].rule,
                "count": count,
                "cost": costs.get(name, 0.0),
            }
            for name, count in sorted(counts.items(), key=lambda each: (-costs.get(each[0], 0.0), -each[1]))
        ],
        "tags": _tags(state, marks),
        "metrics": [
            {"name": name, "title": METRICS[name].title, "meaning": METRICS[name].meaning}
            for name in phrases.metric_names()
        ],
        "changes": _changes(state, marks),
    } | _noted(state, marks)


def summary(phrases: Phrases, keep: np.ndarray) -> dict[str, float | int | None]:
    """mIoU and oIoU in percent of the kept phrases with a gold mask, and how many of them are right."""
    labelled = keep & np.isfinite(phrases.figures["iou"])
    count = int(labelled.sum())
    common, either = (np.nan_to_num(each[labelled]).sum() for each in phrases.overlaps)
    right = list(TYPES).index("right")
    return {
        "labelled": count,
        "right": int((phrases.types[labelled] == right).sum()),
        "miou": 100 * float(phrases.figures["iou"][labelled].mean()) if count else None,
        "oiou": 100 * float(common / either) if either else None,
    }


def _tags(state: ExplorerState, marks: Mapping[str, set[str]]) -> list[dict[str, Any]]:
    phrases, rule = state.phrases, state.rule
    found = []
    for name in dict.fromkeys([*phrases.choices, *rule.tags]):
        keep = state.keep
        if name in rule.tags:
            others = {each: kept for each, kept in rule.tags.items() if each != name}
            keep = phrases.matching(replace(rule, tags=others), marks)
        counts = phrases.tag_counts(name, keep)
        values = phrases.tag(name)[1]
        listed = values if name in phrases.choices else [each for each in rule.tags[name] if each in values]
        found.append({"name": safe(name), "values": [{"value": safe(each), "count": counts[each]} for each in listed]})
    return found


def _changes(state: ExplorerState, marks: Mapping[str, set[str]]) -> list[dict[str, Any]]:
    if state.phrases.changes is None:
        return []
    keep = state.phrases.matching(state.rule, marks, without="change") if state.rule.change else state.keep
    counts = state.phrases.change_counts(keep)
    return [
        {"name": name, "title": name.replace("_", " "), "meaning": CHANGES[name], "count": count}
        for name, count in counts.items()
    ]


def _noted(state: ExplorerState, marks: Mapping[str, set[str]]) -> dict[str, Any]:
    phrases, rule = state.phrases, state.rule
    keep = state.keep
    if rule.noted or rule.note_tags:
        keep = phrases.matching(replace(rule, noted=False, note_tags=()), marks)
    counts = {name: int((keep & phrases.among(ids)).sum()) for name, ids in sorted(marks.items())}
    return {
        "noted": counts.get("", 0),
        "noteTags": [{"value": safe(name), "count": count} for name, count in counts.items() if name],
    }


def line_of(state: ExplorerState, place: int, line: Mapping[str, Any], marks: Mapping[str, set[str]]) -> dict[str, Any]:
    """One line of the list: what the table's ``line`` at ``place`` says, ready to be shown."""
    text, sample_id = line["text"] or "", line["sample_id"]  # a picture that could not be read tells no phrase
    short = text if len(text) <= LONGEST_PHRASE else f"{text[:LONGEST_PHRASE]}…"
    found = {
        "id": sample_id,
        "text": safe(short),
        "type": line["type"],
        "title": TYPES[line["type"]].title,
        "figures": {name: state.phrases.figure(name, place) for name in {"iou", "gain", "delta", state.by}},
        "selected": sample_id in state.selected,
        "noted": sample_id in marks.get("", ()),
    }
    if state.phrases.changes is not None and state.phrases.changes[place] >= 0:
        found["change"] = list(CHANGES)[state.phrases.changes[place]]
    return found
