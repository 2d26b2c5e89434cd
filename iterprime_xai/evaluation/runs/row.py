"""From a sample and what a system found to the row that is kept: plain values in the columns of `schema`."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from iterprime_xai.evaluation.runs.against_gold import (
    OTHER,
    best_values,
    gold_values,
    heat_values,
    landed,
    overlap_values,
    overlaps,
)
from iterprime_xai.evaluation.runs.coding import write_bits, write_map, write_mask
from iterprime_xai.records import Expression, Grounding, OptionError, Pass, Proposals, Sample
from iterprime_xai.records.heatmap import box_of, is_blank, peak

_TRACE = 4
"""Places of the code that an error row keeps."""


@dataclass(frozen=True, eq=False)
class Seen:
    """The picture of a row, as it was read: upright size, hash, and what was done to it."""

    sha256: str
    height: int
    width: int
    path: str | None
    notes: tuple[str, ...]


class CodedProposals:
    """The proposals of a picture with their codes, areas and boxes, worked out once for all of its phrases."""

    def __init__(self, proposals: Proposals) -> None:
        self.proposals = proposals
        self.codes: list[dict[str, Any]] = []
        self.areas: list[int] = []
        self.boxes: list[tuple[int, int, int, int] | None] = []
        for mask in proposals.masks:  # once: masks of a large picture are unpacked one at a time
            self.codes.append(write_mask(mask))
            self.areas.append(int(np.count_nonzero(mask)))
            self.boxes.append(box_of(mask))

    def overlaps(self, gold: Mapping[str, Any]) -> list[float]:
        """IoU of every proposal with a coded mask; two empty masks have none."""
        return overlaps(self.codes, self.areas, gold)


def sample_row(sample: Sample, seen: Seen | None, *, full: bool) -> dict[str, Any]:
    """What is known before the system is asked. Raises ``OptionError`` where a mask does not fit the picture."""
    row: dict[str, Any] = {
        "sample_id": sample.id,
        "tags": {str(name): str(value) for name, value in sample.tags.items()},
        "text": sample.text,
        "category": sample.tags.get("category"),
    }
    if seen is not None:
        row |= {"image_path": seen.path, "image_sha256": seen.sha256, "height": seen.height, "width": seen.width}
    if sample.mask is not None:
        row |= gold_values(sample.mask)
    if seen is not None:
        for mask in (sample.mask, *sample.others):
            if mask is not None and mask.shape != (seen.height, seen.width):
                raise OptionError(
                    f"The masks of sample {sample.id!r} are {mask.shape[0]} x {mask.shape[1]}, but its upright picture is "
                    f"{seen.height} x {seen.width} (height x width); the masks must belong to the picture as it is shown."
                )
    names = sample.other_categories or (None,) * len(sample.others)
    row["others"] = [
        {
            "category": name,
            "area": int(np.count_nonzero(mask)),
            "box": _whole(box_of(mask)),
            "mask": write_mask(mask) if full else None,
        }
        for mask, name in zip(sample.others, names, strict=True)
    ]
    return row


def found_row(sample: Sample, found: Grounding, proposals: CodedProposals | None, *, full: bool) -> dict[str, Any]:
    """What the system found, measured against the sample."""
    first = found.passes[0] if found.passes else None
    blank = is_blank(found.heatmap)
    row = language_values(found.expression) | {
        "passes": [_pass(each, full) for each in found.passes],
        "probability": None if first is None else float(first.probability),
        "logit": None if first is None else float(first.logit),
        "evidence": _evidence(found),
        "heatmap": write_map(found.heatmap),
        "blank": blank,
        "peak": _whole(found.point),
        "box": _whole(found.box),
        "notes": list(found.trace),
    }
    return row | _heat_values(sample, found, blank) | _choice(sample, found, proposals, full) | _answer(sample, found)


def language_values(expression: Expression) -> dict[str, Any]:
    """The phrase, taken apart."""
    words = expression.words
    start, end = expression.primary_span
    return {
        "words": [
            {"text": each.text, "start": each.span[0], "end": each.span[1], "content": each.content, "pos": each.pos}
            for each in words
        ],
        "primary": _span(expression.primary_word, words[expression.primary].span),
        "primary_span": _span(expression.text[start:end], (start, end)),
        "context": [_span(words[index].text, words[index].span) for index in expression.context],
        "cues": [
            {
                "text": each.text,
                "start": each.span[0],
                "end": each.span[1],
                "kind": each.kind,
                "direction": each.direction,
                "context": each.context,
            }
            for each in expression.cues
        ],
        "headless": expression.headless,
        "parser": expression.parser,
        "parser_confidence": float(expression.confidence),
    }


def error_values(error: BaseException) -> dict[str, Any]:
    """The column ``error``, and an IoU of 0: what failed found nothing."""
    frames = traceback.extract_tb(error.__traceback__)[-_TRACE:]
    kind = type(error)
    where = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return {
        "error": {
            "kind": f"{where}{kind.__qualname__}",
            "message": str(error)[:2000],
            "trace": [f"{_place(each.filename)}:{each.lineno} {each.name}" for each in frames],
        }
    }


def _evidence(found: Grounding) -> float | None:
    """The figure by which a system abstains: as it says itself, else the match probability, where that is what it gives."""
    if "evidence" in found.parameters:
        value = found.parameters["evidence"]
        return None if value is None else float(value)
    if "probability" in found.parameters or not found.passes:  # the system says that its probability is another figure
        return None
    return float(found.probability)


def _heat_values(sample: Sample, found: Grounding, blank: bool) -> dict[str, Any]:
    gold = sample.mask
    if gold is None:
        return {}
    point = peak(found.heatmap, (gold.shape[0], gold.shape[1]))
    names = sample.other_categories or (OTHER,) * len(sample.others)
    values = {"landed": landed(point, gold, sample.others, names)}
    return values | (heat_values(found.heatmap, point, gold, blank=blank) if gold.any() else {})


def _choice(sample: Sample, found: Grounding, coded: CodedProposals | None, full: bool) -> dict[str, Any]:
    """The proposals, their ranking and the choice among them."""
    row: dict[str, Any] = {"proposal_count": 0, "best_iou": None if sample.mask is None else 0.0}
    selection = found.selection
    if selection is not None:
        row |= {
            "rule": selection.rule,
            "reason": selection.reason,
            "margin": float(selection.margin),
            "chosen_index": None if selection.answer is None else int(selection.answer),
            "chosen_indices": [int(index) for index in selection.chosen],
        }
    if coded is None:
        return row
    ranking = () if selection is None else selection.ranking
    ranked = {each.index: (rank, each) for rank, each in enumerate(ranking)}
    fits = None if sample.mask is None else coded.overlaps(write_mask(sample.mask))
    items = []
    for index, (code, area, box) in enumerate(zip(coded.codes, coded.areas, coded.boxes, strict=True)):
        rank, judged = ranked.get(index, (None, None))
        items.append(
            {
                "index": index,
                "rank": rank,
                "score": None if judged is None else float(judged.score),
                "proposer_score": float(coded.proposals.scores[index]),
                "iou": None if fits is None else fits[index],
                "area": area,
                "box": _whole(box),
                "terms": {} if judged is None else {name: float(value) for name, value in judged.terms.items()},
                "mask": code if full else None,
            }
        )
    row |= {"proposal_source": coded.proposals.source, "proposals": items, "proposal_count": len(items)}
    return row | (best_values(fits) if fits else {})


def _answer(sample: Sample, found: Grounding) -> dict[str, Any]:
    """The mask that was answered, and how much of it is right."""
    mask = found.mask
    area = 0 if mask is None else int(np.count_nonzero(mask))
    row: dict[str, Any] = {
        "abstained": area == 0,
        "chosen": None if mask is None else write_mask(mask),
        "chosen_area": area,
    }
    gold = sample.mask
    if gold is None:
        return row
    if mask is not None and mask.shape != gold.shape:
        raise OptionError(
            f"The answer's mask is {mask.shape[0]} x {mask.shape[1]}, but the picture of sample {sample.id!r} is "
            f"{gold.shape[0]} x {gold.shape[1]}: a system must answer at the picture's own size."
        )
    return row | overlap_values(mask, gold)


def _pass(each: Pass, full: bool) -> dict[str, Any]:
    return {
        "probability": float(each.probability),
        "logit": float(each.logit),
        "accepted": bool(each.accepted),
        "stopped": each.stopped,
        "keep": write_bits(each.keep) if full else None,
        "map": write_map(each.heatmap) if full else None,
        "blended": write_map(each.blended) if full else None,
        "words": [
            {"text": word.text, "start": word.span[0], "end": word.span[1], "map": write_map(word.heatmap)}
            for word in each.words
        ]
        if full
        else None,
    }


def _span(text: str, span: tuple[int, int]) -> dict[str, Any]:
    return {"text": text, "start": span[0], "end": span[1]}


def _whole(values: Sequence[int] | None) -> list[int] | None:
    return None if values is None else [int(value) for value in values]


def _place(filename: str) -> str:
    """A file's place without the machine's folders."""
    parts = PurePath(filename).parts
    for start in ("site-packages", "iterprime_xai"):
        if start in parts:
            return "/".join(parts[parts.index(start) + (start == "site-packages") :])
    return parts[-1] if parts else filename
