"""Which heads point: over some phrases, how often each head of each layer peaks on the thing that is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.frozen import freeze
from iterprime_xai.saliency.atlas import atlas

if TYPE_CHECKING:
    from iterprime_xai.models import ImageTextMatcher
    from iterprime_xai.records.sample import Sample
    from iterprime_xai.saliency.recipe import Slope


@dataclass(frozen=True, eq=False)
class HeadTable:
    """How many of ``count`` phrases each head points at, int64 (layers, heads): by its Grad-CAM, and by its attention alone.

    ``layers`` are the text encoder's own 0-based indices, ``area`` is the mean share of the picture that is meant: what a random
    point would hit.
    """

    layers: tuple[int, ...]
    gradcam: np.ndarray
    attention: np.ndarray
    count: int
    area: float

    def __post_init__(self) -> None:
        freeze(self, "gradcam", "attention")

    @property
    def best(self) -> tuple[int, int]:
        """The layer and head whose Grad-CAM points most often; the first of equals."""
        row, head = np.unravel_index(int(self.gradcam.argmax()), self.gradcam.shape)
        return self.layers[int(row)], int(head)


def head_pointing(matcher: ImageTextMatcher, samples: Sequence[Sample], gradient: Slope = "scores") -> HeadTable:
    """Look at every phrase once and ask of each head whether its peak lies in the gold mask; every token is read.

    Phrases without a gold mask, or that mean nothing, are passed over. Raises ``OptionError`` where none is left.
    """
    meant = [(each, each.mask) for each in samples if each.mask is not None and each.mask.any()]
    if not meant:
        raise OptionError("No sample has a gold mask, without which nobody knows where a head should point.")
    looks = [atlas(matcher, each.image, each.text, mask=mask, gradient=gradient) for each, mask in meant]
    heat = np.array([each.points for each in looks]).sum(0, dtype=np.int64)
    attention = np.array([each.attention_points for each in looks]).sum(0, dtype=np.int64)
    area = float(np.mean([mask.mean() for _, mask in meant]))
    return HeadTable(looks[0].layers, heat, attention, len(looks), area)
