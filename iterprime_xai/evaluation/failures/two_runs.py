"""Two runs phrase by phrase: what one gets right and the other wrong, by type, by tag and by word, and where they differ most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from iterprime_xai.evaluation.bootstrap import FEWEST, Interval, difference
from iterprime_xai.evaluation.failures.picking import pictures_once
from iterprime_xai.evaluation.failures.table import FailureTable
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.evaluation.sign_test import sign_test
from iterprime_xai.records.errors import OptionError


@dataclass(frozen=True, slots=True)
class RightWrong:
    """How many phrases ``both`` runs get right, only the first (``gained``), only the other (``lost``), and ``neither``."""

    both: int
    gained: int
    lost: int
    neither: int

    @property
    def chance(self) -> float:
        """How likely so uneven a split of the phrases that only one gets right is, were both as good: `sign_test`."""
        return sign_test(self.gained, self.lost)

    @property
    def count(self) -> int:
        """All of them."""
        return self.both + self.gained + self.lost + self.neither


@dataclass(frozen=True, slots=True)
class Turn:
    """A type of failure: how many of the other run's failures of it are right here, and of this one's, there."""

    type: str
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class GroupPair:
    """Phrases with something in common, on ``pictures`` of them: mean IoU of both runs, their paired difference, and what only one
    gets right."""

    name: str
    pictures: int
    iou: float
    against_iou: float
    difference: Interval
    counts: RightWrong

    @property
    def clear(self) -> bool:
        """Whether the interval of the difference does not hold 0, and there are pictures enough (`FEWEST`) to say so."""
        return self.pictures >= FEWEST and _away(self.difference) > 0


@dataclass(frozen=True, slots=True)
class WordPairs:
    """The words on which two runs differ most surely; ``words`` were compared, the intervals of ``clear`` ones do not hold 0."""

    rows: tuple[GroupPair, ...]
    words: int
    clear: int


@dataclass(frozen=True, slots=True)
class Far:
    """A phrase that two runs answer differently: the IoU of each."""

    sample_id: str
    text: str
    iou: float
    against_iou: float


@dataclass(frozen=True, eq=False)
class TwoRuns:
    """The phrases with a gold mask that both runs have, in the first one's order: a line of each run's failure table."""

    run: str
    against: str
    threshold: float
    rows: pa.Table
    others: pa.Table

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @property
    def pictures(self) -> int:
        """How many pictures the phrases are about."""
        return len(set(self.rows["image_id"].to_pylist()))

    @property
    def right(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether each phrase is right in the one and in the other run, bool (phrases,) twice."""
        mine, theirs = (each["type"].to_numpy(zero_copy_only=False) == "right" for each in (self.rows, self.others))
        return mine, theirs

    @property
    def ious(self) -> tuple[np.ndarray, np.ndarray]:
        """The IoU of each phrase in the one and in the other run, an error counting 0: float64 (phrases,) twice."""
        mine, theirs = (
            np.nan_to_num(each["iou"].to_numpy(zero_copy_only=False).astype(np.float64))
            for each in (self.rows, self.others)
        )
        return mine, theirs


def two_runs(table: FailureTable, other: FailureTable, run: str, against: str) -> TwoRuns:
    """Line the failure tables of two runs up by their samples' ids; what one of them lacks or has no gold mask for is left out.

    Raises ``OptionError`` where they have no such phrase in common, or call different answers right.
    """
    if table.threshold != other.threshold:
        raise OptionError(
            f"Both runs must be judged by one threshold, but {run} was by {table.threshold:g} and {against} by {other.threshold:g}."
        )
    known, theirs = (each.rows.filter(pc.not_equal(each.rows["type"], "unlabelled")) for each in (table, other))
    places = {name: place for place, name in enumerate(theirs["sample_id"].to_pylist())}
    found = [(here, places.get(name)) for here, name in enumerate(known["sample_id"].to_pylist())]
    shared = [(here, there) for here, there in found if there is not None]
    if not shared:
        raise OptionError(
            f"{run} and {against} have no phrase with a gold mask in common; compare runs on the same data set."
        )
    here, there = zip(*shared, strict=True)
    return TwoRuns(run, against, table.threshold, known.take(list(here)), theirs.take(list(there)))


