"""What every system offers: a picture and phrases in, groundings out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from iterprime_xai.records import OptionError
from iterprime_xai.records.proposals import Answer

if TYPE_CHECKING:
    from iterprime_xai.records import Grounding


def check_texts(texts: Any, single: str) -> None:
    """Raises ``OptionError`` for what is no list of phrases; ``single`` is the call for one phrase."""
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        came = "one string" if isinstance(texts, str) else type(texts).__name__
        raise OptionError(f"texts must be a list of phrases, but got {came}; use {single}(image, text) for one phrase.")


class ZeroShotSegmenter(Protocol):
    """A whole system, from a picture and a phrase to a mask; made by `iterprime_xai.systems.registry.load_system`."""

    name: str
    """As it was asked for, such as "iterprime" or "tas"."""

    def describe(self) -> dict[str, Any]:
        """JSON values that decide its answers: models, proposer, every setting, and what stands in for what is not installed.

        They are part of a run's key.
        """
        ...

    def segment(self, image: Any, text: str, *, proposals: Any = None, answer: Answer = "always") -> Grounding:
        """:meth:`segment_many` for one phrase."""
        ...

    def segment_many(
        self, image: Any, texts: Sequence[str], *, proposals: Any = None, answer: Answer = "always"
    ) -> list[Grounding]:
        """Ground several phrases in one picture, which is read, encoded and cut into proposals once.

        Args:
            image: a path, PIL image or uint8 array.
            texts: referring expressions.
            proposals: masks to choose from; ``None`` asks the system's own proposer.
            answer: see `records.proposals.Answer`.
        """
        ...
