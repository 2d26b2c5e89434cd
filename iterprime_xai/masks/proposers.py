"""From a name to what proposes masks: "classical", "none" (more follow)."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from iterprime_xai.masks.classical import LIMIT, classical_proposals
from iterprime_xai.records import OptionError, Proposals

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.masks.proposer import Proposer

_NAMES = ("classical", "none")


def proposer_names() -> tuple[str, ...]:
    """The names that `load_proposer` takes; capitals stand for what the user fills in."""
    return _NAMES


@dataclass(frozen=True)
class Classical:
    """Regions without a model, see `classical_proposals`."""

    limit: int = LIMIT
    name: str = "classical"

    def describe(self) -> dict[str, object]:
        return {"proposer": "classical", "version": 1, "limit": self.limit}

    def propose(self, image: Image.Image) -> Proposals:
        return classical_proposals(image, limit=self.limit)


@dataclass(frozen=True)
class Nothing:
    """No masks at all: for systems that answer with a heatmap only."""

    name: str = "none"

    def describe(self) -> dict[str, object]:
        return {"proposer": "none"}

    def propose(self, image: Image.Image) -> Proposals:
        return Proposals(np.zeros((0, image.height, image.width), bool), np.zeros(0, np.float32), "none")


def load_proposer(
    name: str, *, checkpoint: str | Path | None = None, device: Any = None, cache: Path | None = None, **settings: Any
) -> Proposer:
    """The proposer of this name.

    Raises ``OptionError`` for an unknown name or setting, with the nearest right one.
    """
    if name == "classical":
        return Classical(**settings)
    if name == "none":
        return Nothing()
    _unknown(name)


def _unknown(name: str) -> NoReturn:
    near = difflib.get_close_matches(str(name), _NAMES, 1, 0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise OptionError(f"A proposer is one of {', '.join(_NAMES)}, but got {name!r}.{hint}")
