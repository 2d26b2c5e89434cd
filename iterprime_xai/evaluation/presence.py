"""Whether the match probability tells phrases of things that are there from phrases of things that are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count as count_up

import numpy as np
from PIL import Image

from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.render import render_image
from iterprime_xai.data.scenes.statements import PhrasePair, phrase_pairs
from iterprime_xai.data.scenes.vocabulary import SPLITS
from iterprime_xai.evaluation.auroc import auroc_interval
from iterprime_xai.evaluation.bootstrap import Interval, interval
from iterprime_xai.evaluation.matching import Score
from iterprime_xai.records.errors import OptionError

PER_SCENE = 3


@dataclass(frozen=True, eq=False)
class PhrasesOfPicture:
    """A picture, phrases that each mean one of its things, and for each a phrase of the same form that fits nothing."""

    id: str
    split: str
    image: Image.Image
    pairs: tuple[PhrasePair, ...]


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """One phrase about one picture: whether what it means is there, and the match probability."""

    image: str
    split: str
    kind: str
    text: str
    present: bool
    probability: float


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """One kind of phrase: area under the ROC curve, and what a threshold makes of it.

    ``auroc``: chance that a present phrase scores above an absent one. ``found`` is the share of present phrases at or above the
    threshold, ``refused`` that of absent ones below it; ``balanced`` the mean over phrases of both sides (as many of each).
    """

    kind: str
    auroc: Interval
    found: Interval
    refused: Interval
    balanced: Interval
    count: int


def phrases(split: str, count: int, seed: int = 0, *, size: int = 336) -> Iterator[PhrasesOfPicture]:
    """``count`` pairs of a present and an absent phrase, up to three a picture, the same for the same seed.

    Pictures are RGB, ``size`` x ``size``. Raises ``OptionError`` for an unknown split.
    """
    if split not in SPLITS:
        raise OptionError(f"A split of the scenes is one of {', '.join(SPLITS)}, but got {split!r}.")
    given = 0
    for index in count_up():
        if given >= count:
            return
        scene = generate(seed, index, split)
        draw = int(Dice(seed, SPLITS.index(split), index, 3).uniform() * 2**53)
        found = phrase_pairs(scene, np.random.default_rng(draw), min(PER_SCENE, count - given))
        if found:
            given += len(found)
            yield PhrasesOfPicture(scene.name, split, Image.fromarray(render_image(scene, size)), tuple(found))


def score_phrases(score: Score, picture: PhrasesOfPicture) -> list[PhraseRow]:
    """Every phrase of a picture, scored."""
    texts = [text for pair in picture.pairs for text in (pair.true, pair.false)]
    kinds = [pair.kind for pair in picture.pairs for _ in range(2)]
    return [
        PhraseRow(picture.id, picture.split, kind, text, place % 2 == 0, float(probability))
        for place, (kind, text, probability) in enumerate(zip(kinds, texts, score(picture.image, texts), strict=True))
    ]


def presence_rows(found: Sequence[PhraseRow], threshold: float, seed: int = 0) -> list[PresenceRow]:
    """A row for all phrases and one for each kind, in order of first appearance; 95 % intervals over pictures."""
    rows = []
    for kind in ["all", *dict.fromkeys(each.kind for each in found)]:
        chosen = [each for each in found if kind in ("all", each.kind)]
        pictures = [each.image for each in chosen]
        right = [float((each.probability >= threshold) == each.present) for each in chosen]
        sides = {side: [place for place, each in enumerate(chosen) if each.present is side] for side in (True, False)}
        found_share, refused = (
            interval([right[place] for place in places], [pictures[place] for place in places], seed)
            for places in (sides[True], sides[False])
        )
        rows.append(
            PresenceRow(
                kind,
                auroc_interval(
                    [each.probability for each in chosen], [each.present for each in chosen], pictures, seed
                ),
                found_share,
                refused,
                interval(right, pictures, seed),
                len(chosen),
            )
        )
    return rows
