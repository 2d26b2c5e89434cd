"""What fails over a whole run: which words, where in the picture, and in which slices of the phrases.

All take the table of a run's failures (`table.failure_table(run).rows`) and count phrases with a gold mask only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.failures.rates import percent, rates, type_counts
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.records.errors import OptionError

Place = Literal["gold", "peak"]

SLICES = ("clutter", "rivals", "size", "length", "cue")
"""What phrases are sliced by, besides "tag:NAME"."""

NO_CUE = "says no place"
MANY_THINGS, MANY_WORDS = 4, 8
"""From these on all are one slice."""

SIZES = {
    "small, below 0.33 %": 32**2 / (640 * 480),
    "medium, 0.33 to 3 %": 96**2 / (640 * 480),
    "large, 3 to 10 %": 0.1,
    "very large, 10 to 30 %": 0.3,
    "most of the picture, 30 % and more": float("inf"),
}
"""Bands by the share of the picture that the gold mask covers, and where each ends. The first two ends are COCO's 32 x 32 and
96 x 96 pixels in a picture of 640 x 480; what COCO calls large is cut twice more, since most things of small pictures are that."""

NOTHING = "nothing is meant"

SHOWN = 40
"""Slices that are printed; a tag can have as many values as there are phrases."""

_NAMES = tuple(TYPES)
_RIGHT = _NAMES.index("right")


@dataclass(frozen=True, slots=True)
class WordRow:
    """A content word: the phrases with it, how many of them failed, that share with its interval, and how many have each type."""

    word: str
    count: int
    failures: int
    rate: Interval
    types: dict[str, int]


@dataclass(frozen=True, slots=True)
class WordTable:
    """The words that fail the most surely more often than phrases do, first.

    ``phrases`` and ``failures`` are those of the run, ``words`` counts those that occur in ``at_least`` phrases.
    """

    rows: tuple[WordRow, ...]
    phrases: int
    failures: int
    words: int
    at_least: int

    def __str__(self) -> str:
        said = _failed(self.failures, self.phrases)
        if not self.rows:
            return f"{said}. No content word occurs in at least {self.at_least}.\n"
        whole = self.failures / self.phrases
        types = [name for name in TYPES if name != "right" and any(row.types.get(name) for row in self.rows)]
        body = [
            [
                _cell(row.word),
                str(row.count),
                str(row.failures),
                f"**{percent(row.rate)}**" if row.rate.low > whole else percent(row.rate),
                *(str(row.types.get(name, 0)) for name in types),
            ]
            for row in self.rows
        ]
        head = ["word", "phrases", "failed", "% failed", *(TYPES[name].title for name in types)]
        shown = f"{len(self.rows)} of the {self.words} words that occur in at least {self.at_least}"
        return f"{said}; {shown}. Bold: surely more often than all phrases.\n\n{markdown(head, body)}"


@dataclass(frozen=True, eq=False)
class Density:
    """Phrases and failures over the picture, int64 (bins, bins), the first row at the top; ``by`` says what lies there.

    ``left_out`` phrases have no place: nothing is meant, or the map is blank.
    """

    by: Place
    phrases: np.ndarray
    failures: np.ndarray
    left_out: int

    @property
    def rate(self) -> np.ndarray:
        """The share of failures, float64 (bins, bins); NaN where there is no phrase."""
        return np.divide(self.failures, self.phrases, out=np.full(self.phrases.shape, np.nan), where=self.phrases > 0)

    def __str__(self) -> str:
        bins = len(self.phrases)
        where = {"gold": "by the middle of the gold mask's box", "peak": "by the peak of the heat"}[self.by]
        edges = [f"{100 * place / bins:.0f}-{100 * (place + 1) / bins:.0f} %" for place in range(bins)]
        body = [
            [edge, *(f"{100 * rate:.0f} % of {count}" if count else "-" for rate, count in zip(*line, strict=True))]
            for edge, *line in zip(edges, self.rate, self.phrases, strict=True)
        ]
        said = f"{_failed(int(self.failures.sum()), int(self.phrases.sum()))}, {where}"
        left_out = f" ({self.left_out} without one left out)" if self.left_out else ""
        return f"{said}{left_out}; down and across the picture:\n\n{markdown(['', *edges], body)}"


@dataclass(frozen=True, slots=True)
class SliceRow:
    """Phrases that have something in common. ``commonest`` is their most frequent type of failure, ``None`` where none failed."""

    name: str
    count: int
    failures: int
    rate: Interval
    miou: float
    commonest: str | None
    commonest_count: int


@dataclass(frozen=True, slots=True)
class Slices:
    """Every slice that has a phrase; ``left_out`` phrases are in none, since what they are sliced by is not known."""

    by: str
    rows: tuple[SliceRow, ...]
    phrases: int
    failures: int
    left_out: int

    def __str__(self) -> str:
        left_out = f" ({self.left_out} left out, for which it is not known)" if self.left_out else ""
        whole = self.failures / self.phrases if self.phrases else 0.0
        body = [
            [
                _cell(row.name),
                str(row.count),
                str(row.failures),
                f"**{percent(row.rate)}**" if row.rate.low > whole else percent(row.rate),
                f"{100 * row.miou:.1f}",
                "-" if row.commonest is None else f"{TYPES[row.commonest].title} ({row.commonest_count})",
            ]
            for row in self.rows[:SHOWN]
        ]
        head = [said_of(self.by), "phrases", "failed", "% failed", "mIoU", "commonest failure"]
        cut = f"; the first {SHOWN} of {len(self.rows)} slices" if len(self.rows) > SHOWN else ""
        said = f"{_failed(self.failures, self.phrases)}{left_out}{cut}."
        return f"{said} Bold: surely more often than all phrases.\n\n{markdown(head, body)}"


def word_table(table: pa.Table, most: int = 30, at_least: int = 10) -> WordTable:
    """How often phrases with each content word fail, and by which type.

    A word counts once a phrase, whatever its case. Words are sorted by the lower end of their share's interval, so that one that
    failed in both of its phrases does not stand before one that failed in 80 of 100; then by their count.

    Args:
        table: a run's failures.
        most: words to keep.
        at_least: phrases that a word must occur in.

    Raises:
        OptionError: numbers below 1.
    """
    for name, number in (("most", most), ("at_least", at_least)):
        _whole(name, number)
    known, kinds, failed = _labelled(table)
    lists = _combined(known["words"])
    said = _combined(pc.list_flatten(lists)).dictionary_encode()
    spelled = [each.casefold() for each in said.dictionary.to_pylist()]
    names, folded = np.unique(np.array(spelled, object), return_inverse=True) if spelled else (np.array([]), None)
    if folded is None:
        return WordTable((), len(kinds), int(failed.sum()), 0, at_least)
    phrase = np.asarray(pc.list_parent_indices(lists))
    pairs = np.unique(phrase.astype(np.int64) * len(names) + folded[np.asarray(said.indices)])
    counts = type_counts(pairs % len(names), kinds[pairs // len(names)], len(names))
    total = counts.sum(1)
    wrong = total - counts[:, _RIGHT]
    kept = np.flatnonzero(total >= at_least)
    shares = dict(zip(kept.tolist(), rates(wrong[kept], total[kept]), strict=True))
    first = sorted(shares, key=lambda place: (-shares[place].low, -int(total[place]), str(names[place])))[:most]
    rows = tuple(
        WordRow(str(names[place]), int(total[place]), int(wrong[place]), shares[place], _by_type(counts[place]))
        for place in first
    )
    return WordTable(rows, len(kinds), int(failed.sum()), len(kept), at_least)


def density(table: pa.Table, by: Place = "gold", bins: int = 8) -> Density:
    """How many phrases lie where in the picture, and how many of them failed.

    Args:
        table: a run's failures.
        by: "gold", the middle of the gold mask's box, or "peak", the peak of the heat.
        bins: cells down and across; each is as large a share of the picture, whatever its shape.

    Raises:
        OptionError: another place, or bins below 1.
    """
    if by not in get_args(Place):
        raise OptionError(f'by must be "gold" or "peak", but got {by!r}.')
    _whole("bins", bins)
    known, _, failed = _labelled(table)
    across, down = (known[f"{by}_{axis}"].to_numpy().astype(np.float64) for axis in "xy")
    there = np.isfinite(across) & np.isfinite(down)
    column, row = (np.clip((each[there] * bins).astype(np.int64), 0, bins - 1) for each in (across, down))
    cells = row * bins + column
    phrases, failures = (
        np.bincount(each, minlength=bins * bins).reshape(bins, bins) for each in (cells, cells[failed[there]])
    )
    return Density(by, phrases, failures, int((~there).sum()))


def slices(table: pa.Table, by: str) -> Slices:
    """How phrases fare by what they are about.

    Args:
        table: a run's failures.
        by: "clutter", the other annotated things in the picture; "rivals", those of the target's category; "size", the share of
            the picture that is meant (:data:`SIZES`); "length", the words of the text, as spaces part them; "cue", the first
            words that say where; or "tag:NAME", what the data set says. Values of a tag and of "cue" are sorted as words are in
            :func:`word_table`, all others in their own order.

    Raises:
        OptionError: something else, or a tag that no phrase has.
    """
    known, kinds, failed = _labelled(table)
    name = by.removeprefix("tag:")
    if by.startswith("tag:"):
        places, names = _of_tag(known, name)
    elif by in _SLICERS:
        places, names = _SLICERS[by](known)
    else:
        near = get_close_matches(by, SLICES, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise OptionError(f"Phrases are sliced by {', '.join(SLICES)} or tag:NAME, but got {by!r}{hint}")
    inside = places >= 0
    counts = type_counts(places[inside], kinds[inside], len(names))
    ious = known["iou"].to_numpy().astype(np.float64)
    sums = np.bincount(places[inside], ious[inside], len(names))
    total = counts.sum(1)
    wrong = counts.copy()
    wrong[:, _RIGHT] = 0
    rows = [
        SliceRow(
            names[place],
            int(total[place]),
            int(wrong[place].sum()),
            rate,
            float(sums[place] / total[place]),
            _NAMES[int(wrong[place].argmax())] if wrong[place].any() else None,
            int(wrong[place].max()),
        )
        for place, rate in enumerate(rates(wrong.sum(1), total))
        if total[place]
    ]
    if by.startswith("tag:") or by == "cue":
        rows.sort(key=lambda row: (-row.rate.low, -row.count, row.name))
    return Slices(by, tuple(rows), len(kinds), int(failed.sum()), int((~inside).sum()))


def _labelled(table: pa.Table) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """The phrases with a gold mask, the place of each one's type in `TYPES`, and whether it failed."""
    known = table.filter(pc.not_equal(table["type"], "unlabelled"))
    kinds = pc.index_in(known["type"], value_set=pa.array(_NAMES)).to_numpy()
    return known, kinds, kinds != _RIGHT


