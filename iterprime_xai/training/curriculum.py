"""What is learned first: words, then places, then everything that scenes say.

A relation says nothing to a model that knows neither of its words: given all kinds of statement from the start, matching stays at
chance for long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from iterprime_xai.data.scenes import Scene
    from iterprime_xai.data.scenes.statements import PhrasePair, StatementPair


@dataclass(frozen=True, slots=True)
class Grade:
    """Scenes of at most ``things`` things, and the ``kinds`` of statement about them (``None``: all)."""

    things: int
    kinds: tuple[str, ...] | None


WORDS = Grade(4, ("category", "attribute"))
PLACES = Grade(6, ("category", "attribute", "position", "comparison", "implicit"))
EVERYTHING = Grade(99, None)


def grade_of(chunk: int, words_until: int, places_until: int) -> Grade:
    """The grade of a chunk of scenes by its number: words below ``words_until``, places below ``places_until``, then all."""
    if chunk < words_until:
        return WORDS
    return PLACES if chunk < places_until else EVERYTHING


def graded_pairs(
    scene: Scene, rng: np.random.Generator, statements: int, phrases: int, grade: Grade
) -> tuple[list[StatementPair], list[PhrasePair]]:
    """Statement pairs and phrase pairs of a grade about a scene, each repeated up to the number asked for.

    Both empty for a scene of too many things, or one that proves too little.
    """
    from iterprime_xai.data.scenes.statements import phrase_pairs, statement_pairs

    if len(scene.things) > grade.things:
        return [], []
    told = statement_pairs(scene, rng, statements, grade.kinds)
    named = phrase_pairs(scene, rng, phrases, grade.kinds) if told else []
    if not named:
        return [], []
    return (
        [told[place % len(told)] for place in range(statements)],
        [named[place % len(named)] for place in range(phrases)],
    )