def counted(pair: TwoRuns, chosen: np.ndarray | None = None) -> RightWrong:
    """What both, one or none of the runs gets right, of all phrases or of the ``chosen`` (bool or places)."""
    mine, theirs = (each if chosen is None else each[chosen] for each in pair.right)
    return RightWrong(*(int(each.sum()) for each in (mine & theirs, mine & ~theirs, ~mine & theirs, ~mine & ~theirs)))


def turns(pair: TwoRuns) -> list[Turn]:
    """By type of failure, what only one run gets right: the types with the largest gains or losses first."""
    mine, theirs = (np.array(each["type"].to_pylist(), object) for each in (pair.rows, pair.others))
    found = [
        Turn(name, int(((mine == "right") & (theirs == name)).sum()), int(((theirs == "right") & (mine == name)).sum()))
        for name in TYPES
        if name != "right"
    ]
    return sorted((each for each in found if each.gained or each.lost), key=lambda each: -(each.gained + each.lost))


def by_tag(pair: TwoRuns, tag: str, most: int = 30, seed: int = 0) -> list[GroupPair]:
    """A group for each of the ``most`` commonest values of a tag, the largest difference in favour of the first run first.

    Raises ``OptionError`` for a tag that no phrase has, with those there are.
    """
    values = [dict(each or ()).get(tag) for each in pair.rows["tags"].to_pylist()]
    if not any(values):
        tags = sorted({name for row in pair.rows["tags"].to_pylist() for name, _ in row or ()})
        raise OptionError(f"No phrase has a tag {tag!r}. There are: {', '.join(tags) or 'none'}.")
    groups: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        groups.setdefault(value or "(none)", []).append(place)
    common = sorted(groups, key=lambda name: -len(groups[name]))[:most]
    made = _groups(pair, {name: groups[name] for name in common}, seed)
    return sorted(made, key=lambda each: -each.difference.mean)


def by_word(pair: TwoRuns, at_least: int = 10, most: int = 15, seed: int = 0) -> WordPairs:
    """The content words, of those in at least ``at_least`` phrases, on which the runs differ most surely.

    Clear ones come first; among them, and among the others, those whose interval stays farthest away from 0.
    """
    groups: dict[str, list[int]] = {}
    for place, words in enumerate(pair.rows["words"].to_pylist()):
        for word in set(words or ()):
            groups.setdefault(word, []).append(place)
    common = {name: places for name, places in sorted(groups.items()) if len(places) >= at_least}
    made = _groups(pair, common, seed)
    made.sort(key=lambda each: (not each.clear, -_away(each.difference), -abs(each.difference.mean), each.name))
    return WordPairs(tuple(made[:most]), len(made), sum(each.clear for each in made))


def _groups(pair: TwoRuns, groups: dict[str, list[int]], seed: int) -> list[GroupPair]:
    mine, theirs = pair.ious
    pictures = np.array(
        [
            image or sample
            for image, sample in zip(pair.rows["image_id"].to_pylist(), pair.rows["sample_id"].to_pylist(), strict=True)
        ],
        object,
    )
    found = []
    for name, places in groups.items():
        at = np.array(places)
        apart = difference(mine[at].tolist(), theirs[at].tolist(), pictures[at].tolist(), seed)
        seen = len(set(pictures[at].tolist()))
        found.append(GroupPair(name, seen, float(mine[at].mean()), float(theirs[at].mean()), apart, counted(pair, at)))
    return found


def _away(value: Interval) -> float:
    """How far an interval stays away from 0; negative where it holds 0."""
    return max(value.low, -value.high)


def farthest(pair: TwoRuns, most: int = 4) -> tuple[list[Far], list[Far]]:
    """The phrases that only the first run gets right, and those that only the other does, the largest differences first.

    Pictures come once, as long as there are others.
    """
    mine, theirs = pair.right
    ahead, behind = np.flatnonzero(mine & ~theirs), np.flatnonzero(~mine & theirs)
    return _far(pair, ahead, lambda gap: -gap, most), _far(pair, behind, lambda gap: gap, most)


def _far(pair: TwoRuns, places: np.ndarray, order: Callable[[np.ndarray], np.ndarray], most: int) -> list[Far]:
    ious, others = pair.ious
    ordered = places[np.argsort(order(ious[places] - others[places]), kind="stable")].tolist()
    images = pair.rows["image_id"].to_pylist()
    ids, texts = pair.rows["sample_id"], pair.rows["text"]
    return [
        Far(ids[place].as_py(), texts[place].as_py() or "", float(ious[place]), float(others[place]))
        for place in pictures_once(ordered, lambda place: images[place])[:most]
    ]