def _combined(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """All chunks in one array; an empty one where there are none."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _by_type(counts: np.ndarray) -> dict[str, int]:
    return {name: int(count) for name, count in zip(_NAMES, counts, strict=True) if count}


Sliced = tuple[np.ndarray, list[str]]
"""The slice of each phrase, -1 for none, and the names of the slices."""


def _numbers(values: pa.ChunkedArray, first: int, last: int) -> Sliced:
    """A slice for each whole number, and one for all from ``last`` on."""
    found = pc.fill_null(values, first - 1).to_numpy().astype(np.int64)
    return np.minimum(found, last) - first, [*(str(number) for number in range(first, last)), f"{last}+"]


def _by_clutter(known: pa.Table) -> Sliced:
    return _numbers(known["things"], 0, MANY_THINGS)


def _by_rivals(known: pa.Table) -> Sliced:
    return _numbers(known["rivals"], 0, MANY_THINGS)


def _by_cue(known: pa.Table) -> Sliced:
    values = _combined(pc.fill_null(known["cue"], NO_CUE)).dictionary_encode()
    return values.indices.to_numpy(zero_copy_only=False).astype(np.int64), values.dictionary.to_pylist()


def _by_length(known: pa.Table) -> Sliced:
    words = pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(known["text"])))
    return _numbers(words, 1, MANY_WORDS)


def _by_size(known: pa.Table) -> Sliced:
    area, height, width = (known[name].to_numpy().astype(np.float64) for name in ("gold_area", "height", "width"))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = area / (height * width)
    places = np.searchsorted([*SIZES.values()], share, side="right")
    places = np.where(share > 0, places, len(SIZES))
    return np.where(np.isfinite(share), places, -1), [*SIZES, NOTHING]


def _of_tag(known: pa.Table, name: str) -> Sliced:
    values = _combined(pc.map_lookup(known["tags"], pa.scalar(name), "first")).dictionary_encode()
    names = values.dictionary.to_pylist()
    if len(known) and not names:
        tags = sorted({key for row in known["tags"].to_pylist() for key, _ in row or ()})
        near = get_close_matches(name, tags, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise OptionError(f"No phrase has a tag {name!r}{hint} There are: {', '.join(tags) or 'none'}.")
    return pc.fill_null(values.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64), names


_SLICERS: dict[str, Callable[[pa.Table], Sliced]] = {
    "clutter": _by_clutter,
    "rivals": _by_rivals,
    "size": _by_size,
    "length": _by_length,
    "cue": _by_cue,
}


SAID = {
    "clutter": "other things",
    "rivals": "others of its category",
    "size": "share of the picture",
    "length": "words",
    "cue": "says where",
}
"""What each slicer slices by, in the words of a table's head."""


def said_of(by: str) -> str:
    """What a slicer is called in tables."""
    return SAID.get(by, by.removeprefix("tag:"))


def _failed(failures: int, phrases: int) -> str:
    share = f" ({100 * failures / phrases:.1f} %)" if phrases else ""
    return f"{failures} of {phrases} phrases failed{share}"


def _cell(text: str) -> str:
    """A text of the data in a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _whole(name: str, number: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise OptionError(f"{name} must be a whole number of at least 1, but is {number!r}.")
