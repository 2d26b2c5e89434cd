"""What the explorer shows at a moment: rule, order, page, selected samples and the one that is looked at. No widget, no drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from iterprime_xai.records.errors import OptionError
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Rule

PAGE = 16
"""Phrases on a page of the list."""


class ExplorerState:
    """The explorer's state; every change keeps it whole: the page exists, and the sample that is looked at is in the list.

    Args:
        phrases: what is explored.
        marks: gives what people wrote as it is now, see `Phrases`.
    """

    def __init__(self, phrases: Phrases, marks: Callable[[], Mapping[str, set[str]]] = dict) -> None:
        self.phrases = phrases
        self.marks = marks
        self.rule = Rule()
        self.by, self.descending = "gain", True
        self.page = 0
        self.selected: dict[str, None] = {}
        self._find()
        self._primary: int | None = int(self.places[0]) if len(self.places) else None

    @property
    def primary(self) -> str | None:
        """The id of the sample that is looked at; ``None`` where the list is empty."""
        return None if self._primary is None else self._id(self._primary)

    @property
    def position(self) -> int | None:
        """Its position in the list, from 0; ``None`` where the list does not hold it."""
        found = np.flatnonzero(self.places == self._primary)  # nothing is equal to None
        return int(found[0]) if len(found) else None

    @property
    def pages(self) -> int:
        """How many pages the list has, at least one."""
        return max(1, -(-len(self.places) // PAGE))

    @property
    def on_page(self) -> np.ndarray:
        """Places of the phrases on this page."""
        return self.places[self.page * PAGE : (self.page + 1) * PAGE]

    @property
    def keep(self) -> np.ndarray:
        """Which phrases meet the rule: bool (phrases,)."""
        return self._keep

    def filter(self, rule: Rule) -> None:
        """Show the phrases that meet a rule. The sample that is looked at stays if it is among them, else the first is."""
        self.rule = rule
        self._find()
        self._settle()

    def sort(self, by: str, descending: bool) -> None:
        """Order the list by a figure. Raises ``OptionError`` for one that the run does not have."""
        if by not in self.phrases.figures:
            raise OptionError(f"A list can be sorted by {', '.join(self.phrases.metric_names())}, but got {by!r}.")
        self.by, self.descending = by, bool(descending)
        self._find()
        self._settle()

    def renew(self, phrases: Phrases) -> None:
        """Show the same run with other lines (gold masks were given): rule, order, selection and sample stay."""
        self.phrases = phrases
        self._find()
        self._settle(stay=True)

    def refresh(self) -> None:
        """Take up what was written meanwhile, where the rule asks for it."""
        if self.rule.noted or self.rule.note_tags:
            self._find()
            self._settle(stay=True)

    def turn(self, page: int) -> None:
        """Go to a page; beyond the ends, the first or the last."""
        self.page = min(max(0, int(page)), self.pages - 1)

    def open(self, sample_id: str) -> None:
        """Look at a sample, also one that the rule leaves out. Raises ``OptionError`` for an id that the run does not have."""
        place = self.phrases.place_of(sample_id)
        if place is None:
            raise OptionError(f"The run has no sample {sample_id!r}.")
        self._primary = place
        self._follow()

    def step(self, by: int) -> None:
        """Look at the sample so many places further in the list; at its ends nothing happens."""
        if not len(self.places):
            return
        here = self.position
        there = 0 if here is None else min(max(0, here + int(by)), len(self.places) - 1)
        self._primary = int(self.places[there])
        self._follow()

    def select(self, ids: Iterable[str], on: bool = True) -> None:
        """Put samples into the selection, or take them out. Ids that the run does not have are left out."""
        wanted = dict.fromkeys(each for each in ids if self.phrases.place_of(each) is not None)
        if on:
            self.selected = self.selected | wanted
        else:
            self.selected = {each: None for each in self.selected if each not in wanted}

    def select_all(self) -> None:
        """Select every phrase of the list."""
        self.selected = dict.fromkeys(self.listed_ids())

    def clear_selection(self) -> None:
        self.selected = {}

    def kept(self) -> dict[str, Any]:
        """All of the state as it is now, for :meth:`take_back`; every change replaces values, none is changed in place."""
        return dict(vars(self))

    def take_back(self, kept: Mapping[str, Any]) -> None:
        """Be as it was when :meth:`kept` was asked."""
        vars(self).update(kept)

    def listed_ids(self) -> list[str]:
        """Ids of all phrases of the list, in its order."""
        found: list[str] = self.phrases.rows["sample_id"].take(self.places).to_pylist()
        return found

    def _find(self) -> None:
        self._keep = self.phrases.matching(self.rule, self.marks())
        self.places = self.phrases.ordered(self._keep, self.by, self.descending)

    def _settle(self, stay: bool = False) -> None:
        if self.position is None and not stay:
            self._primary = int(self.places[0]) if len(self.places) else None
        self._follow()

    def _follow(self) -> None:
        """The page is that of the sample that is looked at, where the list holds it."""
        here = self.position
        self.turn(self.page if here is None else here // PAGE)

    def _id(self, place: int) -> str:
        return str(self.phrases.rows["sample_id"][place].as_py())
