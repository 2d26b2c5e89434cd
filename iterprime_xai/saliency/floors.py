"""Floors: maps that never ask the model where it looks. A method that does not beat them says nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from iterprime_xai.records import OptionError
from iterprime_xai.saliency.method import Saliency, Subject, whole_number

if TYPE_CHECKING:
    from iterprime_xai.models.reading_matcher import ReadingMatcher

FLOOR = "no paper: a floor"


class _Floor:
    """What the floors share: the match is asked for the record, the map is made without it."""

    cost: ClassVar[str] = "none (the match itself is asked once)"
    paper: ClassVar[str] = FLOOR
    reads_layer: ClassVar[bool] = False

    def map(self, grid: tuple[int, int], subject: Subject) -> np.ndarray:
        raise NotImplementedError

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        match = matcher.match(subject.image, subject.text)
        return Saliency(self.map(matcher.grid, subject).astype(np.float32), match.logit, match.probability)


@dataclass(frozen=True)
class Uniform(_Floor):
    """The same everywhere: a blank map, without a peak."""

    name: ClassVar[str] = "uniform"
    title: ClassVar[str] = "uniform map"

    def map(self, grid: tuple[int, int], subject: Subject) -> np.ndarray:
        return np.ones(grid)


@dataclass(frozen=True)
class Centre(_Floor):
    """A Gaussian around the middle of the picture, its deviation ``width`` times each side."""

    width: float = 0.25
    name: ClassVar[str] = "centre"
    title: ClassVar[str] = "Gaussian at the centre"

    def __post_init__(self) -> None:
        if not (isinstance(self.width, int | float) and 0 < self.width < float("inf")):
            raise OptionError(f"width must be a number above 0, but got {self.width!r}.")

    def map(self, grid: tuple[int, int], subject: Subject) -> np.ndarray:
        rows, columns = ((np.arange(count) + 0.5) / count - 0.5 for count in grid)
        return np.exp(-(rows[:, None] ** 2 + columns**2) / (2 * self.width**2))


@dataclass(frozen=True)
class Random(_Floor):
    """Independent uniform numbers, the same for the same picture, phrase and ``seed``."""

    seed: int = 0
    name: ClassVar[str] = "random"
    title: ClassVar[str] = "random map"

    def __post_init__(self) -> None:
        whole_number("seed", self.seed, least=0)

    def map(self, grid: tuple[int, int], subject: Subject) -> np.ndarray:
        digest = hashlib.sha256(subject.picture.tobytes())
        digest.update(f"{self.seed} {subject.text.text}".encode())
        return np.random.default_rng(int.from_bytes(digest.digest()[:8], "big")).random(grid)


@dataclass(frozen=True)
class Edges(_Floor):
    """How much the picture's grey changes in each patch (Sobel). It knows the picture and neither the phrase nor the model."""

    name: ClassVar[str] = "edges"
    title: ClassVar[str] = "edge detector"

    def map(self, grid: tuple[int, int], subject: Subject) -> np.ndarray:
        from skimage.filters import sobel

        edges = sobel(np.asarray(subject.picture.convert("L"), np.float64) / 255)
        height, width = edges.shape
        found = np.zeros(grid)
        for row in range(grid[0]):
            for column in range(grid[1]):
                top, left = row * height // grid[0], column * width // grid[1]
                bottom, right = -(-(row + 1) * height // grid[0]), -(-(column + 1) * width // grid[1])
                found[row, column] = edges[top:bottom, left:right].mean()
        return found
