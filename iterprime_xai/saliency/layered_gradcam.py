"""Grad-CAM over cross-attention as one method among others: one look, at one layer or at several together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, get_args

import numpy as np

from iterprime_xai.records import OptionError
from iterprime_xai.records.heatmap import is_blank
from iterprime_xai.saliency.emphasis import Emphasis, check, fuse, token_roles
from iterprime_xai.saliency.gradcam import activation
from iterprime_xai.saliency.method import Saliency, Subject
from iterprime_xai.saliency.recipe import Slope
from iterprime_xai.saliency.refinement import slope
from iterprime_xai.saliency.words import word_maps

if TYPE_CHECKING:
    from iterprime_xai.models import Match
    from iterprime_xai.models.reading_matcher import ReadingMatcher


@dataclass(frozen=True, slots=True)
class GradCam:
    """max(0, gradient) * attention, the mean over heads and tokens; without refinement.

    ``layers``: the text layers to read, ``None`` for the one that is asked for. Of several each map is divided by its largest
    value, and their mean is taken: magnitudes of different layers have nothing to do with each other. ``gradient`` and ``emphasis``
    as in `Recipe`.
    """

    layers: tuple[int, ...] | None = None
    gradient: Slope = "scores"
    emphasis: Emphasis = "all_tokens"
    name: ClassVar[str] = "gradcam"
    title: ClassVar[str] = "Grad-CAM over cross-attention"
    cost: ClassVar[str] = "1 forward and 1 backward pass of the text side"
    paper: ClassVar[str] = "Selvaraju et al., ICCV 2017; on cross-attention: Li et al., NeurIPS 2021"
    reads_layer: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.layers is not None and not (isinstance(self.layers, tuple) and self.layers):
            raise OptionError(f"layers must be a tuple of layers such as (1, 2), or None, but got {self.layers!r}.")
        if self.gradient not in get_args(Slope):
            raise OptionError(f"gradient must be attention or scores, but got {self.gradient!r}.")
        check(self.emphasis, "all_tokens")

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        layers = (subject.layer,) if self.layers is None else self.layers
        match = matcher.match(subject.image, subject.text, layers=layers)
        found = [self._of_layer(match, layer, subject) for layer in layers]
        heatmap, tokens = found[0] if len(found) == 1 else map(combined, zip(*found, strict=True))
        words = word_maps(subject.expression, subject.text, tokens, subject.shift)
        return Saliency(heatmap, match.logit, match.probability, words)

    def _of_layer(self, match: Match, layer: int, subject: Subject) -> tuple[np.ndarray, np.ndarray]:
        """One layer's map, and those of its tokens."""
        attention, gradient = match.attention[layer], slope(match, layer, self.gradient)
        roles = token_roles(subject.expression, subject.text, subject.shift)
        heatmap = fuse(attention, gradient, roles, self.emphasis)
        return heatmap.cpu().numpy(), activation(attention, gradient).mean(0).cpu().numpy()


def combined(maps: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of several layers' maps, each divided by its own maximum first: float32.

    Without that the layer with the largest gradients would decide alone. A blank map counts as zeros: it has no maximum.
    """
    shares = [np.zeros(each.shape) if is_blank(each) else each.astype(np.float64) / float(each.max()) for each in maps]
    return np.mean(shares, axis=0).astype(np.float32)
