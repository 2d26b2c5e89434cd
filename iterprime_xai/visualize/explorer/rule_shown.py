"""A rule as the browser sees it and sends it back: tags of data sets and notes may hold characters that no page may show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from iterprime_xai.visualize.describe import safe
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Rule


def shown_rule(rule: Rule) -> dict[str, Any]:
    """The rule as JSON values, its tags as they are shown in the lists of choices."""
    said = rule.as_json()
    if rule.tags:
        said["tags"] = {safe(name): [safe(each) for each in values] for name, values in rule.tags.items()}
    if rule.note_tags:
        said["note_tags"] = [safe(each) for each in rule.note_tags]
    return said


def meant_rule(rule: Rule, phrases: Phrases, marks: Mapping[str, set[str]]) -> Rule:
    """The rule with the run's and the notes' own tags in place of those that were shown."""
    tags: dict[str, tuple[str, ...]] = {}
    for shown, values in rule.tags.items():
        (name, *_) = _meant(shown, phrases.tag_names)
        known = phrases.tag(name)[1]
        tags[name] = tuple(meant for each in values for meant in _meant(each, known))
    note_tags = tuple(meant for each in rule.note_tags for meant in _meant(each, marks))
    return replace(rule, tags=tags, note_tags=note_tags)


def _meant(shown: str, known: Iterable[str]) -> list[str]:
    """What is known by a text, or is shown as it; the text itself where nothing is."""
    if shown in known:
        return [shown]
    return [each for each in known if safe(each) == shown] or [shown]
