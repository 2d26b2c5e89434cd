"""What a report says of failures: of one sample, and of a whole run in a headline, with the worst of each type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.evaluation.failures.case import Case, open_case
from iterprime_xai.evaluation.failures.picking import pictures_once
from iterprime_xai.records import OptionError
from iterprime_xai.reports.exhibits import Exhibit, Written, lead, sentence, table
from iterprime_xai.reports.sections.subject import Subject
from iterprime_xai.reports.sheets import answer
from iterprime_xai.visualize import failure_facts
from iterprime_xai.visualize.tables import shown

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures import FailureTable, Priced
    from iterprime_xai.evaluation.runs.reading import Run


MOST_OF_SHEETS = 3_800_000
"""Characters of all failure sheets of a report, which is to stay below 5 MB."""

_BESIDE = "display: grid; grid-template-columns: repeat(auto-fill, minmax(27rem, 1fr)); gap: 0 1.6rem; align-items: end"


def verdict(subject: Subject) -> Exhibit:
    """What went wrong with a sample of a run, in a sentence; nothing for other subjects."""
    found = Exhibit("") if not subject.note else sentence(subject.note, caveat="ANOTHER" in subject.note)
    return found if subject.case is None else sentence(failure_facts.verdict(subject.case)) + found


def facts(subject: Subject) -> Exhibit:
    """What is known of a sample of a run besides pictures."""
    if subject.case is None:
        return sentence("This is not a sample of a run: nobody has measured it.")
    missing = failure_facts.not_kept_line(subject.case.row)
    told = table(("fact", "value"), failure_facts.facts(subject.case))
    return told + sentence(missing) if missing else told


def finding(found: Priced, threshold: float) -> Exhibit:
    """The headline: how many phrases failed, and the two types that cost most, with what the run would gain without them."""
    from iterprime_xai.evaluation.failures.types import TYPES

    if not found.rows:
        return sentence(str(found).strip(), caveat=True)
    failed = sum(each.count for each in found.prices)
    said = (
        f"<b>{failed} of {found.rows} phrases failed</b> ({100 * failed / found.rows:.1f} %, right from IoU {threshold:g}): "
        f"oIoU {found.oiou:.1f}, mIoU {found.miou:.1f}."
    )
    worst = "; ".join(
        f"<i>{shown(TYPES[each.type].title)}</i>, {_of(each.count, 'phrase')}, {each.miou.mean:+.1f} points of mIoU if mended alone"
        for each in found.prices[:2]
    )
    line = f"{said} Dearest: {worst}." if worst else said
    return lead(line)


def _of(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def worst(table_: FailureTable, types: Sequence[str], each: int, most: int) -> dict[str, list[str]]:
    """Ids of the failures with the lowest IoU: at most ``each`` of every type, in the order of ``types``, at most ``most`` in all.

    Of equals the one whose oracle gains most, then the first. Pictures come once a type, as long as there are others.
    """
    rows = table_.rows.select(["sample_id", "image_id", "type", "iou", "gain"]).to_pylist()
    found: dict[str, list[str]] = {}
    for kind in types:
        room = min(each, most - sum(map(len, found.values())))
        if room <= 0:
            break
        own = sorted(
            (row for row in rows if row["type"] == kind), key=lambda row: (row["iou"] or 0.0, -(row["gain"] or 0.0))
        )
        if own:
            found[kind] = [row["sample_id"] for row in pictures_once(own, lambda row: row["image_id"])[:room]]
    return found


def sheets_of(run: Run, samples: dict[str, list[str]], threshold: float) -> Exhibit:
    """Samples by type: of each a sentence, the picture with both masks and the heat, and its whole failure sheet folded away.

    Sheets of large photographs are large; those that would make the report too large are left out, and the command that makes one
    is told.
    """
    from iterprime_xai.evaluation.failures.types import TYPES

    found = Exhibit("") if samples else sentence("There is no failure to show.")
    room = MOST_OF_SHEETS
    for kind, names in samples.items():
        found += Exhibit(f"<h3>{shown(TYPES[kind].title)}</h3><p>Rule: {shown(TYPES[kind].rule)}.</p>")
        cards = []
        for name in names:
            cards.append(_failure(run, open_case(run, name, threshold), room))
            room -= len(cards[-1])
        found += Exhibit(f'<div class="failures" style="{_BESIDE}">{"".join(cards)}</div>')
    return found


def _failure(run: Run, case: Case, room: int) -> str:
    from iterprime_xai.visualize.failure_sheet import failure_fragment

    said = (
        f"<p><b>“{shown(case.text)}”</b> {shown(failure_facts.problem(case))} {shown(failure_facts.figures(case))}</p>"
    )
    glance = "" if case.grounding is None else answer(case.grounding, case.gold).html(width=430)
    whole = failure_fragment(case)
    if len(whole) > room:
        command = f"iterprime-xai failures {run.name} --sample {case.sample_id} --out page.html"
        whole = f"<p>Its sheet would make this page too large: <code>{shown(command)}</code></p>"
    folded = f"<details><summary>everything about {shown(case.sample_id)}</summary>{whole}</details>"
    return f'<div class="failure">{said}{glance}{folded}</div>'


def sliced(table_: FailureTable, by: Sequence[str]) -> Written:
    """A table for each way to slice the phrases; a tag that no phrase has is said to be missing."""
    from iterprime_xai.evaluation.failures.corpus import said_of, slices

    parts = []
    for each in by:
        try:
            parts.append(f"By **{said_of(each)}**. {slices(table_.rows, each)}")
        except OptionError as error:
            parts.append(f"By **{said_of(each)}**: {str(error).splitlines()[0]}\n")
    return Written("\n".join(parts))


def parser_share(table_: FailureTable) -> Exhibit:
    """What part the primary-word parser has in the failures, as far as the data set tells the primary word of its phrases."""
    from iterprime_xai.evaluation.failures.rates import percent, rates
    from iterprime_xai.evaluation.failures.types import TYPES

    rows = table_.rows.select(["tags", "primary", "type"]).to_pylist()
    told = [
        row for row in rows if dict(row["tags"] or ()).get("primary") and row["type"] not in ("unlabelled", "error")
    ]
    if not told:
        return sentence(
            "The data set does not tell the primary word of its phrases, so nobody knows how often the parser is wrong."
        )
    wrong = [(row["primary"] or "").casefold() != dict(row["tags"])["primary"].casefold() for row in told]
    failed = [row["type"] != "right" for row in told]
    groups = {"the parser took the word that the data set tells": False, "the parser took another": True}
    body = []
    for name, is_wrong in groups.items():
        inside = np.array([each == is_wrong for each in wrong])
        count, failures = int(inside.sum()), int((inside & np.array(failed)).sum())
        (share,) = rates(np.array([failures]), np.array([count]))
        body.append([name, count, failures, percent(share) if count else "-"])
    blamed = sum(row["type"] == "parser_error" for row in told)
    note = (
        f"{_of(blamed, 'failure')} of the type “{TYPES['parser_error'].title}”, which is asked before all types that look at "
        "the heat. The others of the second line failed for a reason that was asked first, or did not fail at all."
    )
    return table(("primary word", "phrases", "failed", "% failed"), body) + sentence(note)
