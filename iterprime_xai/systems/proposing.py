"""A system's own proposer, made when it is first needed: a run that hands masks over never loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iterprime_xai.masks.proposers import load_proposer
from iterprime_xai.records import OptionError

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.masks.proposer import Proposer
    from iterprime_xai.records import Proposals
    from iterprime_xai.systems.settings import Settings

FREESOLO = "freesolo"
"""Names the masks that Global-Local CLIP's paper took, so that a preset can refuse them by name."""


class OwnProposer:
    """The proposer named in a system's settings, or one in memory, as a `masks.proposer.Proposer`."""

    def __init__(self, proposer: str | Proposer, device: Any = None, checkpoint: str | None = None) -> None:
        self.name = proposer if isinstance(proposer, str) else getattr(proposer, "name", type(proposer).__name__)
        self._device, self._checkpoint = device, checkpoint
        self._given: Proposer | None = None if isinstance(proposer, str) else proposer
        self._made = self._given

    def describe(self) -> dict[str, Any]:
        """What it says of itself where it is in memory, else the name: it is not loaded to be described."""
        return {"name": self.name} if self._given is None else dict(self._given.describe())

    def made(self) -> Proposer:
        """The proposer itself, loaded on the first call. Raises what `load_proposer` raises."""
        if self._made is None:
            if self.name == FREESOLO:
                raise OptionError(
                    "The paper took its masks from FreeSOLO, which is not among the proposers: hand them over with proposals=, "
                    'or name another with proposer=... (the preset "paper-offline" takes classical ones and says so).'
                )
            self._made = load_proposer(self.name, device=self._device, checkpoint=self._checkpoint)
        return self._made

    def propose(self, image: Image.Image) -> Proposals:
        """The masks of one picture."""
        return self.made().propose(image)

    @classmethod
    def of(cls, settings: Settings) -> OwnProposer:
        """The one that a system's settings name."""
        values = settings.values
        return cls(values["proposer"], values.get("device"), values["proposer_checkpoint"])
