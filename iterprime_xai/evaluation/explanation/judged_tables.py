"""The table of methods by metrics, and the one of sanity checks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from iterprime_xai.evaluation.bootstrap import Interval, interval
from iterprime_xai.evaluation.explanation.judging import CheckRow, MapRow
from iterprime_xai.evaluation.explanation.sanity import BOUND
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
}


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
            told = [row.likeness for row in own if np.isfinite(row.likeness)]
            mean = f"{np.mean(told):.2f}" if told else "-"
            line.append(f"{mean} ({np.mean([row.believed for row in own]):.2f})" if own else "-")
        body.append([*line, verdict([row for row in rows if row.method == method])])
    return markdown(["method", *TESTS.values(), "verdict"], body)


def verdict(rows: Sequence[CheckRow]) -> str:
    """What a method fails: the tests in which it is believed for fewer than half of the phrases that can be put. Shuffled words are
    left out: a model that reads a bag of words looks at the same place, and its map is right to say so."""
    failed = []
    for test in TESTS:
        own = [row for row in rows if row.test == test]
        if test != "shuffled_words" and own and np.mean([row.believed for row in own]) < 0.5:
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
