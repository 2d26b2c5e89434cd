"""One run summed up: what it is, how many rows, what they reached, and what went wrong, as text and as JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.measures.columns import measured
from iterprime_xai.evaluation.measures.metrics import METRICS, Figures, figures, metric_names

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run reached.

    ``rows`` of ``expected`` are there; ``unmeasured`` have no gold mask and are in no metric. ``errors`` counts error rows by
    class: they are in the metrics, with IoU 0. ``seconds`` is the work of all workers together. ``notes`` says what
    a reader has to know.
    """

    path: str
    key: str
    system: str
    data: str
    proposals: str
    answer: str
    detail: str
    rows: int
    expected: int
    unmeasured: int
    errors: Mapping[str, int]
    seconds: float
    figures: tuple[Figures, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values; a figure that cannot be told is null."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "figures"}
        return values | {
            "errors": dict(self.errors),
            "notes": list(self.notes),
            "figures": [
                {
                    "group": each.group,
                    "count": each.count,
                    "errors": each.errors,
                    "metrics": {name: interval_json(value) for name, value in each.metrics.items()},
                }
                for each in self.figures
            ],
        }

    def __str__(self) -> str:
        lines = [
            f"{self.system} on {self.data}, proposals {self.proposals}, answer {self.answer}, detail {self.detail}",
            f"{self.rows} of {self.expected} phrases, {sum(self.errors.values())} of them errors"
            + "".join(f"; {kind}: {count}" for kind, count in self.errors.items()),
        ]
        if self.rows:
            lines.append(f"{self.seconds / self.rows:.3f} s a phrase, {self.seconds:.0f} s of work in all")
        if self.figures:
            whole, names = self.figures[0], list(self.figures[0].metrics)
            body = [[METRICS[name].title, percent(whole.metrics[name]), METRICS[name].meaning] for name in names]
            lines += ["", *(f"{title:6} {value:>20}  {meaning}" for title, value, meaning in body)]
            lines.append("Percent, with 95 % intervals from a bootstrap over pictures; an error counts as IoU 0.")
        if len(self.figures) > 1:
            body = [
                [each.group, *(percent(each.metrics[name]) for name in names), str(each.count), str(each.errors)]
                for each in self.figures
            ]
            lines += ["", text_table(["", *(METRICS[name].title for name in names), "phrases", "errors"], body)]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def summarise(run: Run | str | Path, by: str | None = None, seed: int = 0) -> Summary:
    """Sum up a run, for all rows and for each value of the tag ``by`` (such as "kind").

    Only the columns that are needed are read. Raises ``OptionError`` for a tag that no row has, ``StorageError`` for no run.
    """
    opened = _opened(run)
    rows, counted = measured(opened, by)
    decides = opened.manifest.decides
    names = metric_names(rows)
    found = figures(rows, rows.groups(by), names, seed)
    return Summary(
        path=str(opened.path),
        key=opened.key,
        system=opened.manifest.asked["system"],
        data=decides["data"]["name"],
        proposals=_proposals(decides["proposals"]),
        answer=decides["answer"],
        detail=decides["detail"],
        rows=counted.rows,
        expected=opened.manifest.samples,
        unmeasured=counted.unmeasured,
        errors=counted.errors,
        seconds=counted.seconds,
        figures=tuple(found),
        notes=tuple(_notes(opened, counted.rows, counted.unmeasured)),
    )


def _notes(run: Run, rows: int, unmeasured: int) -> list[str]:
    notes = []
    if rows < run.manifest.samples:
        notes.append(f"the run is not done: {run.manifest.samples - rows} phrases are missing; evaluate again to go on")
    if unmeasured:
        notes.append(f"{unmeasured} phrases have no gold mask and are in no metric")
    versions = run.versions()
    if len(versions) > 1:
        differing = sorted({name for one in versions for name in one if len({each.get(name) for each in versions}) > 1})
        notes.append(f"parts were made with different versions of {', '.join(differing)}")
    threshold = run.manifest.decides.get("threshold")
    if threshold:
        notes.append(f"threshold {threshold['value']:.4g} from {threshold['from']}")
    return notes


def _proposals(said: Any) -> str:
    """A proposer's name, as far as it says one."""
    if isinstance(said, str):
        return said
    return str(said.get("proposer") or said.get("name") or "in memory")


def _opened(run: Run | str | Path) -> Run:
    from iterprime_xai.evaluation.runs.reading import Run, read_run

    return run if isinstance(run, Run) else read_run(run)


def percent(value: Interval) -> str:
    """A share in percent with its interval; a dash where it cannot be told."""
    if math.isnan(value.mean):
        return "-"
    return f"{100 * value.mean:.1f} [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def points(value: Interval) -> str:
    """A difference of shares in points with its interval; a dash where it cannot be told."""
    if math.isnan(value.mean):
        return "-"
    return f"{100 * value.mean:+.1f} [{100 * value.low:+.1f}, {100 * value.high:+.1f}]"


def interval_json(value: Interval) -> dict[str, float | None]:
    return {
        name: None if math.isnan(number) else number
        for name, number in (("value", value.mean), ("low", value.low), ("high", value.high))
    }


def text_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Columns side by side, the first to the left and the others to the right."""
    widths = [max(len(line[place]) for line in (head, *body)) for place in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in (head, *body)
    )
