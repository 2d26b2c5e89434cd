"""What every system offers: a picture and phrases in, groundings out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from iterprime_xai.records import Grounding

Answer = Literal["always", "may_abstain", "set"]
"""One mask for every phrase; one or none; any number of them, none included."""


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
            answer: see :data:`Answer`.
        """
        ...
