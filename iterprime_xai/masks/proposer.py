"""What proposes masks for a picture, whoever asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from iterprime_xai.records import Proposals


@runtime_checkable
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


@runtime_checkable
class PromptedProposer(Proposer, Protocol):
    """Proposes masks where a heatmap is hot: it is asked after the refinement, once for each phrase; `propose` alone is refused."""

    def propose_at(self, image: Image.Image, heatmap: np.ndarray) -> Proposals:
        """The masks for one heatmap (rows, columns), on the model's own grid, of any magnitude.

        None for a blank heatmap. Raises ``ProposalError`` when they cannot be made.
        """
        ...
