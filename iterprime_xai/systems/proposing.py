"""A system's own proposer, made when it is first needed: a run that hands masks over never loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iterprime_xai.masks import classical_proposals
from iterprime_xai.records import OptionError

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.masks.proposer import Proposer
    from iterprime_xai.records import Proposals


class OwnProposer:
    """The proposer named in a system's settings, or one in memory, as a `masks.proposer.Proposer`."""

    def __init__(self, proposer: str | Proposer, device: Any = None) -> None:
        self.name = proposer if isinstance(proposer, str) else getattr(proposer, "name", type(proposer).__name__)
        self._device = device
        self._made: Proposer | None = None if isinstance(proposer, str) else proposer

    def describe(self) -> dict[str, Any]:
        """The name before it was needed, all of it afterwards."""
        return {"name": self.name}

    def propose(self, image: Image.Image) -> Proposals:
        if self._made is None:
            if self.name != "classical":
                raise OptionError(f"There is no proposer {self.name!r} here; the proposers: classical.")
            return classical_proposals(image)
        return self._made.propose(image)
