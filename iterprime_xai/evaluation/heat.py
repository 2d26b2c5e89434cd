"""Whether the heat lies on the thing that is meant: share of heat in its mask, and whether the peak falls on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from iterprime_xai.data.images import read_image
from iterprime_xai.evaluation.bootstrap import Interval, interval
from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.heatmap import is_blank, peak, resize
from iterprime_xai.records.sample import Sample

Heatmap = Callable[[Image.Image, str], np.ndarray]
"""(picture, expression) -> float32 heatmap on the model's native grid."""


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One kind of expression: mean share of ``heat`` in the object and share of ``peak`` on it, each beside what blind rules
    reach: ``area`` is the object's mean share of the picture (a flat heatmap's share of heat), ``guess`` the mean of one over
    the number of annotated things (the peak of a rule that picks any of them). ``blank`` counts maps without evidence, which
    have no peak: flat, nowhere positive, or not finite.
    """

    kind: str
    heat: Interval
    peak: Interval
    area: float
    guess: float
    blank: int
    count: int


def heat_in_object(heatmap: np.ndarray, mask: np.ndarray) -> float:
    """Share of the positive heat that lies in ``mask`` (bool, height x width), after resizing the map to it; 0 for no heat."""
    if mask.dtype != np.bool_ or mask.ndim != 2:
        raise OptionError(f"mask must be bool (height, width), but is {mask.dtype} of shape {mask.shape}.")
    heat = np.clip(resize(heatmap, (mask.shape[0], mask.shape[1])).astype(np.float64), 0, None)
    total = float(heat.sum())
    return float(heat[mask].sum()) / total if total > 0 else 0.0


def peak_in_object(heatmap: np.ndarray, mask: np.ndarray) -> bool:
    """Whether the centre of the hottest patch lies in ``mask``; a blank map has no peak, which is a miss."""
    point = peak(heatmap, (mask.shape[0], mask.shape[1]))
    return point is not None and bool(mask[point[1], point[0]])


def heat_table(heatmap: Heatmap, samples: Iterable[Sample], seed: int = 0) -> list[HeatRow]:
    """A row for all samples and one for each kind of expression, in order of first appearance.

    Samples without a gold mask are refused with ``OptionError``: there is nothing to measure them by.
    """
    found: list[tuple[str, str, float, bool, float, float, bool]] = []
    for sample in samples:
        if sample.mask is None:
            raise OptionError(f"Sample {sample.id} has no gold mask; heat-in-object needs one for every sample.")
        grid = heatmap(read_image(sample.image).image, sample.text)
        found.append(
            (
                sample.tags.get("kind", ""),
                sample.tags.get("image_id", sample.id),
                heat_in_object(grid, sample.mask),
                peak_in_object(grid, sample.mask),
                float(sample.mask.mean()),
                1 / (1 + len(sample.others)),
                is_blank(grid),
            )
        )
    rows = []
    for kind in ["all", *dict.fromkeys(each[0] for each in found)]:
        chosen = [each for each in found if kind in ("all", each[0])]
        pictures = [each[1] for each in chosen]
        rows.append(
            HeatRow(
                kind,
                interval([each[2] for each in chosen], pictures, seed),
                interval([float(each[3]) for each in chosen], pictures, seed),
                float(np.mean([each[4] for each in chosen])) if chosen else float("nan"),
                float(np.mean([each[5] for each in chosen])) if chosen else float("nan"),
                sum(each[6] for each in chosen),
                len(chosen),
            )
        )
    return rows
