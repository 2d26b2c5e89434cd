"""How often a model tells a true statement from its false twin, per kind, beside the priors it must beat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from iterprime_xai.evaluation.bootstrap import Interval, interval

if TYPE_CHECKING:
    from iterprime_xai.data.scenes import MatchingPair
    from iterprime_xai.models import ImageTextMatcher

Score = Callable[[Image.Image, Sequence[str]], Sequence[float]]
"""(picture, texts) -> match probability of each text."""

CHANCE = 0.5


@dataclass(frozen=True, slots=True)
class MatchingRow:
    """One kind of statement.

    ``twins`` is the share of pairs whose true text scores higher (a tie counts half), ``decided`` the share of texts on the right
    side of probability 0.5. The priors are what blind rules reach in ``twins``; chance is 0.5 everywhere. ``nouns``: a rule that
    knows which kinds of things are in the picture and reads only the nouns. ``positions``: a rule that knows where in the picture
    anything is and reads only the words of place, relation and order. Either guesses where its words fit both texts.
    """

    kind: str
    twins: Interval
    decided: Interval
    nouns: float
    positions: float
    count: int


def matcher_score(matcher: ImageTextMatcher) -> Score:
    """Match probabilities of a matcher; a picture is encoded once for all its texts."""

    def score(image: Image.Image, texts: Sequence[str]) -> list[float]:
        tokens = matcher.encode_image(image)
        return [matcher.match(tokens, matcher.tokenize(text)).probability for text in texts]

    return score


def matching_table(score: Score, pairs: Iterable[MatchingPair], seed: int = 0) -> list[MatchingRow]:
    """A row for all pairs and one for each kind, in order of first appearance; 95 % intervals over pictures."""
    found = []
    for pair in pairs:
        true, false = (float(value) for value in score(pair.image, (pair.true, pair.false)))
        order = 0.5 if true == false else float(true > false)
        decided = ((true > CHANCE) + (false <= CHANCE)) / 2
        found.append((pair.kind, pair.id, order, decided, pair.told_by_nouns, pair.told_by_positions))
    rows = []
    for kind in ["all", *dict.fromkeys(each[0] for each in found)]:
        chosen = [each for each in found if kind in ("all", each[0])]
        pictures = [each[1] for each in chosen]
        rows.append(
            MatchingRow(
                kind,
                interval([each[2] for each in chosen], pictures, seed),
                interval([each[3] for each in chosen], pictures, seed),
                _prior([each[4] for each in chosen]),
                _prior([each[5] for each in chosen]),
                len(chosen),
            )
        )
    return rows


def _prior(told: list[bool]) -> float:
    """What a rule reaches that is right where it can tell and guesses elsewhere."""
    return float((1 + np.mean(told)) / 2) if told else float("nan")
