"""What passes and words did to an answer, in short lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from iterprime_xai.evaluation.failures.blame import PassChange, WordBlame, most_blamed

_SMALL, _WORTH_A_SENTENCE = 0.005, 0.05
"""A change of IoU below the first is none on the screen; below the second it is no verdict."""


def pass_lines(changes: Sequence[PassChange]) -> tuple[str, ...]:
    """A line a pass: the IoU of the answer after it, and whether it fixed or broke the answer."""
    return tuple(_pass(each) for each in changes)


def word_lines(words: Sequence[WordBlame]) -> tuple[str, ...]:
    """A line a word: what the answer's IoU would be without its map."""
    return tuple(_word(each) for each in words)


def verdict_lines(changes: Sequence[PassChange], words: Sequence[WordBlame]) -> list[str]:
    """At most two sentences: what the passes did, and which word's map decides the answer."""
    said = []
    turns = [each for each in changes if each.change in ("fixed", "broke")]
    if turns:
        said.append(" ".join(f"Pass {each.number} {each.change} the answer." for each in turns))
    elif any(each.would in ("fixed", "broke") for each in changes):
        each = next(each for each in changes if each.would in ("fixed", "broke"))
        verb = "fixed" if each.would == "fixed" else "broken"
        said.append(f"Pass {each.number} was left out; it would have {verb} the answer.")
    most = most_blamed(words)
    if most is not None and most.blame is not None and abs(most.blame) >= _WORTH_A_SENTENCE:
        assert most.together.iou is not None
        before, after = most.together.iou, most.together.iou + most.blame
        does = "is most to blame" if most.blame > 0 else "holds the answer"
        said.append(f"The word “{most.text}” {does}: without its map the IoU goes from {before:.2f} to {after:.2f}.")
    return said


def _pass(each: PassChange) -> str:
    shown = each.found if each.instead is None else each.instead
    iou = "" if shown.iou is None else f"IoU {shown.iou:.2f}"
    if each.used:
        how = {"first": "", "neither": "", "unknown": ""}.get(each.change, f", {each.change} the answer")
        return f"{iou}{how}"
    would = {"fixed": ", would have fixed it", "broke": ", would have broken it"}.get(each.would or "", "")
    return f"had it counted: {iou}{would}" if each.instead is not None and iou else ""


def _word(each: WordBlame) -> str:
    if each.blame is None:
        return "" if not each.moved else f"without it the peak moves by {each.moved:.0%} of the diagonal"
    if abs(each.blame) < _SMALL:
        return "without it: the same answer"
    return f"without it: IoU {each.blame:+.2f}"
