"""What a report says of ways to look: which maps may be believed, of what, and which checks they fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from iterprime_xai.evaluation.bootstrap import FEWEST
from iterprime_xai.evaluation.explanation.beliefs import NEED, PLACE, best_floor, failed_checks
from iterprime_xai.evaluation.explanation.judged_tables import DECIDING, SHOWN, TESTS
from iterprime_xai.records import OptionError
from iterprime_xai.reports.exhibits import Exhibit, Written, lead, sentence, table
from iterprime_xai.visualize.tables import shown

if TYPE_CHECKING:
    from iterprime_xai.evaluation.explanation.beliefs import Belief
    from iterprime_xai.evaluation.explanation.judging import CheckRow
    from iterprime_xai.evaluation.explanation.method_table import Judged

QUICK = ("gradcam", "attention", "rollout", "relevance", "legrad")
"""Methods that take one look or a few, which are judged where none are named."""

MANY = 16
"""Phrases below which a share of checks is too coarse to lean on."""


def chosen_methods(names: Sequence[str]) -> list[str]:
    """The methods to judge: those named, `QUICK` where none is, "all" for every one; the floors always, at the end.

    Raises ``OptionError`` for an unknown name, with the nearest right one, and where floors alone are named.
    """
    from iterprime_xai.saliency import METHODS
    from iterprime_xai.saliency.methods import FLOORS, method_class

    asked = list(METHODS) if list(names) == ["all"] else list(dict.fromkeys(names)) or list(QUICK)
    for name in asked:
        if not isinstance(name, str):
            raise OptionError(f"methods must be a list of names, but one is {name!r}.")
        method_class(name)
        if name not in METHODS:
            raise OptionError(f"The method {name} needs another phrase beside each; it cannot be judged here.")
    kept = [name for name in asked if name not in FLOORS]
    if not kept:
        raise OptionError(f"At least one method that is no floor is needed, such as {QUICK[0]}.")
    return [*kept, *FLOORS]


def headline(found: Sequence[Belief], model: str, data: str, phrases: int) -> Exhibit:
    """The finding: which methods' maps may be believed to show where the thing is, which to show what the match needs."""
    place = [each.method for each in found if each.shows_place]
    need = [each.method for each in found if each.shows_need]
    failed = [each.method for each in found if each.failed]
    said = (
        f"{_named(place)} shown to point at the thing that is meant, {_named(need)} shown to find what the match needs, "
        f"{_count(len(failed), 'fails', 'fail')} a sanity check"
    )
    methods = f"{len(found)} method{'' if len(found) == 1 else 's'}"
    line = f"<b>Of {methods}, {shown(said)}.</b> {shown(f'{model} on {phrases} phrases of {data}.')}"
    return lead(line)


def caveats(judged: Judged, floors: Sequence[str]) -> Exhibit:
    """What limits this: few phrases, checks that were not made, and floors that pass where they must not."""
    found = Exhibit("")
    phrases = len({row.sample for row in judged.maps})
    checked = len({row.sample for row in judged.checks})
    if not checked:
        found += sentence("No sanity check was made, so no map is believed here.", caveat=True)
    elif checked < MANY:
        text = f"Checked on {checked} phrase{'' if checked == 1 else 's'} only: shares tell 0.5 from 0.9, not 0.45 from 0.55."
        found += sentence(text, caveat=True)
    if phrases < 2 * MANY:
        found += sentence(f"{phrases} phrases make wide intervals; ask for more with limit.", caveat=True)
    for name in floors:
        own = [row for row in judged.checks if row.method == name]
        if own and not failed_checks(own):
            text = f"The floor {name} passes the checks, which it must not: do not believe the table of checks."
            found += sentence(text, caveat=True)
    return found


def believed(found: Sequence[Belief]) -> Exhibit:
    """A line a method: may its maps be believed to show the thing, and what the match needs, and what speaks against it."""
    rows = [
        [
            each.method,
            _yes(each.shows_place),
            _yes(each.shows_need),
            "; ".join(_against(each)) or "nothing measured here",
        ]
        for each in found
    ]
    return table(("method", "where the thing is", "what the match needs", "what speaks against it"), rows)


def _against(each: Belief) -> list[str]:
    said = [f"fails {', '.join(each.failed)}"] if each.failed else []
    if not each.checked:
        said.append("not checked")
    elif not each.enough:
        said.append(
            f"too few to believe anything: pictures {each.pictures}, checked {each.checked}, at least {FEWEST} of both are needed"
        )
    for metrics in (PLACE, NEED):
        for name in metrics:
            floor = each.floors.get(name)
            if floor is None:
                said.append(f"{_plain(name)} not measured")
            elif not floor.beaten:
                worse = "worse than" if floor.better.high < 0 else "not surely better than"
                said.append(f"{_plain(name)}: {worse} {floor.name}")
    return said


def failures(rows: Sequence[CheckRow], floors: Sequence[str]) -> Exhibit:
    """Who fails which sanity check, in sentences."""
    if not rows:
        return sentence("No sanity check was made.", caveat=True)
    methods = list(dict.fromkeys(row.method for row in rows))
    found = Exhibit("")
    for test in DECIDING:
        shares = {name: [row.believed for row in rows if (row.method, row.test) == (name, test)] for name in methods}
        failed = [
            f"{name} ({sum(each)} of {len(each)})"
            for name, each in shares.items()
            if each and sum(each) < len(each) / 2
        ]
        real = [each for each in failed if each.split(" ")[0] not in floors]
        fell = [each for each in failed if each.split(" ")[0] in floors]
        told = f"{', '.join(real)} fail" if len(real) > 1 else f"{real[0]} fails" if real else "no method fails"
        text = f"{TESTS[test][:1].upper()}{TESTS[test][1:]}: {told}; of the floors: {', '.join(fell) or 'none'}."
        found += sentence(text)
    return found + sentence("In brackets: phrases on which the map is believed.")


def floors_said(judged: Judged, floors: Sequence[str]) -> Exhibit:
    """Which floor does best in each metric: the line that a method has to pass."""
    parts = [f"{SHOWN[name]}: {floor}" for name in SHOWN if (floor := best_floor(judged.maps, floors, name))]
    return sentence(f"The best floor of each column, its dashed line: {'; '.join(parts)}.")


def steadiness(judged: Judged, methods: Sequence[str]) -> Exhibit | Written:
    """How steady each method is and what a map costs; costs alone, and that, where steadiness was not measured."""
    from iterprime_xai.evaluation.explanation.judged_tables import steady_table
    from iterprime_xai.saliency import get_method

    costs = {each.name: each.cost for each in map(get_method, methods)}
    if judged.steadiness:
        return Written(steady_table(judged.steadiness, costs))
    said = sentence("Steadiness was not measured; ask for it with steady. What a map asks of the model:")
    return said + table(("method", "passes"), list(costs.items()))


def _plain(metric: str) -> str:
    return SHOWN[metric].split(" (")[0]


def _yes(value: bool) -> Exhibit:
    return Exhibit("<b>believed</b>" if value else "not shown")


def _named(names: Sequence[str]) -> str:
    if not names:
        return "none is"
    return f"{names[0]} is" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are"


def _count(number: int, one: str, more: str) -> str:
    return f"{number or 'none'} {one if number <= 1 else more}"
