"""What every way to look has in common: what it is asked of, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from iterprime_xai.records import OptionError

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.models import ImageTokens, TextTokens
    from iterprime_xai.models.reading_matcher import ReadingMatcher
    from iterprime_xai.records import Expression, Proposals, WordMap


@dataclass(frozen=True, eq=False)
class Subject:
    """A phrase about a picture, ready to be looked at.

    Attributes:
        picture: upright RGB.
        image: the picture, encoded.
        text: the text that is matched, tokenized; the expression starts at ``shift`` in it.
        expression: the phrase, taken apart.
        shift: characters of the text in front of the phrase.
        layer: the text layer to read, checked, for methods that read one.
        proposals: the picture's masks, where there are any before anybody looks.
    """

    picture: Image.Image
    image: ImageTokens
    text: TextTokens
    expression: Expression
    shift: int
    layer: int
    proposals: Proposals | None = None


@dataclass(frozen=True, eq=False)
class Saliency:
    """What a method found: ``heatmap`` float32 (rows, columns) on the native grid, magnitude and sign kept, the match ``logit`` and
    ``probability`` of the phrase, and a map for each word where the method has them."""

    heatmap: np.ndarray
    logit: float
    probability: float
    words: tuple[WordMap, ...] = ()


@runtime_checkable
class Method(Protocol):
    """One way to look. A method is a frozen dataclass whose fields are its options, each with a default.

    ``reads_layer``: whether it reads the one text layer that is asked for.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    cost: ClassVar[str]
    paper: ClassVar[str]
    reads_layer: ClassVar[bool]

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        """The map of one phrase. The model is left as it was, also after an exception."""
        ...


def on_patches(values: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """The mean of pixels (height, width) over each patch: float32 (rows, columns). Sides must be multiples of the grid's."""
    (rows, columns), (height, width) = grid, values.shape
    return (
        values.reshape(rows, height // rows, columns, width // columns)
        .mean((1, 3), dtype=np.float64)
        .astype(np.float32)
    )


def whole_number(name: str, value: Any, least: int = 1) -> None:
    """Raises ``OptionError`` for what is no whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{name} must be a whole number of at least {least}, but got {value!r}.")
