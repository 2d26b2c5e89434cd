"""The phrases of a run, and of a second one beside it, as columns that answer a rule in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from iterprime_xai.evaluation.failures.table import FailureTable
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.visualize.explorer.metrics import METRICS, columns_of, floats
from iterprime_xai.visualize.explorer.rule import CHANGES, Rule, is_whole

MOST_VALUES = 60
"""A tag with more different values than this is no choice in a list; it can still be filtered by."""


class Phrases:
    """A table of failures with what rules ask for, worked out once.

    Places are positions in the table. ``marks`` in the methods are what people wrote: tag -> ids of the samples that have it, with
    every noted sample under the tag ``""``.
    """

    def __init__(self, table: FailureTable, against: FailureTable | None = None) -> None:
        self.rows = table.rows
        self.threshold = table.threshold
        self.types = _coded(self.rows["type"], list(TYPES))
        self.figures = columns_of(self.rows)
        self.overlaps = floats(self.rows["intersection"]), floats(self.rows["union"])
        self.changes: np.ndarray | None = None
        if against is not None:
            self._compare(against)
        self._tags: dict[str, tuple[np.ndarray, list[str]]] = {}
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def _compare(self, against: FailureTable) -> None:
        """Line up the other run's phrases by their ids."""
        there = pc.index_in(self.rows["sample_id"], value_set=against.rows["sample_id"].combine_chunks())
        other = against.rows.take(there.combine_chunks() if isinstance(there, pa.ChunkedArray) else there)
        iou, theirs = self.figures["iou"], columns_of(other)["iou"]
        self.figures |= {"against_iou": theirs, "delta": iou - theirs}
        right, right_there = self.types == _code("right"), _coded(other["type"], list(TYPES)) == _code("right")
        known = np.isfinite(iou) & np.isfinite(theirs)
        codes = np.select([right & ~right_there, ~right & right_there, ~right & ~right_there], [0, 1, 2], default=3)
        self.changes = np.where(known, codes, -1)

    def tag(self, name: str) -> tuple[np.ndarray, list[str]]:
        """A tag's value for every phrase, as a code (-1 for none), and the values by code, sorted."""
        if name not in self._tags:
            owners, keys, items, key_names, item_names = self._taken_apart
            codes = np.full(len(self), -1, np.int64)
            values: list[str] = []
            if name in key_names:
                hits = keys == key_names.index(name)
                found, inverse = np.unique(items[hits], return_inverse=True)
                values = [item_names[each] for each in found]
                order = sorted(range(len(values)), key=lambda each: values[each])
                ranks = np.empty(len(values), np.int64)
                ranks[order] = np.arange(len(values))
                codes[owners[hits]] = ranks[inverse]
                values = [values[each] for each in order]
            self._tags[name] = codes, values
        return self._tags[name]

    @property
    def tag_names(self) -> list[str]:
        """Every tag that some phrase has."""
        return sorted(self._taken_apart[3])

    @cached_property
    def choices(self) -> list[str]:
        """Tags with few enough values to choose from; never the picture's id."""
        return [name for name in self.tag_names if name != "image_id" and 1 < len(self.tag(name)[1]) <= MOST_VALUES]

    @cached_property
    def _taken_apart(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str], list[str]]:
        """Of every tag of every phrase: the phrase, key and value, the last two as codes; and the keys and values by code."""
        maps = self.rows["tags"].combine_chunks()
        if not len(maps):
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), [], []
        offsets = np.asarray(maps.offsets)
        owners = np.repeat(np.arange(len(self)), np.diff(offsets))
        coded = [
            each.slice(offsets[0], offsets[-1] - offsets[0]).dictionary_encode() for each in (maps.keys, maps.items)
        ]
        codes = [each.indices.to_numpy(zero_copy_only=False) for each in coded]
        names = [each.dictionary.to_pylist() for each in coded]
        return owners, codes[0], codes[1], names[0], names[1]

    @cached_property
    def content_words(self) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Of every content word of every phrase, once a phrase: the phrase's place and the word's code; and the words by code."""
        lists = self.rows["words"].combine_chunks()
        coded = lists.flatten().dictionary_encode()
        names: list[str] = coded.dictionary.to_pylist()
        if not names:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), []
        owners = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
        pairs = np.unique(owners * len(names) + coded.indices.to_numpy(zero_copy_only=False))
        return pairs // len(names), pairs % len(names), names

    @cached_property
    def lots(self) -> np.ndarray:
        """A lot for every phrase, always the same: who wants a few of many takes those with the lowest."""
        return np.random.default_rng(0).permutation(len(self))

    @cached_property
    def centres(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Where phrases lie, across and down, by the gold mask's centre and by the peak; NaN where there is none."""
        return {by: (floats(self.rows[f"{by}_x"]), floats(self.rows[f"{by}_y"])) for by in ("gold", "peak")}

    @cached_property
    def aspects(self) -> np.ndarray:
        """Height over width of every phrase's picture; NaN where there is none."""
        height, width = floats(self.rows["height"]), floats(self.rows["width"])
        return np.divide(height, width, out=np.full(len(self), np.nan), where=width > 0)

    def place_of(self, sample_id: str) -> int | None:
        """Where a sample stands; ``None`` for one that the run does not have."""
        if self._places is None:
            self._places = {name: place for place, name in enumerate(self.rows["sample_id"].to_pylist())}
        return self._places.get(sample_id)

    def matching(self, rule: Rule, marks: Mapping[str, set[str]], *, without: str = "") -> np.ndarray:
        """Which phrases meet a rule: bool (phrases,). ``without`` leaves one part of it out, to count what it could choose from."""
        if without:
            rule = replace(rule, **{without: getattr(Rule(), without)})
        keep = np.ones(len(self), bool)
        if rule.types:
            keep &= np.isin(self.types, [_code(name) for name in rule.types])
        for name, values in rule.tags.items():
            codes, known = self.tag(name)
            keep &= np.isin(codes, [known.index(value) for value in values if value in known])
        for name, (low, high) in rule.ranges.items():
            figure = self.figures.get(name)
            if figure is None:
                return np.zeros(len(self), bool)
            keep &= (figure >= (-np.inf if low is None else low)) & (figure <= (np.inf if high is None else high))
        if rule.change:
            wanted = list(CHANGES).index(rule.change)
            keep &= np.zeros(len(self), bool) if self.changes is None else self.changes == wanted
        if rule.place is not None:
            x, y = self.centres[rule.place.by]
            keep &= (x >= rule.place.left) & (x <= rule.place.right) & (y >= rule.place.top) & (y <= rule.place.bottom)
        if rule.search.strip():
            keep &= self._holding(rule.search.strip())
        for word in rule.words:
            keep &= self._with_word(word.casefold())
        if rule.ids is not None:
            keep &= self.among(rule.ids)
        if rule.noted:
            keep &= self.among(marks.get("", ()))
        if rule.note_tags:
            keep &= self.among(set().union(*(marks.get(name, set()) for name in rule.note_tags)))
        return keep

    def ordered(self, keep: np.ndarray, by: str, descending: bool) -> np.ndarray:
        """Places of the phrases that are kept, sorted by a figure; what has none comes last, and ties keep the run's order."""
        places = np.flatnonzero(keep)
        figure = self.figures[by][places]
        return places[np.argsort(-figure if descending else figure, kind="stable")]

    def counts(self, keep: np.ndarray) -> dict[str, int]:
        """How many of the kept phrases have each type."""
        found = np.bincount(self.types[keep], minlength=len(TYPES))
        return {name: int(count) for name, count in zip(TYPES, found, strict=True) if count}

    def costs(self, keep: np.ndarray) -> dict[str, float]:
        """Points of mIoU that each type costs among the kept phrases with a gold mask."""
        gain = np.nan_to_num(self.figures["gain"][keep])
        labelled = int(np.isfinite(self.figures["gain"][keep]).sum())
        sums = np.bincount(self.types[keep], gain, minlength=len(TYPES))
        return {
            name: 100 * float(total) / labelled
            for name, total in zip(TYPES, sums, strict=True)
            if labelled and total > 0
        }

    def change_counts(self, keep: np.ndarray) -> dict[str, int]:
        """How many of the kept phrases were fixed, broken and so on; empty without a second run."""
        if self.changes is None:
            return {}
        return {name: int((self.changes[keep] == code).sum()) for code, name in enumerate(CHANGES)}

    def tag_counts(self, name: str, keep: np.ndarray) -> dict[str, int]:
        """How many of the kept phrases have each value of a tag."""
        codes, values = self.tag(name)
        held = codes[keep]
        found = np.bincount(held[held >= 0], minlength=len(values))
        return {value: int(count) for value, count in zip(values, found, strict=True)}

    def lines(self, places: np.ndarray) -> list[dict[str, Any]]:
        """The table's lines at these places."""
        found: list[dict[str, Any]] = self.rows.take(pa.array(places, pa.int64())).to_pylist(maps_as_pydicts="strict")
        return found

    def figure(self, name: str, place: int) -> float | None:
        """One figure of one phrase; ``None`` where it has none."""
        if name not in self.figures:
            return None
        value = float(self.figures[name][place])
        return value if np.isfinite(value) else None

    def metric_names(self) -> list[str]:
        """The figures that can be asked for."""
        return [name for name in METRICS if name in self.figures]

    @cached_property
    def _lower(self) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        """Phrases (none for a picture that can't be read) and ids in lower case: comparing case by case is ten times slower."""
        return pc.utf8_lower(pc.fill_null(self.rows["text"], "")), pc.utf8_lower(self.rows["sample_id"])

    def _holding(self, text: str) -> np.ndarray:
        lower = text.lower()
        found = pc.or_(*(pc.match_substring(each, lower) for each in self._lower))
        return np.asarray(found.to_numpy(), bool)

    def _with_word(self, word: str) -> np.ndarray:
        owners, codes, names = self.content_words
        found = np.zeros(len(self), bool)
        if word in names:
            found[owners[codes == names.index(word)]] = True
        return found

    def among(self, ids: Iterable[str]) -> np.ndarray:
        """Which phrases are those of these samples: bool (phrases,). Ids that the run does not have are nobody's."""
        wanted = pa.array([each for each in ids if is_whole(each)], pa.string())  # Arrow holds no half characters
        return np.asarray(pc.is_in(self.rows["sample_id"], value_set=wanted).to_numpy(), bool)


def _code(name: str) -> int:
    return list(TYPES).index(name)


def _coded(values: pa.ChunkedArray, known: list[str]) -> np.ndarray:
    """Texts as positions in a list; -1 for what is not in it."""
    found = pc.fill_null(pc.index_in(values, value_set=pa.array(known)), -1)
    return np.asarray(found.to_numpy(), np.int64)
