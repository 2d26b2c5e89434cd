"""Figures that papers give, each with its metric and where it was read; measured figures stand beside them, never mixed.

Only figures on data sets that can be read here are listed. Where two papers give different figures for one result, both stand
here, and the note names the conflict. IteRPrimE's own tables could not be read, so none of its figures is quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure: percent, of one metric (a name of `metrics.METRICS`), on one split of one data set."""

    system: str
    metric: str
    data: str
    split: str
    value: float
    source: str
    note: str = ""


_SPLITS = {
    "refcoco": ("val", "testA", "testB"),
    "refcoco+": ("val", "testA", "testB"),
    "refcocog": ("val", "test"),
}
SPLIT_BY = {"refcoco": "unc", "refcoco+": "unc", "refcocog": "umd"}
"""Whose splits the figures are about."""


def _rows(system: str, metric: str, source: str, note: str = "", **values: tuple[float, ...]) -> list[Published]:
    """``refcoco``, ``plus`` and ``refcocog`` with a value a split."""
    return [
        Published(system, metric, data, split, value, source, note)
        for name, found in values.items()
        for data in [{"plus": "refcoco+"}.get(name, name)]
        for split, value in zip(_SPLITS[data], found, strict=True)
    ]


_LATER = "as given in later papers' tables"
_GLOBAL_LOCAL = "Yu, Seo and Son, CVPR 2023, " + _LATER
_TAS = "Suo, Zhu and Yang, 2023"

PUBLISHED: tuple[Published, ...] = (
    *_rows(
        "Global-Local CLIP (ViT-B/32, FreeSOLO)", "oiou", _GLOBAL_LOCAL,
        refcoco=(24.9, 23.6, 24.7), plus=(26.2, 24.9, 25.8), refcocog=(31.1, 31.0),
    ),
    *_rows(
        "Global-Local CLIP (ViT-B/32, FreeSOLO)", "miou", _GLOBAL_LOCAL,
        refcoco=(26.20, 24.94, 26.56), plus=(27.80, 25.64, 27.84), refcocog=(33.52, 33.67),
    ),
    *_rows("TAS (SAM ViT-H)", "oiou", _TAS, refcoco=(29.5, 30.3, 28.2), plus=(33.2, 38.8, 28.0)),
    Published("TAS (SAM ViT-H)", "oiou", "refcocog", "val", 48.7, _TAS, "conflict: a later paper's table has 35.8"),
    Published("TAS (SAM ViT-H)", "oiou", "refcocog", "test", 36.2, _TAS, "a later paper's table has the same"),
    Published(
        "TAS (SAM ViT-H)", "oiou", "refcocog", "val", 35.8, f"{_TAS}, as given in a later paper's table",
        "conflict: 48.7 elsewhere; and 39.9 is given for a split named 'RefCOCO UMD val', which RefCOCO does not have",
    ),
    *_rows(
        "Ref-Diff", "oiou", "Ni et al., 2023",
        refcoco=(35.2, 37.4, 34.5), plus=(35.6, 38.7, 31.4), refcocog=(38.6, 37.5),
    ),
    *_rows(
        "HybridGL", "miou", "Liu and Li, CVPR 2025",
        refcoco=(49.48, 53.37, 45.19), plus=(43.40, 49.13, 37.17), refcocog=(51.25, 51.59),
    ),
    *_rows(
        "CaR", "miou", "Sun et al., CVPR 2024",
        refcoco=(33.57, 35.36, 30.51), plus=(34.22, 36.03, 31.02), refcocog=(36.67, 36.57),
    ),
    *_rows(
        "Localization heads (LLaVA-1.5-13B)", "oiou", "Kang et al., CVPR 2025",
        "the paper calls it cIoU: sum of intersections over sum of unions",
        refcoco=(76.1, 78.9, 72.8), plus=(64.1, 67.1, 57.3), refcocog=(67.7, 69.0),
    ),
)  # fmt: skip


def published_for(data: Mapping[str, Any]) -> list[Published]:
    """The figures on the very data set and split that a run's manifest describes; none for a part of it (``limit``)."""
    name = data.get("data")
    if name not in SPLIT_BY or data.get("split_by") != SPLIT_BY[name] or data.get("limit") is not None:
        return []
    return [each for each in PUBLISHED if (each.data, each.split) == (name, data.get("split"))]
