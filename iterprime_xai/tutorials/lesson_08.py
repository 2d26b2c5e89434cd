"""The checks of lesson 8, detective work."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of

_BLAMED = ("nobody", "proposals", "choice", "heat")


@exercise("8.1", "The order of the rules is a decision, and every table of error types has one inside.")
def check_to_blame(function: Callable[..., Any]) -> None:
    """``function(iou, best_iou, peak_on_target)`` on both sides of every rule."""
    outcomes = [
        (iou, best, peak)
        for iou in (0.0, 0.3, 0.49, 0.5, 0.51, 0.9)
        for best in (0.3, 0.49, 0.5, 0.6, 0.95)
        for peak in (True, False)
        if iou <= best
    ]
    # What lies on a bound comes last: a mistake that shows elsewhere has its own hint.
    outcomes.sort(key=lambda each: 0.5 in each)
    for iou, best, peak in outcomes:
        found = result_of(function, iou, best, peak)
        if found not in _BLAMED:
            raise Hint(f"One of {', '.join(map(repr, _BLAMED))} was expected, but {found!r} came.")
        _judge_blame(found, iou, best, peak)


def _judge_blame(found: str, iou: float, best: float, peak: bool) -> None:
    expected = "nobody" if iou >= 0.5 else "proposals" if best < 0.5 else "choice" if peak else "heat"
    if found == expected:
        return
    where = f"IoU {iou:g}, best proposal {best:g}, peak {'on' if peak else 'off'} the target"
    if iou == 0.5 or (best == 0.5 and expected != "nobody"):
        raise Hint(f"0.5 itself counts as right ({where}).")
    if expected == "nobody":
        raise Hint(f"A right answer is nobody's fault, wherever the heat peaks ({where}).")
    if expected == "proposals":
        raise Hint(f"No choice could have been right here, so the proposals come before heat and choice ({where}).")
    if {found, expected} == {"choice", "heat"}:
        raise Hint(
            f"Choice and heat are exchanged: if the heat peaks on the target, the heat is not to blame ({where})."
        )
    raise Hint(f"A fitting proposal was there, so it was not for want of one ({where}).")


@exercise("8.2", "The price counts all phrases, and everything but the one type stays as it is.")
def check_price(function: Callable[..., Any]) -> None:
    """``function(ious, repaired, types, name)`` against the oracle's gain."""
    import numpy as np

    random = np.random.default_rng(8)
    kinds = np.array(
        ["right", "scattered", "too_much", "right", "scattered", "right", "too_much", "scattered", "right"]
    )
    ious = np.where(kinds == "right", 0.8, 0.3) + 0.15 * random.random(len(kinds))
    repaired = ious + 0.3 * random.random(len(kinds))
    for name in ("scattered", "too_much"):
        found = result_of(function, ious.copy(), repaired.copy(), kinds.copy(), name)
        expect(np.ndim(found) == 0, f"One number was expected, but an array of shape {np.shape(found)} came.")
        _judge_price(float(found), ious, repaired, kinds == name, kinds != "right")
    nothing = float(result_of(function, ious.copy(), repaired.copy(), kinds.copy(), "part_only"))
    expect(nothing == 0, "A type that does not occur costs nothing: 0 was expected.")


def _judge_price(found: float, ious: Any, repaired: Any, chosen: Any, failed: Any) -> None:
    gains = repaired - ious
    expected = float(100 * (gains * chosen).mean())
    if abs(found - expected) < 1e-9:
        return
    mistakes = {
        "That is a share. Points are hundredths: 0.016 is 1.6 points.": expected / 100,
        "That is the mean over the phrases of the type. A rare type would seem dear: divide by the number of all phrases.": (
            100 * gains[chosen].mean()
        ),
        "That is the sum over the phrases of the type, not yet a mean over all phrases.": 100 * gains[chosen].sum(),
        "Every phrase was repaired. Only those of the one type may be.": 100 * gains.mean(),
        "That repairs every failure, not those of the one type.": 100 * (gains * failed).mean(),
        "That is the mean IoU after the repair. The price is what is gained by it.": expected + 100 * ious.mean(),
        "The sign is turned round: the gain is after less before.": -expected,
    }
    for hint, value in mistakes.items():
        if abs(found - value) < 1e-9:
            raise Hint(hint)
    raise Hint(f"{expected:.2f} points were expected here, and {found:.2f} came.")


