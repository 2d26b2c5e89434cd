"""Tests that a map must fail: random weights, shuffled words, a wrong phrase, an absent object.

Each makes the map of a phrase, then maps under a question or a model that no longer means the same, and tells how much of the first
comes back. A map that comes back whatever is asked, like a picture's edges or its middle, is a picture of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from iterprime_xai.evaluation.explanation.agreement import Alike, likeness, likeness_to
from iterprime_xai.evaluation.explanation.randomising import cascading
from iterprime_xai.records.errors import OptionError

if TYPE_CHECKING:
    from torch import nn

BOUND = 0.5
"""Likeness below which a map counts as another one."""

Explain = Callable[[str], np.ndarray]
"""Text -> map, float (rows, columns)."""


@dataclass(frozen=True, slots=True)
class SanityCheck:
    """What one test found.

    ``questions``: what was asked instead, a phrase or the layers that were random by then. ``alike``: how far the map came back in
    each, and ``repeated`` how far it comes back when the *same* is asked again. ``likeness`` is the figure that decides and
    ``measure`` says in what.

    The verdict: a map is ``believed`` only where it comes back when the same is asked and does not when something else is:
    ``likeness < bound <= repeated``. So noise, which never comes back, is not believed either. NaN, from a map that is blank to
    begin with or a question that cannot be put, is never believed; a map that becomes blank has changed, and counts 0.
    """

    test: Literal["randomised_weights", "shuffled_words", "wrong_phrase", "absent_object"]
    measure: str
    questions: tuple[str, ...]
    alike: tuple[float, ...]
    repeated: float
    likeness: float
    bound: float

    @property
    def believed(self) -> bool:
        """Whether the map passed."""
        return bool(self.likeness < self.bound <= self.repeated)


def randomised_weights(
    explain: Callable[[], np.ndarray],
    model: nn.Module,
    groups: Sequence[str],
    *,
    alike: Alike = "spearman",
    bound: float = BOUND,
    seed: int = 0,
) -> SanityCheck:
    """Whether the map depends on what the model learned: likeness to the maps of ever more random models (Adebayo et al. 2018).

    Layers become random one after the other, and the last likeness, with all of them random, decides. The model is left as it was,
    also after an exception.

    Args:
        explain: makes the map with the model as it is then; it must not keep anything from one call to the next, encoded pictures
            included.
        model: the torch model behind it.
        groups: its layers from the top down; see :func:`~iterprime_xai.evaluation.explanation.randomising.from_the_top`.
        alike: measure of likeness.
        bound: see :class:`SanityCheck`.
        seed: of the weights.

    Raises:
        LayerError: a layer that the model does not have. OptionError: an unknown measure, or a bound beyond -1 and 1.
    """
    likeness(alike)
    _check_bound(bound)
    with cascading(model, groups, seed=seed) as levels:
        heatmap = explain()
        repeated = likeness_to(heatmap, explain(), alike)
        found = [likeness_to(heatmap, explain(), alike) for _ in levels]
    return SanityCheck("randomised_weights", alike, tuple(groups), tuple(found), repeated, found[-1], bound)


def shuffled_words(
    explain: Explain,
    phrase: str,
    *,
    rounds: int = 3,
    alike: Alike = "spearman",
    bound: float = BOUND,
    seed: int = 0,
) -> SanityCheck:
    """Whether the map depends on the order of the words: mean likeness to the maps of the same words shuffled.

    A phrase without another order has NaN. See :func:`shuffled` and :class:`SanityCheck`.
    """
    if isinstance(rounds, bool) or not isinstance(rounds, int) or rounds < 1:
        raise OptionError(f"rounds must be a whole number from 1, but got {rounds!r}.")
    orders = dict.fromkeys(shuffled(phrase, seed + place) for place in range(rounds))
    return _compare("shuffled_words", explain, phrase, [text for text in orders if text is not None], alike, bound)


def wrong_phrase(
    explain: Explain, phrase: str, others: Sequence[str], *, alike: Alike = "spearman", bound: float = BOUND
) -> SanityCheck:
    """Whether the map depends on what is meant: mean likeness to the maps of phrases that mean something else in the picture.

    No other phrase gives NaN. See :class:`SanityCheck`.
    """
    return _compare("wrong_phrase", explain, phrase, _texts(others), alike, bound)


def absent_object(explain: Explain, phrase: str, absent: Sequence[str], *, bound: float = BOUND) -> SanityCheck:
    """Whether an absent object looks absent: the highest heat of phrases for things that are not there, as a share of the phrase's.

    The maps' magnitude is compared, not their shape, so ``explain`` must not scale them. The mean over ``absent`` decides; no such
    phrase gives NaN. See :class:`SanityCheck`; ``bound`` lies from 0.
    """
    return _compare("absent_object", explain, phrase, _texts(absent), None, bound)


def shuffled(text: str, seed: int = 0) -> str | None:
    """The words of a text in another order, drawn from the seed; ``None`` where there is no other order.

    Words are what blanks part. The order always differs from the text's own: two equal words that change places are no change.
    """
    words = text.split()
    if len(set(words)) < 2:
        return None
    random = np.random.default_rng(seed)
    while True:
        order = [words[place] for place in random.permutation(len(words))]
        if order != words:
            return " ".join(order)


def _compare(
    test: Literal["shuffled_words", "wrong_phrase", "absent_object"],
    explain: Explain,
    phrase: str,
    texts: Sequence[str],
    alike: Alike | None,
    bound: float,
) -> SanityCheck:
    """The map of a phrase beside those of other texts; ``None`` compares their highest heat."""
    if alike is not None:
        likeness(alike)
    _check_bound(bound)

    def compared(heatmap: np.ndarray, other: np.ndarray) -> float:
        return _strength(heatmap, other) if alike is None else likeness_to(heatmap, other, alike)

    heatmap = explain(phrase)
    repeated = compared(heatmap, explain(phrase))
    found = tuple(compared(heatmap, explain(text)) for text in texts)
    mean = float(np.mean(found)) if found else float("nan")
    return SanityCheck(test, alike or "highest heat", tuple(texts), found, repeated, mean, bound)


def _strength(heatmap: np.ndarray, other: np.ndarray) -> float:
    """Highest heat of the other map as a share of this one's; a flat map has as much as it is high."""
    if not np.isfinite(heatmap).all() or not float(heatmap.max()) > 0:
        return float("nan")
    return max(0.0, float(other.max())) / float(heatmap.max()) if np.isfinite(other).all() else 0.0


def _texts(given: Sequence[str]) -> list[str]:
    if isinstance(given, str):
        raise OptionError(f"Phrases must come as a sequence, but got the text {given!r}; write [{given!r}].")
    return list(given)


def _check_bound(bound: float) -> None:
    if not -1 <= bound <= 1:
        raise OptionError(f"bound must lie between -1 and 1, but got {bound!r}.")
