"""What one grounding found: every pass, the heatmap, the proposals, the mask, and how it came about."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.records import rendering, storage
from iterprime_xai.records.expression import Expression, Span
from iterprime_xai.records.frozen import freeze
from iterprime_xai.records.heatmap import resize
from iterprime_xai.records.proposals import Proposals, Selection


@dataclass(frozen=True, eq=False)
class WordMap:
    """Where the model looks for one word: float32 heatmap on the native grid, magnitude kept."""

    text: str
    span: Span
    heatmap: np.ndarray

    def __post_init__(self) -> None:
        freeze(self, "heatmap")


@dataclass(frozen=True, eq=False)
class Pass:
    """One look at the picture.

    ``heatmap`` is this pass's own map (float32, native grid), ``blended`` what the refinement holds after it;
    ``keep`` (bool, native grid) the patches it was allowed to see; ``logit`` and ``probability`` the match under that
    mask; ``words`` its per-word maps. ``accepted`` is false for a pass that was looked at but left out of the final map.
    ``stopped`` says why no further pass followed, and is ``None`` where one did.
    """

    heatmap: np.ndarray
    blended: np.ndarray
    keep: np.ndarray
    logit: float
    probability: float
    words: tuple[WordMap, ...] = ()
    accepted: bool = True
    stopped: str | None = None

    def __post_init__(self) -> None:
        freeze(self, "heatmap", "blended", "keep")


@dataclass(frozen=True, eq=False)
class Grounding:
    """The result of ``grounder.ground(image, text)``. Immutable; draws, saves and loads itself.

    Its arrays and those of its passes and proposals are read-only (``.copy()`` gives one to write in), and its parameters
    are a copy of those that were given.

    ``image`` is the upright RGB picture that was looked at. ``heatmap`` is the final map: float32 on the model's
    native grid (rows, columns), magnitude kept, never min-maxed. ``box`` is (left, top, right, bottom) in pixels of ``image``,
    right and bottom exclusive, around the mask (or around the hottest region without one); ``point`` is the (x, y) pixel of
    the heatmap's peak, ``None`` for a blank map. ``mask`` is bool (height, width) or ``None``. ``trace`` lists what was decided
    on the way, in order, as sentences. ``parameters`` records model, method and every setting that was used.
    """

    image: Image.Image
    expression: Expression
    heatmap: np.ndarray
    passes: tuple[Pass, ...]
    box: tuple[int, int, int, int] | None
    point: tuple[int, int] | None
    proposals: Proposals | None = None
    selection: Selection | None = None
    mask: np.ndarray | None = None
    trace: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze(self, "heatmap", "mask")
        object.__setattr__(self, "parameters", deepcopy(self.parameters))

    @property
    def words(self) -> tuple[WordMap, ...]:
        """Per-word heatmaps of the final accepted pass."""
        accepted = [each for each in self.passes if each.accepted]
        return (accepted or list(self.passes))[-1].words

    @property
    def probability(self) -> float:
        """Match probability of the first, unmasked pass."""
        return self.passes[0].probability

    def heatmap_at(self, size: tuple[int, int]) -> np.ndarray:
        """The final heatmap resized to ``(height, width)``, float32, magnitude kept."""
        return resize(self.heatmap, size)

    def save(self, path: str | Path) -> Path:
        """Write everything to one file (a zip of JSON, arrays and a PNG; no pickle) and return its path."""
        return storage.save(self, path)

    @staticmethod
    def load(path: str | Path) -> Grounding:
        """Read what :meth:`save` wrote. Raises ``StorageError`` for anything else."""
        return storage.load(path)

    def show(self) -> Any:
        """A small live widget in Jupyter; elsewhere the static figure."""
        return rendering.renderer().show(self)

    def to_png(self, path: str | Path) -> Path:
        """Draw the static figure into a PNG file and return its path."""
        return rendering.renderer().to_png(self, path)

    def to_html(self) -> str:
        """A self-contained HTML page: the figure embedded, no network, text escaped."""
        return rendering.renderer().to_html(self)

    def _repr_html_(self) -> str:
        return rendering.renderer().to_fragment(self)

    def __repr__(self) -> str:
        area = "none" if self.mask is None else f"{int(self.mask.sum())} px"
        return (
            f"Grounding({self.expression.text!r}, primary={self.expression.primary_word!r}, "
            f"probability={self.probability:.3f}, passes={len(self.passes)}, mask={area})"
        )