@exercise("8.3", "The heat follows the position word, and the control says that it does not follow just anything.")
def check_hearing(function: Callable[..., Any]) -> None:
    """``function(ask, phrase, rewordings, changed)`` on models that hear, are deaf, or jump at everything."""
    phrase, same, other = (
        "the left cup",
        ("cup on the left", "left cup"),
        ("the right cup", "cup on the right", "the top cup"),
    )
    rest = {"the top cup": "red"}  # happens to be the left one, too
    told = dict.fromkeys((phrase, *same), "red") | dict.fromkeys(other[:2], "blue") | rest
    deaf = dict.fromkeys(told, "red")
    jumps = {text: f"thing {place}" for place, text in enumerate(told)}
    shy = told | {"left cup": "blue"}
    for things, expected, hint in (
        (told, True, "This model looks at the red cup for “left” in all wordings, and at the blue one for “right”: it hears. "
         "One changed phrase that moves the heat is enough: “the top cup” may well be the left one."),
        (deaf, False, "This model looks at the red cup whatever is asked. Nothing moves its heat, so it hears nothing."),
        (jumps, False, "This model looks elsewhere at every wording, also at those that mean the same. That is no hearing: "
         "what are the rewordings for?"),
        (shy, False, "One of the rewordings moved the heat of this model. None may."),
    ):  # fmt: skip
        found = result_of(function, things.__getitem__, phrase, same, other)
        expect(
            isinstance(found, bool) or str(found) in ("True", "False"),
            f"True or false was expected, but {found!r} came.",
        )
        expect(bool(found) is expected, hint)


_CHANGES = ("phrase", "picture", "proposals", "layer")
_ASKED = "right zebra near orange zebra"


@exercise(
    "8.4",
    "One thing is changed, and there is an outcome that would refute you: this is a hypothesis. Now carry it out.",
)
def check_hypothesis(hypothesis: Any) -> None:
    """A dictionary with ``change``, ``to`` and ``refuted_if``: one change, and an outcome that is forbidden."""
    keys = ("change", "to", "refuted_if")
    if not isinstance(hypothesis, dict):
        raise Hint(f"A dictionary was expected, but a {type(hypothesis).__name__} came.")
    for key in hypothesis:
        near = get_close_matches(str(key), keys, n=1)
        expect(key in keys, f"{key!r} is none of {', '.join(keys)}{f'; did you mean {near[0]}?' if near else '.'}")
    missing = [key for key in keys if key not in hypothesis]
    expect(not missing, f"{', '.join(missing)} is missing.")
    _judge_change(hypothesis["change"], hypothesis["to"])
    _judge_refutation(hypothesis["refuted_if"])


def _judge_change(change: Any, to: Any) -> None:
    if isinstance(change, list | tuple | set):
        raise Hint("Change one thing at a time: of two changes nobody knows which one did it.")
    expect(change in _CHANGES, f"change is one of {', '.join(_CHANGES)}, but {change!r} came.")
    if change == "phrase":
        expect(isinstance(to, str) and to.strip(), "The new phrase is a text.")
        expect(to.strip().casefold() != _ASKED, "That is the phrase as it was: nothing is changed.")
    if change == "picture":
        expect(
            to != "green zebra",
            "Without the green zebra nothing is left that could be meant: no outcome says anything.",
        )
        expect(to == "orange zebra", f'There is one other thing to take away, "orange zebra", but {to!r} came.')
    if change == "proposals":
        expect(to == "perfect", f'The proposals can be changed to "perfect", but {to!r} came.')
    if change == "layer":
        whole = isinstance(to, int) and not isinstance(to, bool)
        expect(whole and 0 <= to <= 4, f"A layer of this model is a number from 0 to 4, but {to!r} came.")
        expect(to != 3, "Layer 3 is the one that was read: nothing is changed.")
        expect(to != 4, "In the last layer the maps of all words are blank, whatever the picture: see lesson 3.")


def _judge_refutation(refuted_if: Any) -> None:
    outcomes = [
        (hit, iou)
        for hit in ("green zebra", "orange zebra", "background")
        for iou in (0.0, 0.2, 0.45, 0.49, 0.5, 0.6, 0.9, 1.0)
    ]
    said = [bool(result_of(refuted_if, hit, iou)) for hit, iou in outcomes]
    expect(any(said), "No outcome would refute this. Then it forbids nothing, and running it would teach you nothing.")
    expect(
        not all(said),
        "Every outcome would refute this: it is given up before it is tried. Which outcome would you survive?",
    )
