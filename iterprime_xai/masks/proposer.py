"""What proposes masks for a picture, whoever asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.records import Proposals


class Proposer(Protocol):
    """Proposes masks for an upright RGB picture; made by `iterprime_xai.masks.proposers.load_proposer`."""

    name: str
    """As it was asked for, such as "classical" or "sam:vit_h"."""

    def describe(self) -> dict[str, object]:
        """JSON values that decide which masks come out: method, checkpoint, settings. They are part of a cache's key."""
        ...

    def propose(self, image: Image.Image) -> Proposals:
        """The masks of one picture. Raises ``ProposalError`` when they cannot be made."""
        ...
