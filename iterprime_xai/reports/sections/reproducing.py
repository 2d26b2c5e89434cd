"""Result tables made again: systems x data sets x proposers, and the paper's questions, as runs that go on after any end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.measures.summing_up import percent, points
from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.file_names import slug
from iterprime_xai.reports.charts import interval_rows
from iterprime_xai.reports.exhibits import Exhibit, sentence, table
from iterprime_xai.reports.sections.run_source import passing_folder
from iterprime_xai.reports.sheets import Picture

if TYPE_CHECKING:
    from iterprime_xai.evaluation.bootstrap import Interval
    from iterprime_xai.evaluation.measures.comparing import Comparison
    from iterprime_xai.evaluation.runs.reading import Run

SHOWN = ("miou", "oiou", "p50", "p70")
"""Metrics in the tables; `iterprime-xai compare` shows all."""

BASE = "as it is"
"""The variant that all others of a question are compared with."""

QUESTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "Which emphasis of the primary word?": {
        f"emphasis {name}": {"emphasis": name} for name in ("local", "global", "both", "none", "sentence")
    },
    "Gradient by what?": {"gradient attention": {"gradient": "attention"}},
    "How many looks?": {f"passes {number}": {"passes": number} for number in (1, 2, 5)},
    "From which heat on are patches hidden?": {f"threshold {at:g}": {"threshold": at} for at in (0.3, 0.7, 0.9)},
    "How much of the newest map?": {f"blend {weight:g}": {"blend": weight} for weight in (0.1, 0.5, 0.8)},
    "Do looks count whose match fell?": {
        "kept": {"keep_rejected": True},
        "kept, not stopped": {"keep_rejected": True, "stop_on_fall": False},
    },
}
"""What the paper asks of its parts (Wang et al., AAAI 2025), as settings of the system ``iterprime``; layers are asked too, and
proposers are the columns of the first tables."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The runs of one data set with one proposer, one a system."""

    data: str
    proposals: str
    runs: tuple[Run, ...]


def cells(
    systems: Sequence[str], data: Sequence[str], proposers: Sequence[str], folder: str, limit: int | None
) -> list[Cell]:
    """Evaluate every system on every data set with every proposer, or go on with what is there.

    Args:
        systems: names of systems.
        data: names of data sets.
        proposers: names of proposers; "" is each system's own.
        folder: where runs are kept; "" for a folder that goes when Python ends.
        limit: phrases of each data set; ``None`` for all.

    Raises:
        OptionError: nothing to evaluate, or a name that is not known. Errors of loading and reading.
    """
    for what, given in (("systems", systems), ("data", data), ("proposers", proposers)):
        if not given:
            raise OptionError(f"{what} is empty; name at least one.")
    return [
        Cell(
            each,
            masks or "the system's own",
            tuple(_run(system, each, masks, {}, system, folder, limit) for system in systems),
        )
        for each in data
        for masks in proposers
    ]


def answers(
    data: str, proposals: str, folder: str, limit: int | None, small: bool = False
) -> Iterator[tuple[str, list[Run]]]:
    """Each question with its runs, the first of which is the system as it is; ``small`` asks one variant of each."""
    layers = {f"layer {number}": {"layer": number} for number in _layers()}
    for question, variants in {"Which text layer?": layers, **QUESTIONS}.items():
        chosen = dict(list(variants.items())[:1]) if small else variants
        named = {BASE: {}, **chosen}
        yield (
            question,
            [_run("iterprime", data, proposals, settings, name, folder, limit) for name, settings in named.items()],
        )


def best(cell: Cell) -> Exhibit:
    """Which system of a cell reaches the most, and which others cannot be told from it, in a sentence."""
    from iterprime_xai.evaluation.measures import compare, summarise

    found = [summarise(run).figures[0].metrics["miou"].mean for run in cell.runs]
    place = int(np.nanargmax(found))
    first = cell.runs[place].name
    told = f"{cell.data}, proposals: {cell.proposals}. The highest mIoU is that of {first}, {100 * found[place]:.1f}"
    if len(cell.runs) == 1:
        return sentence(f"{told}.")
    group = compare(cell.runs, against=place).groups[0]
    near = [each.run for each in group.runs if each.differences is not None and each.differences["miou"].high >= 0]
    rest = (
        f"; it can't be told from {', '.join(near)} on {group.count} phrases" if near else ", surely above all others"
    )
    return sentence(f"{told}{rest}.")


def results(cell: Cell) -> Exhibit:
    """The systems of one cell side by side, each with the paired difference from the first."""
    if len(cell.runs) == 1:
        from iterprime_xai.evaluation.measures import summarise

        found = summarise(cell.runs[0]).figures[0]
        values = [percent(found.metrics[name]) for name in SHOWN]
        return table(("system", *_titles()), [[cell.runs[0].name, *values]])
    return _side_by_side(cell.runs, "system")


def results_chart(cell: Cell) -> Picture:
    """mIoU of every system of one cell, with intervals."""
    from iterprime_xai.evaluation.measures import summarise

    found = [summarise(run).figures[0].metrics["miou"] for run in cell.runs]
    names = [run.name for run in cell.runs]
    said = "; ".join(f"{name} {100 * each.mean:.1f}" for name, each in zip(names, found, strict=True))
    values = [each.times(100) for each in found]
    alt = f"mIoU on {cell.data}, proposals {cell.proposals}: {said}."
    return interval_rows(names, values, axis="mIoU, %", alt=alt, from_zero=True)


