"""What a model must offer so that the floors above can ask where it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from iterprime_xai.models.profiles import Profile
    from iterprime_xai.records import Span


@dataclass(frozen=True, eq=False)
class ImageTokens:
    """An encoded image: ``hidden`` is (1, prefix + rows * columns, width), ``grid`` (rows, columns) of the patches.

    ``kept`` holds what text has asked of it before, keys and values by layer (see :mod:`iterprime_xai.models.reading`).
    """

    hidden: torch.Tensor
    grid: tuple[int, int]
    prefix: int
    kept: dict[int, Kept] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, eq=False)
class Kept:
    """Keys and values of pictures that were read together, (pictures, heads, seen, head width) twice; ``place`` is one's own."""

    keys: torch.Tensor
    values: torch.Tensor
    place: int

    def own(self) -> tuple[torch.Tensor, torch.Tensor]:
        """This picture's, (1, heads, seen, head width) twice."""
        mine = slice(self.place, self.place + 1)
        return self.keys[mine], self.values[mine]


@dataclass(frozen=True, eq=False)
class TextTokens:
    """A tokenized text, special tokens included: ``ids`` is (1, tokens), on the CPU.

    ``offsets`` holds for each token its characters in ``text``, and ``None`` for special tokens.
    """

    text: str
    ids: torch.Tensor
    offsets: tuple[Span | None, ...]

    def __len__(self) -> int:
        return len(self.offsets)

    def positions(self, span: Span) -> tuple[int, ...]:
        """Positions of the tokens that share a character with ``span``; empty when the tokenizer dropped them all."""
        start, end = span
        return tuple(
            index
            for index, offset in enumerate(self.offsets)
            if offset is not None and offset[0] < end and start < offset[1]
        )


@dataclass(frozen=True, eq=False)
class Ask:
    """One question to a matcher: ``keep`` (bool, rows x columns) names the patches that the text may attend to; ``None``: all."""

    image: ImageTokens
    text: TextTokens
    keep: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Match:
    """How well an image matches a text, and what the cross-attention did on the way.

    ``logit`` is the match logit before the softmax, ``probability`` after it. ``attention`` and ``gradient`` map each layer
    asked for to float32 (heads, tokens, rows, columns): the cross-attention probabilities C and dlogit/dC, prefix tokens
    dropped, zero at patches that were not kept. ``scored`` is false where this attention is not what a softmax made of scores, as
    with query tokens: then there are no scores to differentiate by.
    """

    logit: float
    probability: float
    attention: dict[int, torch.Tensor]
    gradient: dict[int, torch.Tensor]
    scored: bool = True


class Answering(Protocol):
    """What refinement needs: something that answers asks, at once or in batches."""

    def match_all(self, asks: Sequence[Ask], *, layers: tuple[int, ...] = ()) -> Sequence[Match]:
        """What each ask finds, whatever else is asked: a list of :class:`Match`, or, where many are asked, all of them in one piece
        (:class:`~iterprime_xai.models.matches.Matches`)."""
        ...


class ImageTextMatcher(Answering, Protocol):
    """An image-text-matching model with cross-attention from text tokens to image patches."""

    profile: Profile

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the image patches."""
        ...

    @property
    def layers(self) -> tuple[int, ...]:
        """The text encoder's own 0-based indices of the layers that have cross-attention."""
        ...

    def encode_image(self, image: Image.Image) -> ImageTokens:
        """Run the image tower once."""
        ...

    def encode_images(self, images: Sequence[Image.Image]) -> list[ImageTokens]:
        """Run the image tower once for several images."""
        ...

    def tokenize(self, text: str) -> TextTokens:
        """Tokenize with character offsets. Raises ``PhraseError`` for text longer than the model's limit."""
        ...

    def match(
        self,
        image_tokens: ImageTokens,
        text_tokens: TextTokens,
        *,
        keep: np.ndarray | None = None,
        layers: tuple[int, ...] = (),
    ) -> Match:
        """Match one text with one image: :meth:`match_all` for a single :class:`Ask`."""
        ...

    def unknown_words(self, words: tuple[str, ...]) -> dict[str, str | None]:
        """The words that a closed-vocabulary model never saw, each with the nearest that it did; empty for open ones."""
        ...

    def describe(self) -> dict[str, object]:
        """JSON values that identify the model: name, sizes, device, dtype, start token."""
        ...


class GroundingMatcher(ImageTextMatcher, Protocol):
    """What ``Grounder(matcher).ground(image, text)`` asks of a matcher: with these members a class of one's own grounds.

    ``name`` is what traces call it, ``scored`` whether its attention is what a softmax made of scores (see :class:`Match`). Ways to
    look other than "gradcam" read more than this, such as the self-attention of the towers.
    """

    name: str
    scored: bool

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        ...

    def choose_layer(self, layer: int | None) -> tuple[int, str]:
        """The layer to read, ``None`` for the model's own choice, and a sentence on where the choice comes from.

        Raises ``LayerError`` for one that has no cross-attention.
        """
        ...
