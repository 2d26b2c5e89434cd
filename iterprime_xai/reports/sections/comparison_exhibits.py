"""What a report says of two runs: the difference in a headline, what only one gets right, and where they part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from iterprime_xai.evaluation.bootstrap import FEWEST
from iterprime_xai.evaluation.failures.two_runs import counted, turns
from iterprime_xai.evaluation.measures.summing_up import points
from iterprime_xai.reports.exhibits import Exhibit, Written, lead, notes, sentence, table
from iterprime_xai.visualize.tables import shown

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures.two_runs import GroupPair, TwoRuns, WordPairs
    from iterprime_xai.evaluation.measures.comparing import Compared, Comparison

FORMULA = (
    "p = min(1, 2 · Σ C(n, k) / 2ⁿ over k = 0 … min(b, c)), where b and c count the phrases that only one run gets right and "
    "n = b + c: the chance of a split at least as uneven, if both were as good (McNemar's test, exact form). It takes phrases to "
    "be independent; those about one picture are not, so p is somewhat too small."
)


def headline(comparison: Comparison, pair: TwoRuns) -> Exhibit:
    """The finding: mIoU of both, whether the difference can be told from chance, and what only one of them gets right."""
    group = comparison.groups[0]
    ours, theirs = _of(comparison, pair.run), _of(comparison, pair.against)
    apart = (ours.differences or {})["miou"]
    found = counted(pair)
    if pair.pictures < FEWEST:
        verdict = f"{pair.pictures} pictures are too few to tell {pair.run} from {pair.against}"
    elif apart.low > 0 or apart.high < 0:
        ahead, behind = (pair.run, pair.against) if apart.mean > 0 else (pair.against, pair.run)
        verdict = f"{ahead} is better than {behind} by mIoU on {comparison.data}"
    else:
        verdict = f"{group.count} phrases of {comparison.data} do not tell {pair.run} from {pair.against} by mIoU"
    said = (
        f"mIoU {100 * ours.metrics['miou'].mean:.1f} against {100 * theirs.metrics['miou'].mean:.1f}, a difference of "
        f"{points(apart)} points on {group.count} phrases. Only {pair.run} is right on {found.gained}, only {pair.against} on "
        f"{found.lost} (chance of so uneven a split: {chance(found.chance)})."
    )
    return lead(f"<b>{shown(verdict)}:</b> {shown(said)}")


def caveats(comparison: Comparison) -> Exhibit:
    """What limits the comparison: phrases left out, errors, and what else the runs differ in."""
    found = Exhibit("")
    left = [f"{count} of {name}" for name, count in comparison.left_out.items() if count]
    if left:
        found += sentence(f"Left out, since not every run has them: {', '.join(left)} measured phrases.", caveat=True)
    for each in comparison.groups[0].runs:
        if each.errors:
            found += sentence(f"{each.errors} phrases of {each.run} ended in an error and count as IoU 0.", caveat=True)
    return found + notes(comparison.notes)


def metrics(comparison: Comparison) -> Written:
    """Metrics and differences of all phrases, and published figures on this split where there are any."""
    from iterprime_xai.evaluation.measures.comparison_tables import written

    return Written(written(replace(comparison, groups=comparison.groups[:1]), "markdown"))


def right_wrong(pair: TwoRuns) -> Exhibit:
    """What both, one or none gets right, as a table of two by two, with the chance of the two that differ."""
    found = counted(pair)
    ours, theirs = pair.run, pair.against
    head = (f"IoU at least {pair.threshold:g}", f"{theirs}: right", f"{theirs}: wrong", "together")
    rows = [
        (f"{ours}: right", found.both, found.gained, found.both + found.gained),
        (f"{ours}: wrong", found.lost, found.neither, found.lost + found.neither),
        ("together", found.both + found.lost, found.gained + found.neither, found.count),
    ]
    said = f"b = {found.gained}, c = {found.lost}, n = {found.gained + found.lost}: p = {chance(found.chance)}."
    return table(head, rows) + sentence(said) + sentence(FORMULA)


def turned(pair: TwoRuns) -> Exhibit:
    """By type of failure, what one run mends of the other and what it breaks; types by their rules, which are listed below."""
    from iterprime_xai.evaluation.failures.types import TYPES

    found = turns(pair)
    if not found:
        return sentence("Both runs get the very same phrases right.")
    rows = [
        (TYPES[each.type].title, each.gained, each.lost, f"{each.gained - each.lost:+d}", TYPES[each.type].rule)
        for each in found
    ]
    head = ("type of the failure", f"fails in {pair.against} only", f"fails in {pair.run} only", "net", "rule")
    top = max(found, key=lambda each: abs(each.gained - each.lost))
    net = top.gained - top.lost
    who = pair.run if net > 0 else pair.against
    told = (
        f"The largest net change is in “{TYPES[top.type].title}”: {abs(net)} phrases in favour of {who}."
        if net
        else "No type changes on balance."
    )
    return sentence(told) + table(head, rows)


def groups(pair: TwoRuns, found: Sequence[GroupPair], what: str) -> Exhibit:
    """A line a group: mean IoU of both runs, their difference, what only one gets right; clear differences are bold."""
    head = (what, "phrases", pair.run, pair.against, "difference", f"only {pair.run}", f"only {pair.against}")
    rows = [
        (
            each.name,
            each.counts.count,
            f"{100 * each.iou:.1f}",
            f"{100 * each.against_iou:.1f}",
            _bold(points(each.difference), each.clear),
            each.counts.gained,
            each.counts.lost,
        )
        for each in found
    ]
    return table(head, rows)


def groups_said(pair: TwoRuns, found: Sequence[GroupPair], what: str) -> Exhibit:
    """Which groups favour which run, in a sentence."""
    sides = [
        (pair.run, [each.name for each in found if each.clear and each.difference.mean > 0]),
        (pair.against, [each.name for each in found if each.clear and each.difference.mean < 0]),
    ]
    told = [f"{name} is better for {_listed(better)}" for name, better in sides if better]
    if not told:
        return sentence(f"No {what} shows a clear difference: the intervals hold 0, or there are too few pictures.")
    rest = "; the others show no clear difference" if not all(each.clear for each in found) else ""
    return sentence(f"By mIoU, {'; '.join(told)}{rest}.")


def tag_said(pair: TwoRuns, found: Sequence[GroupPair], tag: str) -> Exhibit:
    """The same of the values of a tag; where there are too many to show, how many phrases have another value."""
    left = len(pair) - sum(each.counts.count for each in found)
    rest = f"Shown are the {len(found)} commonest values; {left} phrases have another."
    return groups_said(pair, found, tag) + (sentence(rest) if left else Exhibit(""))


def words_said(pair: TwoRuns, found: WordPairs) -> Exhibit:
    """The same of words, with how many such findings chance alone would make."""
    if not found.words:
        return sentence("No content word occurs often enough.")
    if not found.clear:
        return groups_said(pair, found.rows, "word")
    by_chance = f"{found.clear} of {found.words} words show a clear difference; of as many without one, about "
    by_chance += f"{found.words / 20:.0f} would by chance."
    return groups_said(pair, found.rows, "word") + sentence(by_chance, caveat=found.clear <= found.words / 10)


def _listed(names: Sequence[str], most: int = 6) -> str:
    told = ", ".join(f"“{each}”" for each in names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most} more"


def chance(value: float) -> str:
    """A chance to be read: three decimals, or that it is below one in a thousand."""
    return f"{value:.3f}" if value >= 0.001 else "below 0.001"


def _bold(text: str, bold: bool) -> Exhibit:
    return Exhibit(f"<b>{shown(text)}</b>" if bold else shown(text))


def _of(comparison: Comparison, name: str) -> Compared:
    return next(each for each in comparison.groups[0].runs if each.run == name)
