"""The table of methods by metrics, and the one of sanity checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval, interval
from iterprime_xai.evaluation.explanation.judging import CheckRow, MapRow
from iterprime_xai.evaluation.explanation.sanity import BOUND
from iterprime_xai.evaluation.explanation.steadiness import SteadyRow
from iterprime_xai.evaluation.markdown import markdown

SHOWN = {
    "pointing": "pointing game",
    "energy": "energy in mask",
    "rank": "rank accuracy",
    "iou": "best IoU",
    "deletion": "deletion (low)",
    "insertion": "insertion (high)",
}
TESTS = {
    "randomised_weights": "random weights",
    "wrong_phrase": "another phrase",
    "shuffled_words": "shuffled words",
    "absent_object": "absent thing",
}
DECIDING = ("randomised_weights", "wrong_phrase")
"""What every good map must pass. A model that reads a bag of words looks at the same place, and its map is right to say so; and
the height of a map can be compared only where a method does not scale it."""


def map_table(rows: Sequence[MapRow], seed: int = 0) -> str:
    """Markdown: a method a line, each figure with its interval over pictures, and the median time of a map."""
    body = []
    for method in dict.fromkeys(row.method for row in rows):
        own = [row for row in rows if row.method == method]
        figures = [_shown(_interval(own, name, seed)) for name in SHOWN]
        milliseconds = 1000 * float(np.median([row.seconds for row in own]))
        body.append([method, *figures, str(sum(row.blank for row in own)), f"{milliseconds:.0f}"])
    return markdown(["method", *SHOWN.values(), "blank", "ms a map"], body)


def check_table(rows: Sequence[CheckRow]) -> str:
    """Markdown: how alike a method's maps are under each test, mean and, in brackets, the share of phrases where it is believed."""
    body = []
    for method in dict.fromkeys(row.method for row in rows):
        line = [method]
        for test in TESTS:
            own = [row for row in rows if (row.method, row.test) == (method, test)]
            line.append(
                f"{_mean([row.likeness for row in own])} ({np.mean([row.believed for row in own]):.2f})" if own else "-"
            )
        body.append([*line, verdict([row for row in rows if row.method == method])])
    return markdown(["method", *TESTS.values(), "verdict"], body)


def steady_table(
    rows: Sequence[SteadyRow], costs: Mapping[str, str] | None = None, memory: Mapping[str, float | None] | None = None
) -> str:
    """Markdown: means of the steadiness of each method, what a map of it costs in passes, and the memory that it takes.

    ``costs`` and ``memory`` (megabytes) are by method's name; what is not given has no column.
    """
    costs, memory = costs or {}, memory or {}
    names = ("infidelity", "sensitivity", "paraphrase")
    body = []
    for method in dict.fromkeys([*(row.method for row in rows), *costs, *memory]):
        own = [row for row in rows if row.method == method]
        line = [method]
        if rows:
            line += [_mean([getattr(row, name) for row in own]) for name in names]
        line += [costs.get(method, "-")] if costs else []
        held = memory.get(method)
        line += ["-" if held is None else f"{held:.0f}"] if memory else []
        body.append(line)
    heads = ["infidelity (low)", "max-sensitivity (low)", "paraphrases (high)"] if rows else []
    return markdown(["method", *heads, *(["passes"] if costs else []), *(["MB"] if memory else [])], body)


def _mean(values: Sequence[float]) -> str:
    told = [value for value in values if np.isfinite(value)]
    return f"{np.mean(told):.2f}" if told else "-"


def verdict(rows: Sequence[CheckRow]) -> str:
    """What a method fails: the tests of ``DECIDING`` in which it is believed for fewer than half of the phrases."""
    failed = []
    for test in DECIDING:
        own = [row for row in rows if row.test == test]
        if own and np.mean([row.believed for row in own]) < 0.5:
            failed.append(TESTS[test])
    return f"fails {', '.join(failed)}" if failed else "passes"


def explained() -> str:
    """How the tables are to be read."""
    return (
        "Intervals: 95 %, bootstrap over pictures. Time: median, the picture encoded before. Checks: Spearman correlation of a map "
        "with those under each test (0: another map, 1: the same); in () the share of phrases whose map is believed: it comes "
        f"back when the same is asked (at least {BOUND:g}) and does not when something else is (below {BOUND:g}). What each metric "
        "means, and when it misleads: docs/metrics."
    )


def _interval(rows: Sequence[MapRow], name: str, seed: int) -> Interval | None:
    """Over the rows that have this figure; ``None`` where none has."""
    values = [(getattr(row, name), row.image) for row in rows]
    told = [(value, image) for value, image in values if value is not None and np.isfinite(value)]
    return interval([value for value, _ in told], [image for _, image in told], seed) if told else None


def _shown(found: Interval | None) -> str:
    return "-" if found is None else f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"
