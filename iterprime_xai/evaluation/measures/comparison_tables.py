"""A comparison as text, Markdown, LaTeX or JSON values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.evaluation.measures.comparing import Comparison, Group
from iterprime_xai.evaluation.measures.metrics import METRICS
from iterprime_xai.evaluation.measures.summing_up import interval_json, percent, points, text_table
from iterprime_xai.records import OptionError

FORMATS = ("text", "markdown", "latex", "json")

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def written(comparison: Comparison, form: str = "text") -> str:
    """The comparison in one of ``FORMATS``; "json" has its own function, :func:`as_json`.

    Figures are percent. A difference is bold (text: starred) where its interval does not hold 0.
    """
    if form not in ("text", "markdown", "latex"):
        raise OptionError(f"format must be one of {', '.join(FORMATS)}, but got {form!r}.")
    latex = form == "latex"
    table: Table = {"text": _text, "markdown": markdown, "latex": _latex}[form]
    bold = {"text": "{}*", "markdown": "**{}**", "latex": r"\textbf{{{}}}"}[form]
    parts = []
    for group in comparison.groups:
        title = f"{comparison.data}, {group.group}: {group.count} phrases"
        parts.append(f"% {_escaped(title)}" if latex else title)
        parts.append(table(*_values(group)))
        parts.append(f"% {_against(comparison)}" if latex else _against(comparison))
        parts.append(table(*_differences(group, bold, latex)))
    if comparison.published:
        parts.append("% Published" if latex else "Published figures on this split (percent, each with its own metric)")
        parts.append(table(*_published(comparison)))
    parts += [f"% {_escaped(line)}" if latex else line for line in _said(comparison)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON values; a figure that cannot be told is null."""
    return {
        "data": comparison.data,
        "against": comparison.against,
        "count": comparison.count,
        "left_out": dict(comparison.left_out),
        "notes": list(comparison.notes),
        "groups": [
            {
                "group": group.group,
                "count": group.count,
                "runs": [
                    {
                        "run": run.run,
                        "errors": run.errors,
                        "metrics": {name: interval_json(value) for name, value in run.metrics.items()},
                        "differences": None
                        if run.differences is None
                        else {name: interval_json(value) for name, value in run.differences.items()},
                    }
                    for run in group.runs
                ],
            }
            for group in comparison.groups
        ],
        "published": [{name: getattr(each, name) for name in each.__slots__} for each in comparison.published],
    }


def _values(group: Group) -> tuple[list[str], list[list[str]]]:
    names = list(group.runs[0].metrics)
    head = ["run", *(METRICS[name].title for name in names), "errors"]
    return head, [[run.run, *(percent(run.metrics[name]) for name in names), str(run.errors)] for run in group.runs]


def _differences(group: Group, bold: str, latex: bool) -> tuple[list[str], list[list[str]]]:
    names = list(group.runs[0].metrics)
    body = [
        [run.run, *(_signed(run.differences[name], bold, latex) for name in names)]
        for run in group.runs
        if run.differences is not None
    ]
    return ["run", *(METRICS[name].title for name in names)], body


def _signed(value: Interval, bold: str, latex: bool) -> str:
    text = points(value)
    clear = value.low > 0 or value.high < 0
    return (_Raw(bold.format(text)) if latex else bold.format(text)) if clear else text


def _published(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    head = ["system", "metric", "value", "source", "note"]
    return head, [
        [each.system, METRICS[each.metric].title, f"{each.value:g}", each.source, each.note]
        for each in comparison.published
    ]


def _against(comparison: Comparison) -> str:
    return f"Difference from {comparison.against}, paired"


def _said(comparison: Comparison) -> list[str]:
    left = [f"{name} {count}" for name, count in comparison.left_out.items() if count]
    lines = [
        f"On the {comparison.count} phrases that all runs have"
        + (f"; left out of {', '.join(left)}" if left else "")
        + ". Percent, with 95 % intervals from a bootstrap over pictures; an error counts as IoU 0."
    ]
    if comparison.published:
        lines.append(
            "Published figures were collected from papers, some at second hand: check them there before you quote them."
        )
    return [*lines, *(f"note: {note}" for note in comparison.notes)]


class _Raw(str):
    """LaTeX that is ready."""


def _text(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    return text_table(head, body)


def _latex(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [
        " & ".join(cell if isinstance(cell, _Raw) else _escaped(cell) for cell in line) + r" \\"
        for line in (head, *body)
    ]
    return "\n".join(
        [
            rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)
