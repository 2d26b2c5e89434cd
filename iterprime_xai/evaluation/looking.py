"""What each way to look finds for each expression about one picture, as rows to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from iterprime_xai.data.images import read_image
from iterprime_xai.evaluation.choosing import Chooser
from iterprime_xai.evaluation.heat import heat_in_object, peak_in_object
from iterprime_xai.evaluation.sharing import SharedMatcher
from iterprime_xai.evaluation.ways import Way
from iterprime_xai.language import parse
from iterprime_xai.masks import classical_proposals, gold_proposals
from iterprime_xai.models import ImageTextMatcher, ImageTokens
from iterprime_xai.records import Expression, Pass
from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.heatmap import is_blank, peak
from iterprime_xai.records.overlap import iou
from iterprime_xai.records.sample import Sample
from iterprime_xai.saliency import look_at, refine_all


@dataclass(frozen=True, slots=True)
class LookRow:
    """One expression looked at in one way.

    ``peak``: the hottest patch lies on the object. ``heat``: share of the heat in its mask. ``gold``: the rule of the recipe
    chooses the object among the annotated things. ``iou``: overlap of the object with the chosen classical proposal, and
    ``best_iou`` that of the proposal that fits best, which no choice can exceed; ``None`` where none were asked for. A blank map
    has no peak and chooses nothing: a miss in all of them. ``landed`` says where the peak fell: "target", the name of another
    thing, "background" or "blank". ``area`` is the object's share of the picture, ``things`` the number of annotated things. The
    ``pass_`` fields have one value a pass: peak and heat of its own map, its match probability, and whether it was taken into
    the final map.
    """

    sample: str
    image: str
    split: str
    kind: str
    text: str
    way: str
    layer: int
    peak: float
    heat: float
    gold: float
    iou: float | None
    best_iou: float | None
    landed: str
    area: float
    things: int
    pass_peak: tuple[float, ...]
    pass_heat: tuple[float, ...]
    pass_probability: tuple[float, ...]
    pass_taken: tuple[bool, ...]
    stopped: str


def by_picture(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """The samples of each picture together; those of one picture must follow each other."""
    for _, found in groupby(samples, key=_image_id):
        yield list(found)


def look(
    matcher: ImageTextMatcher, samples: Sequence[Sample], ways: Sequence[Way], *, classical: bool = True
) -> list[LookRow]:
    """Rows of one picture's samples, for each sample every way in order.

    The picture is encoded and cut into classical proposals once, and looks that several ways begin with are made once.
    Raises ``OptionError`` for a sample without a gold mask.
    """
    for sample in samples:
        if sample.mask is None:
            raise OptionError(f"Sample {sample.id} has no gold mask; the quality of a look needs one for every sample.")
    if not samples:
        return []
    shared = SharedMatcher(matcher, tuple(dict.fromkeys(way.layer for way in ways)))
    picture = read_image(samples[0].image).image
    tokens = shared.encode_image(picture)
    regions = Chooser(classical_proposals(picture)) if classical else None
    expressions = [parse(sample.text) for sample in samples]
    looked = {way.name: _passes(shared, tokens, expressions, way) for way in ways}
    rows = []
    for place, sample in enumerate(samples):
        mask = sample.mask
        assert mask is not None
        gold, measured = Chooser(gold_proposals(sample)), _Measured(mask)
        best = None if regions is None else regions.best_iou(mask)
        for way in ways:
            passes = looked[way.name][place]
            heatmap, rule = passes[-1].blended, way.recipe.selection
            rows.append(
                LookRow(
                    sample=sample.id,
                    image=_image_id(sample),
                    split=sample.tags.get("split", ""),
                    kind=sample.tags.get("kind", ""),
                    text=sample.text,
                    way=way.name,
                    layer=way.layer,
                    peak=measured.peak(heatmap),
                    heat=measured.heat(heatmap),
                    gold=float(_is_same(_chosen(gold, heatmap, rule), mask)),
                    iou=None if regions is None else iou(_chosen(regions, heatmap, rule), mask),
                    best_iou=best,
                    landed=_landed(heatmap, sample),
                    area=float(mask.mean()),
                    things=1 + len(sample.others),
                    pass_peak=tuple(measured.peak(each.heatmap) for each in passes),
                    pass_heat=tuple(measured.heat(each.heatmap) for each in passes),
                    pass_probability=tuple(each.probability for each in passes),
                    pass_taken=tuple(each.accepted for each in passes),
                    stopped=passes[-1].stopped or "",
                )
            )
    return rows


def _passes(
    matcher: SharedMatcher, tokens: ImageTokens, expressions: Sequence[Expression], way: Way
) -> list[tuple[Pass, ...]]:
    """One way's passes for every expression."""
    looks = [look_at(matcher, tokens, expression, way.recipe) for expression in expressions]
    return refine_all(matcher, looks, layer=way.layer, recipe=way.recipe)


class _Measured:
    """Maps measured against one mask; a map that several ways share is measured once."""

    def __init__(self, mask: np.ndarray) -> None:
        self.mask = mask
        self._heat: dict[bytes, float] = {}

    def heat(self, heatmap: np.ndarray) -> float:
        key = heatmap.tobytes()
        if key not in self._heat:
            self._heat[key] = heat_in_object(heatmap, self.mask)
        return self._heat[key]

    def peak(self, heatmap: np.ndarray) -> float:
        return float(peak_in_object(heatmap, self.mask))


def _image_id(sample: Sample) -> str:
    return sample.tags.get("image_id", sample.id)


def _chosen(chooser: Chooser, heatmap: np.ndarray, rule: str) -> np.ndarray | None:
    index = chooser.choose(heatmap, rule)
    return None if index is None else chooser.proposals.masks[index]


def _is_same(chosen: np.ndarray | None, mask: np.ndarray) -> bool:
    return chosen is not None and np.array_equal(chosen, mask)


def _landed(heatmap: np.ndarray, sample: Sample) -> str:
    if is_blank(heatmap):
        return "blank"
    assert sample.mask is not None
    x, y = peak(heatmap, (sample.mask.shape[0], sample.mask.shape[1])) or (0, 0)
    if sample.mask[y, x]:
        return "target"
    names = sample.other_categories or ("other",) * len(sample.others)
    return next((name for mask, name in zip(sample.others, names, strict=True) if mask[y, x]), "background")
