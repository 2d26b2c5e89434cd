"""Random choices that are the same on every machine and version: all come from one stream of uniform numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """Choices drawn from ``random.Random(seed).random()``, the one method whose stream Python promises to keep."""

    __slots__ = ("uniform",)

    def __init__(self, *seed: int) -> None:
        state = np.random.SeedSequence(list(seed)).generate_state(4, np.uint32)
        self.uniform = random.Random(int.from_bytes(state.tobytes(), "little")).random

    def below(self, count: int) -> int:
        """A whole number from 0 to ``count - 1``."""
        return int(self.uniform() * count)

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.uniform()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self.uniform() * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """One of the options with these weights."""
        point = self.uniform() * sum(weight for _, weight in options)
        for option, weight in options:
            point -= weight
            if point < 0:
                return option
        return options[-1][0]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in random order (Fisher-Yates)."""
        cards = list(options)
        for last in range(len(cards) - 1, 0, -1):
            other = int(self.uniform() * (last + 1))
            cards[last], cards[other] = cards[other], cards[last]
        return cards
