"""Runs side by side on the samples that all of them have, with paired differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.bootstrap import ROUNDS, Interval
from iterprime_xai.evaluation.measures.columns import Measured, measured
from iterprime_xai.evaluation.measures.metrics import metric_names, percentiles, ratio, ratio_sums
from iterprime_xai.evaluation.measures.published import Published, published_for
from iterprime_xai.records import OptionError

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run


@dataclass(frozen=True, slots=True)
class Compared:
    """One run on one group: its metrics, and each minus that of the run it is compared with (``None`` for that run itself)."""

    run: str
    errors: int
    metrics: Mapping[str, Interval]
    differences: Mapping[str, Interval] | None


@dataclass(frozen=True, slots=True)
class Group:
    """One group of samples (all, or those with a tag) with every run's figures."""

    group: str
    count: int
    runs: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs on the samples that all of them have, in the order they were given.

    ``against`` names the run that the differences are against. ``left_out`` says how many measured samples of each run
    the others do not have. ``published`` are figures on the very same split, if the runs cover all of it.
    """

    data: str
    against: str
    count: int
    left_out: Mapping[str, int]
    groups: tuple[Group, ...]
    published: tuple[Published, ...]
    notes: tuple[str, ...]


def compare(
    runs: Sequence[Run | str | Path], *, by: str | None = None, against: int = 0, seed: int = 0, rounds: int = ROUNDS
) -> Comparison:
    """Put runs side by side on their common samples.

    Args:
        runs: two or more; run objects or folders.
        by: a tag, such as "kind", whose values get tables of their own.
        against: the place of the run that the others are compared with.

    Every interval is a 95 % percentile interval from drawing whole pictures. Differences are paired: all runs are drawn with the
    same pictures. Raises ``OptionError`` for fewer than two runs, for runs without a common sample, and where one sample id means
    different phrases, pictures or gold masks.
    """
    from iterprime_xai.evaluation.runs.reading import Run, read_run

    opened = [run if isinstance(run, Run) else read_run(run) for run in runs]
    if len(opened) < 2:
        raise OptionError("To compare takes at least two runs; `iterprime-xai summary RUN` shows one.")
    if not 0 <= against < len(opened):
        raise OptionError(f"against must be the place of one of {len(opened)} runs, from 0, but got {against}.")
    names = _names(opened)
    read = [measured(run, by)[0] for run in opened]
    common = _common(read, names)
    taken = [rows.take(places) for rows, places in zip(read, common, strict=True)]
    count = len(taken[0])
    metrics = metric_names(taken[0])
    groups = taken[0].groups(by)
    sums = [ratio_sums(rows, groups, metrics, seed, rounds) for rows in _same_pictures(taken)]
    found = []
    for place, (group, chosen) in enumerate(groups.items()):
        rows_of_group = []
        for number, (name, rows) in enumerate(zip(names, taken, strict=True)):
            drawn, plain = ratio(sums[number][0][:, place]), ratio(sums[number][1][place])
            theirs, there = ratio(sums[against][0][:, place]), ratio(sums[against][1][place])
            differences = {
                metric: percentiles(plain[at] - there[at], drawn[:, at] - theirs[:, at])
                for at, metric in enumerate(metrics)
            }
            rows_of_group.append(
                Compared(
                    name,
                    int((chosen & rows.error).sum()),
                    {metric: percentiles(plain[at], drawn[:, at]) for at, metric in enumerate(metrics)},
                    None if number == against else differences,
                )
            )
        found.append(Group(group, int(chosen.sum()), tuple(rows_of_group)))
    described = [run.manifest.decides["data"] for run in opened]
    whole = all(len(rows) == count for rows in read) and all(run.complete for run in opened)
    same = all(each == described[0] for each in described)
    return Comparison(
        data=" / ".join(dict.fromkeys(each["name"] for each in described)),
        against=names[against],
        count=count,
        left_out={name: len(rows) - count for name, rows in zip(names, read, strict=True)},
        groups=tuple(found),
        published=tuple(published_for(described[0])) if whole and same else (),
        notes=tuple(_notes(opened, names)),
    )


def _names(runs: Sequence[Run]) -> list[str]:
    """The folders' names; with their parents where two are the same."""
    names = [run.name for run in runs]
    counts = Counter(names)
    found = [name if counts[name] == 1 else str(run.path) for name, run in zip(names, runs, strict=True)]
    if len(set(found)) < len(found):
        raise OptionError("A run is given twice; name different runs to compare.")
    return found


def _common(read: Sequence[Measured], names: Sequence[str]) -> list[np.ndarray]:
    """For each run the places of the samples that all have, in the order of the first."""
    places = [{name: place for place, name in enumerate(rows.sample_ids.tolist())} for rows in read]
    shared = [name for name in places[0] if all(name in each for each in places[1:])]
    if not shared:
        counts = ", ".join(f"{name} {len(rows)}" for name, rows in zip(names, read, strict=True))
        raise OptionError(f"The runs have no measured sample in common ({counts}); evaluate them on the same data set.")
    found = [np.array([each[name] for name in shared]) for each in places]
    first, at_first = read[0], found[0]
    for rows, at, name in zip(read[1:], found[1:], names[1:], strict=True):
        for what, one, other in (
            ("phrase", first.texts[at_first], rows.texts[at]),
            ("picture", first.hashes[at_first], rows.hashes[at]),
            ("gold mask", first.gold_area[at_first], rows.gold_area[at]),
        ):
            known = (one != None) & (other != None) if what != "gold mask" else (one >= 0) & (other >= 0)  # noqa: E711
            differing = np.flatnonzero(known & (one != other))
            if len(differing):
                raise OptionError(
                    f"Sample {shared[differing[0]]!r} has another {what} in {name} than in {names[0]} ({len(differing)} of "
                    f"{len(shared)} samples): they are not runs on the same data (another seed, text or version?)."
                )
    return found


def _same_pictures(taken: Sequence[Measured]) -> list[Measured]:
    """The rows of every run with the picture numbers of the first, so that the same pictures are drawn for all."""
    from dataclasses import replace

    return [replace(rows, pictures=taken[0].pictures) for rows in taken]


def _notes(runs: Sequence[Run], names: Sequence[str]) -> list[str]:
    notes: list[str] = []
    settings: dict[str, list[Any]] = {
        "proposals": [run.manifest.decides["proposals"] for run in runs],
        "answer": [run.manifest.decides["answer"] for run in runs],
    }
    for what, values in settings.items():
        if any(value != values[0] for value in values):
            notes.append(f"the runs differ in {what} too, not only in the system")
    notes += [f"{name} is not done" for name, run in zip(names, runs, strict=True) if not run.complete]
    return notes
