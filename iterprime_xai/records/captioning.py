"""Where a captioner looks for each word that it says."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from iterprime_xai.records import rendering
from iterprime_xai.records.grounding import WordMap


@dataclass(frozen=True, eq=False)
class CaptionWord(WordMap):
    """One word of a caption: its text, its character span, its map, and how probable it was.

    ``probability`` (0 to 1) is that of all its tokens given the words before and the picture; ``tokens`` are the pieces that the
    model reads the word as.
    """

    probability: float
    tokens: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CaptionMaps:
    """The result of ``ix.saliency.caption_maps(captioner, image)``. Immutable; draws itself.

    ``image`` is the upright RGB picture that was looked at, ``text`` the caption, ``words`` its words in order, each with a float32
    map on the model's native grid (rows, columns), magnitude kept and never below 0. ``layer`` is the decoder's own 0-based index
    of the layer that was read. ``generated`` is false where the caption was given. ``trace`` says what was decided on the way, as
    sentences; ``parameters`` records the model and every setting.
    """

    image: Image.Image
    text: str
    words: tuple[CaptionWord, ...]
    layer: int
    generated: bool
    trace: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", deepcopy(self.parameters))

    def show(self) -> Any:
        """The sheet of all words, as notebooks show it; in a terminal a sentence."""
        return rendering.caption_renderer().show(self)

    def to_png(self, path: str | Path) -> Path:
        """Draw the sheet of all words into a PNG file and return its path. Raises ``StorageError``."""
        return rendering.caption_renderer().to_png(self, path)

    def _repr_html_(self) -> str:
        return rendering.caption_renderer().to_fragment(self)

    def __repr__(self) -> str:
        rows, columns = self.words[0].heatmap.shape
        return f"CaptionMaps({self.text!r}, {len(self.words)} words, layer={self.layer}, grid={rows}x{columns})"
