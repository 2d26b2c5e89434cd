"""Whether the heat lies on the thing that is meant: share of heat in its mask, and whether the peak falls on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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


def gold_mask(sample: Sample) -> np.ndarray:
    """The sample's gold mask. Raises ``OptionError`` for a sample without one."""
    if sample.mask is None:
        raise OptionError(f"Sample {sample.id} has no gold mask; heat-in-object needs one for every sample.")
    return sample.mask


@dataclass(frozen=True, slots=True)
class HeatFound:
    """One heatmap measured against the gold mask of its sample; the fields are those of `HeatRow`, for one expression."""

    kind: str
    picture: str
    heat: float
    peak: bool
    area: float
    guess: float
    blank: bool


def heat_found(heatmap: np.ndarray, sample: Sample, picture: str | None = None) -> HeatFound:
    """Measure a heatmap of a sample; ``picture`` names its picture (``None``: as its tags do).

    Raises ``OptionError`` for a sample without a gold mask.
    """
    mask = gold_mask(sample)
    return HeatFound(
        sample.tags.get("kind", ""),
        sample.tags.get("image_id", sample.id) if picture is None else picture,
        heat_in_object(heatmap, mask),
        peak_in_object(heatmap, mask),
        float(mask.mean()),
        1 / (1 + len(sample.others)),
        is_blank(heatmap),
    )


def heat_rows(found: Sequence[HeatFound], seed: int = 0) -> list[HeatRow]:
    """A row for all that was found and one for each kind of expression, in order of first appearance."""
    rows = []
    for kind in ["all", *dict.fromkeys(each.kind for each in found)]:
        chosen = [each for each in found if kind in ("all", each.kind)]
        pictures = [each.picture for each in chosen]
        rows.append(
            HeatRow(
                kind,
                interval([each.heat for each in chosen], pictures, seed),
                interval([float(each.peak) for each in chosen], pictures, seed),
                float(np.mean([each.area for each in chosen])) if chosen else float("nan"),
                float(np.mean([each.guess for each in chosen])) if chosen else float("nan"),
                sum(each.blank for each in chosen),
                len(chosen),
            )
        )
    return rows


def heat_table(heatmap: Heatmap, samples: Iterable[Sample], seed: int = 0) -> list[HeatRow]:
    """A row for all samples and one for each kind of expression, in order of first appearance.

    Samples without a gold mask are refused with ``OptionError``: there is nothing to measure them by.
    """
    found = []
    for sample in samples:
        gold_mask(sample)  # refused before the model is asked
        found.append(heat_found(heatmap(read_image(sample.image).image, sample.text), sample))
    return heat_rows(found, seed)