def answer(question: str, runs: Sequence[Run]) -> list[Picture | Exhibit]:
    """What each variant changes in mIoU, paired with the system as it is: a chart and a table, or that nothing changed."""
    group = _compared(runs).groups[0]
    changes = [(each.run, each.differences) for each in group.runs if each.differences is not None]
    values = [found["miou"].times(100) for _, found in changes]
    if all(each.low == each.high == 0 for each in values):
        names = ", ".join(name for name, _ in changes)
        return [sentence(f"{names}: the very same IoU on every one of {group.count} phrases.")]
    said = "; ".join(f"{name}: {each.mean:+.1f}" for (name, _), each in zip(changes, values, strict=True))
    chart = interval_rows(
        [name for name, _ in changes],
        values,
        axis=f"points of mIoU more than {BASE} (line: none)",
        alt=f"{question} Change of mIoU: {said}.",
        line=0.0,
        marked=[each.low > 0 or each.high < 0 for each in values],
    )
    return [chart, _side_by_side(runs, "variant")]


def _side_by_side(runs: Sequence[Run], what: str) -> Exhibit:
    """The shown metrics of runs, and the paired change of mIoU; a change whose interval leaves out 0 is marked."""
    found = _compared(runs)
    group = found.groups[0]
    rows = []
    for each in group.runs:
        change = "" if each.differences is None else _change(each.differences["miou"])
        rows.append([each.run, *(percent(each.metrics[name]) for name in SHOWN), change])
    told = sentence(f"{group.count} phrases. * the interval leaves out 0.")
    return table((what, *_titles(), f"mIoU more than {found.against}"), rows) + told


def _titles() -> list[str]:
    from iterprime_xai.evaluation.measures.metrics import METRICS

    return [METRICS[name].title for name in SHOWN]


def published(cells_: Sequence[Cell]) -> Exhibit:
    """Figures of papers for the splits that were evaluated whole, each with its metric; where there is none, why."""
    from iterprime_xai.evaluation.measures.metrics import METRICS
    from iterprime_xai.evaluation.measures.published import published_for

    rows = []
    for described in {cell.data: cell.runs[0].manifest.decides["data"] for cell in cells_}.values():
        rows += [
            [each.data, each.split, each.system, METRICS[each.metric].title, f"{each.value:g}", each.source, each.note]
            for each in published_for(described)
        ]
    if not rows:
        return sentence("None of these data sets was evaluated whole and has published figures.")
    return table(("data", "split", "system", "metric", "value", "source", "note"), rows)


def settings_as_they_are(runs: Sequence[Run]) -> dict[str, Any]:
    """The settings of the first run of the system ``iterprime``; none where there is none."""
    found = (run for run in runs if run.manifest.asked["system"] == "iterprime")
    return next((dict(run.manifest.decides["system"].get("settings") or {}) for run in found), {})


def finding(asked: Sequence[tuple[str, Sequence[Run]]]) -> Exhibit:
    """Which variants change mIoU beyond chance, and that the others do not, in a sentence."""
    better: list[str] = []
    worse: list[str] = []
    same: list[str] = []
    open_: list[str] = []
    for _, runs in asked:
        for each in _compared(runs).groups[0].runs[1:]:
            assert each.differences is not None
            change = each.differences["miou"]
            none = change.low == change.high == 0
            where = same if none else better if change.low > 0 else worse if change.high < 0 else open_
            where.append(each.run if none else f"{each.run} ({100 * change.mean:+.1f})")
    count = len(better) + len(worse) + len(same) + len(open_)
    if not count:
        return sentence("No question was asked (ablation is 0).")
    told = [f"Better than {BASE}: {', '.join(better) or 'none'}.", f"Worse: {', '.join(worse) or 'none'}."]
    told += [f"Not told from it on so many phrases: {', '.join(open_)}."] * bool(open_)
    told += [f"The very same IoU on every phrase: {', '.join(same)}."] * bool(same)
    told.append(f"Of {count} intervals about {count / 20:.0f} would leave out 0 by chance.")
    return sentence(" ".join(told))


def _run(
    system: str, data: str, proposals: str, settings: Mapping[str, Any], name: str, folder: str, limit: int | None
) -> Run:
    from iterprime_xai.evaluation.runs import evaluate

    root = Path(folder) if folder else _passing()
    place = root / f"{slug(data, 60)}{f'-first-{limit}' if limit else ''}" / (slug(proposals, 60) or "own") / name
    return evaluate(
        system,
        data,
        place,
        settings=settings or None,
        proposals=proposals or None,
        mask_cache=root / "masks" if proposals and proposals != "gold" else None,
        limit=limit,
        progress=False,
    )


def _compared(runs: Sequence[Run]) -> Comparison:
    return _compared_once(tuple(runs))


@lru_cache(maxsize=64)
def _compared_once(runs: tuple[Run, ...]) -> Comparison:
    """Kept, since finding, chart and table of a question all ask for it."""
    from iterprime_xai.evaluation.measures import compare

    return compare(runs)


@cache
def _passing() -> Path:
    """A folder for runs that nobody asked to keep."""
    return passing_folder()


@cache
def _layers() -> tuple[int, ...]:
    """The text layers of the system's own model."""
    from iterprime_xai.systems import load

    return tuple(load("tiny").matcher.layers)


def _change(value: Interval) -> str:
    told = points(value)
    return f"{told} *" if value.low > 0 or value.high < 0 else told
