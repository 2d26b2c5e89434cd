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


LOOKED_UP = ("noun", "colour", "size")
"""Changes that a look at the things tells, wherever they stand."""


@dataclass(frozen=True, slots=True)
class PairRow:
    """A true text and its false twin about one picture, with the match probability of each.

    ``changed`` is what the twin differs in. ``hard``: every noun of the twin is in the picture and the change is one of place,
    relation, order, comparison or role, so that only where things stand, or how they compare, tells. The others are plain: the
    twin names a thing that is not there, or another noun, colour or size.
    """

    image: str
    split: str
    kind: str
    changed: str
    hard: bool
    told_by_nouns: bool
    told_by_positions: bool
    true: str
    false: str
    true_probability: float
    false_probability: float

    @property
    def order(self) -> float:
        """1 where the true text scores higher, 0.5 for a tie."""
        if self.true_probability == self.false_probability:
            return 0.5
        return float(self.true_probability > self.false_probability)

    @property
    def decided(self) -> float:
        """Share of the two texts on the right side of 0.5."""
        return ((self.true_probability > CHANCE) + (self.false_probability <= CHANCE)) / 2


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

    from iterprime_xai.models import Ask

    def score(image: Image.Image, texts: Sequence[str]) -> list[float]:
        tokens = matcher.encode_image(image)
        return [
            match.probability for match in matcher.match_all([Ask(tokens, matcher.tokenize(text)) for text in texts])
        ]

    return score


def is_hard(pair: MatchingPair) -> bool:
    """Whether a twin cannot be told by looking at nouns, colours and sizes, see `PairRow`."""
    return not pair.told_by_nouns and pair.changed.split()[-1] not in LOOKED_UP


def score_pair(score: Score, pair: MatchingPair, split: str = "") -> PairRow:
    """The two texts of a pair, scored."""
    true, false = (float(value) for value in score(pair.image, (pair.true, pair.false)))
    return PairRow(
        image=pair.id,
        split=split,
        kind=pair.kind,
        changed=pair.changed,
        hard=is_hard(pair),
        told_by_nouns=pair.told_by_nouns,
        told_by_positions=pair.told_by_positions,
        true=pair.true,
        false=pair.false,
        true_probability=true,
        false_probability=false,
    )


def matching_table(score: Score, pairs: Iterable[MatchingPair], seed: int = 0) -> list[MatchingRow]:
    """A row for all pairs and one for each kind, in order of first appearance; 95 % intervals over pictures."""
    return matching_rows([score_pair(score, pair) for pair in pairs], seed)


def matching_rows(found: Sequence[PairRow], seed: int = 0) -> list[MatchingRow]:
    """:func:`matching_table` of pairs that are scored already."""
    rows = []
    for kind in ["all", *dict.fromkeys(each.kind for each in found)]:
        chosen = [each for each in found if kind in ("all", each.kind)]
        pictures = [each.image for each in chosen]
        rows.append(
            MatchingRow(
                kind,
                interval([each.order for each in chosen], pictures, seed),
                interval([each.decided for each in chosen], pictures, seed),
                _prior([each.told_by_nouns for each in chosen]),
                _prior([each.told_by_positions for each in chosen]),
                len(chosen),
            )
        )
    return rows


def _prior(told: list[bool]) -> float:
    """What a rule reaches that is right where it can tell and guesses elsewhere."""
    return float((1 + np.mean(told)) / 2) if told else float("nan")
