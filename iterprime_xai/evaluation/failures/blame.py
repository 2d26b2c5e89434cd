"""Which pass and which word of a grounding its answer is due to, from the maps that it kept: no model is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import Any, Literal

import numpy as np

from iterprime_xai.evaluation.explanation.agreement import pearson
from iterprime_xai.evaluation.failures.classifying import THRESHOLD
from iterprime_xai.masks import select
from iterprime_xai.records import Grounding, Pass
from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.expression import Span
from iterprime_xai.records.heatmap import is_blank, peak
from iterprime_xai.records.overlap import iou
from iterprime_xai.records.proposals import SELECTION_RULES

Change = Literal["first", "fixed", "broke", "neither", "not used", "unknown"]
"""What a pass did to the answer. ``fixed``: its IoU reaches the threshold, and did not before; ``broke``: the reverse; ``neither``:
right as before, or wrong as before; ``not used``: the refinement left the pass out; ``unknown``: there is no gold mask."""


@dataclass(frozen=True, slots=True)
class MapAnswer:
    """What a map answers: a proposal, its IoU with the gold mask, and the peak.

    ``answer`` is the proposal's index, ``peak`` (x, y) in pixels, ``on_gold`` whether it lies on the gold mask. ``None`` is what
    is not known: ``iou`` and ``on_gold`` without a gold mask (``on_gold`` also where nothing is meant), ``answer`` and ``iou``
    without proposals that a map chooses among, ``peak`` for a blank map, whose ``on_gold`` is false. An answer of nothing has
    IoU 0.
    """

    answer: int | None
    iou: float | None
    peak: tuple[int, int] | None
    on_gold: bool | None


@dataclass(frozen=True, slots=True)
class PassChange:
    """What a pass did: the answer of the map so far after it, against the pass before.

    ``number`` counts from 1. For a pass that was not used ``found`` is what stood already, ``instead`` what its map would have
    answered had it been blended in, and ``would`` what that would have been; both ``None`` where it is not known.
    """

    number: int
    used: bool
    found: MapAnswer
    change: Change
    instead: MapAnswer | None = None
    would: Change | None = None


@dataclass(frozen=True, slots=True)
class WordBlame:
    """What happens to the answer of all words' maps together when one word's map is left out.

    ``moved`` is how far the peak goes, as a share of the picture's diagonal, ``None`` where a map is blank. ``correlation`` is
    Pearson's, over the patches, of the two maps; ``fit`` that of all words' mean with the grounding's own map: how well the mean
    stands for it. Both are NaN for flat maps.
    """

    text: str
    span: Span
    together: MapAnswer
    without: MapAnswer
    moved: float | None
    correlation: float
    fit: float

    @property
    def blame(self) -> float | None:
        """The IoU without the word less that with it: above 0 the word is to blame, below 0 it is what holds the answer."""
        if self.together.iou is None or self.without.iou is None:
            return None
        return self.without.iou - self.together.iou


def pass_changes(grounding: Grounding, gold: np.ndarray | None, threshold: float = THRESHOLD) -> tuple[PassChange, ...]:
    """What each pass of a refinement did to the answer, in order.

    The map so far (``blended``) of each pass chooses among the proposals by the grounding's own rule. Of an answer that is a
    set of masks only the first is compared; where the grounding abstained, every pass does: the first pass's match decides that.
    Proposals that were made for the final map are those of every pass. What a rejected pass would have done is known where the
    grounding's parameters name the weight of the blend, and its map is not blank.

    Args:
        grounding: with proposals and the maps of its passes: made by a grounder, or read from a run with detail ``full``.
        gold: bool (height, width), or ``None``: then no change is known.
        threshold: IoU from which an answer is right.

    Returns:
        One a pass; none without proposals, and none where the mask was not chosen by the heat.

    Raises:
        OptionError: a gold mask of another shape or type, or a threshold out of range.
    """
    if not 0 < threshold <= 1:
        raise OptionError(f"threshold must be an IoU above 0 and at most 1, but got {threshold!r}.")
    if _rule(grounding) is None:
        return ()
    silent = grounding.selection is not None and grounding.selection.answer is None
    changes: list[PassChange] = []
    before: Pass | None = None
    for number, each in enumerate(grounding.passes, 1):
        former = changes[-1].found if changes else None
        if each.accepted or former is None or before is None:
            found = map_answer(grounding, each.blended, gold, silent=silent)
            changes.append(PassChange(number, True, found, _change(former, found, threshold)))
            before = each
            continue
        instead = None
        weight = _blend(grounding)
        if weight is not None and not is_blank(each.heatmap):
            blended = ((1 - weight) * before.blended + weight * each.heatmap).astype(np.float32)
            instead = map_answer(grounding, blended, gold, silent=silent)
        would = None if instead is None else _change(former, instead, threshold)
        changes.append(PassChange(number, False, former, "not used", instead, would))
    return tuple(changes)


def word_blame(grounding: Grounding, gold: np.ndarray | None) -> tuple[WordBlame, ...]:
    """What each word's map does to the answer, by leaving it out.

    With m_w the map of word w, all words together are M = mean of m_w, and without v M_v = mean of m_w over w != v. Where several
    passes were used, m_w is the word's maps of all of them, blended with the weights of the refinement, which are read off its
    maps. Both choose among the proposals by the grounding's own rule, always and one mask. **This is not the model's own answer**:
    its map also holds the special tokens, counts a word as often as it has tokens, and may stress the primary word
    (``emphasis``); ``fit`` says how near M is to it. Nor is the model asked without the word: the other words' maps are those
    that it made with the word there. Where no heat is left without a word there is no answer: IoU 0.

    Args:
        grounding: with word maps in every pass that was used; without proposals only peaks and maps are compared.
        gold: bool (height, width), or ``None``: then there is no IoU.

    Returns:
        One for each word of the phrase, in order; none without word maps, or where all of them are blank.

    Raises:
        OptionError: a gold mask of another shape or type.
    """
    words = grounding.words
    used = [each for each in grounding.passes if each.accepted] or list(grounding.passes[-1:])
    if not words or any(len(each.words) != len(words) for each in used):
        return ()
    maps = sum(
        share * np.stack([word.heatmap for word in each.words]).astype(np.float64)
        for share, each in zip(blend_shares(used), used, strict=True)
    )
    assert isinstance(maps, np.ndarray)
    mean = maps.mean(0).astype(np.float32)
    if is_blank(mean):
        return ()
    together = map_answer(grounding, mean, gold)
    fit = pearson(mean, grounding.heatmap)
    found = []
    for place, word in enumerate(words):
        # Added anew: the sum less one map would leave rounding where no heat is left.
        rest = np.delete(maps, place, 0)
        other = rest.mean(0).astype(np.float32) if len(rest) else np.zeros_like(mean)
        without = map_answer(grounding, other, gold, silent=is_blank(other))
        moved = _moved(grounding, together, without)
        found.append(WordBlame(word.text, word.span, together, without, moved, pearson(mean, other), fit))
    return tuple(found)


def most_blamed(words: Sequence[WordBlame]) -> WordBlame | None:
    """The word whose leaving out changes the answer's IoU the most, up (it is to blame) or down (it holds the answer).

    Equals: the one that moves the peak further, then the first. Where there is no IoU, the one that moves the peak the furthest.
    ``None`` where nothing moves.
    """
    known = [each for each in words if each.blame is not None]
    if known:
        best = max(known, key=lambda each: (abs(each.blame or 0.0), each.moved or 0.0))
        return best if best.blame else None
    return max((each for each in words if each.moved), key=lambda each: each.moved or 0.0, default=None)


def map_answer(
    grounding: Grounding, heatmap: np.ndarray, gold: np.ndarray | None, *, silent: bool = False
) -> MapAnswer:
    """What a map (rows, columns) answers among a grounding's proposals by its rule; with ``silent`` nothing, IoU 0.

    Raises:
        OptionError: a gold mask of another shape or type, or a map that is not finite.
    """
    size = (grounding.image.height, grounding.image.width)
    if gold is not None and (gold.shape != size or gold.dtype != np.bool_):
        raise OptionError(
            f"The gold mask must be bool of shape {size}, as the picture, but is {gold.dtype} of shape {gold.shape}."
        )
    spot = peak(heatmap, size)
    on_gold = None if gold is None or not gold.any() else spot is not None and bool(gold[spot[1], spot[0]])
    rule, proposals = _rule(grounding), grounding.proposals
    if rule is None or proposals is None:
        return MapAnswer(None, None, spot, on_gold)
    answer = None if silent else select(proposals, heatmap, rule=rule).answer
    mask = None if answer is None else proposals.masks[answer]
    return MapAnswer(answer, None if gold is None else iou(mask, gold), spot, on_gold)


def _rule(grounding: Grounding) -> str | None:
    """The rule by which the heat chose a mask; ``None`` where something else did, or nothing could."""
    if grounding.proposals is None or grounding.selection is None or grounding.selection.rule not in SELECTION_RULES:
        return None
    return grounding.selection.rule


def _change(before: MapAnswer | None, now: MapAnswer, threshold: float) -> Change:
    if before is None:
        return "first"
    if before.iou is None or now.iou is None:
        return "unknown"
    was, right = before.iou >= threshold, now.iou >= threshold
    return "neither" if was == right else "fixed" if right else "broke"


def _blend(grounding: Grounding) -> float | None:
    """The weight of the newest map, from a grounder's recipe or from the settings of a run's system."""
    for name in ("recipe", "settings"):
        said: Any = grounding.parameters.get(name)
        if isinstance(said, dict) and isinstance(said.get("blend"), int | float):
            return float(said["blend"])
    return None


def blend_shares(used: Sequence[Pass]) -> list[float]:
    """How much of each used pass's own map the blended map of the last holds; they add up to 1.

    b_i = (1 - a) b_(i-1) + a m_i, so that a is the share of m_i - b_(i-1) that b_i - b_(i-1) is. It is read off the maps by least
    squares, and 0 where a pass found the map that was there already.
    """
    shares = [1.0]
    for former, newest in pairwise(used):
        step, moved = (each.astype(np.float64) - former.blended for each in (newest.heatmap, newest.blended))
        length = float((step * step).sum())
        weight = float(np.clip((step * moved).sum() / length, 0, 1)) if length > 0 else 0.0
        shares = [*((1 - weight) * each for each in shares), weight]
    return shares


def _moved(grounding: Grounding, one: MapAnswer, other: MapAnswer) -> float | None:
    if one.peak is None or other.peak is None:
        return None
    across, down = (abs(a - b) for a, b in zip(one.peak, other.peak, strict=True))
    return hypot(across, down) / hypot(grounding.image.width, grounding.image.height)
