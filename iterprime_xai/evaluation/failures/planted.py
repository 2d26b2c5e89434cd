"""How often the rules are right: faults that are put into right samples, and classified without knowing of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.data.images import read_image
from iterprime_xai.evaluation.failures.classifying import THRESHOLD, classify
from iterprime_xai.evaluation.failures.repairing import overlap
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.evaluation.runs.row import CodedProposals, found_row, sample_row

if TYPE_CHECKING:
    from iterprime_xai.data.dataset import DataSet
    from iterprime_xai.records import Grounding, Sample
    from iterprime_xai.systems.segmenter import ZeroShotSegmenter

FAULTS = ("parser_error", "position_ignored", "no_proposal_fits", "selection_error", "part_only", "too_much")
"""What can be planted, each the type that the rules should find."""

_LANGUAGE = ("words", "primary", "primary_span", "context", "cues", "headless", "parser", "parser_confidence")


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault that was planted, and the type that the rules gave it."""

    sample: str
    fault: str
    found: str


def planted(
    dataset: DataSet, system: ZeroShotSegmenter, *, limit: int | None = None, seed: int = 0
) -> Iterator[Planted]:
    """Plant every fault that a sample allows into each sample that the system gets right, and classify it.

    - ``parser_error``: a context word is taken for the primary one, and the system is asked for it.
    - ``position_ignored``: the system is asked without the spatial words, where another thing has the target's category.
    - ``no_proposal_fits``: the proposals that fit are taken away, and the best ranked of the others is answered.
    - ``selection_error``: a proposal that does not fit is answered, drawn from the others.
    - ``part_only``: half of the answer is cut off. ``too_much``: the answer grows on all sides to more than twice its size.

    A fault that leaves the answer right was none, and is left out.
    """
    dice, left = np.random.default_rng(seed), limit
    for entry in dataset.pictures():
        if left is not None and left <= 0:
            return
        samples = [each for each in dataset.samples_of(entry) if each.mask is not None and each.mask.any()][:left]
        left = None if left is None else left - len(samples)
        if not samples:
            continue
        image = read_image(samples[0].image).image
        for sample, found in zip(samples, system.segment_many(image, [each.text for each in samples]), strict=True):
            row = _row(sample, found)
            if classify(row).type != "right":
                continue
            for fault, changed in _faults(system, image, sample, found, row, dice):
                if changed["iou"] < THRESHOLD:
                    yield Planted(sample.id, fault, classify(changed).type)


def confusion(rows: Sequence[Planted]) -> str:
    """Markdown: what was planted by what was found, the F1 of each fault, and their macro-F1."""
    counts = Counter((each.fault, each.found) for each in rows)
    columns = [name for name in TYPES if name in FAULTS or any(each.found == name for each in rows)]
    body, scores = [], []
    for fault in FAULTS:
        line = [counts[fault, name] for name in columns]
        told = sum(counts[other, fault] for other in FAULTS)
        score = 2 * counts[fault, fault] / (sum(line) + told) if sum(line) + told else float("nan")
        scores.append(score)
        body.append([TYPES[fault].title, *(str(count) for count in line), f"{score:.3f}"])
    table = markdown(["planted", *(TYPES[name].title for name in columns), "F1"], body)
    return f"{table}\n{len(rows)} faults, macro-F1 {np.nanmean(scores):.3f}\n"


def _row(sample: Sample, found: Grounding) -> dict[str, Any]:
    """The columns of a run's row that decide."""
    coded = None if found.proposals is None else CodedProposals(found.proposals)
    return {"error": None, **sample_row(sample, None, full=False), **found_row(sample, found, coded, full=False)}


def _faults(
    system: ZeroShotSegmenter,
    image: Any,
    sample: Sample,
    found: Grounding,
    row: Mapping[str, Any],
    dice: np.random.Generator,
) -> Iterator[tuple[str, dict[str, Any]]]:
    own = {name: row[name] for name in _LANGUAGE}
    if row["context"]:
        wrong = row["context"][0]
        asked = _row(sample, system.segment_many(image, [wrong["text"]], proposals=found.proposals)[0])
        yield "parser_error", asked | own | {"primary": wrong, "primary_span": wrong, "context": [row["primary"]]}
    without = _without(sample.text, row["cues"])
    if without and row["category"] in sample.other_categories:
        yield (
            "position_ignored",
            _row(sample, system.segment_many(image, [without], proposals=found.proposals)[0]) | own,
        )
    wrong_ones = sorted(
        (each for each in row["proposals"] if each["iou"] < THRESHOLD and each["rank"] is not None),
        key=lambda each: each["rank"],
    )
    if wrong_ones:
        best = max(each["iou"] for each in wrong_ones)
        yield "no_proposal_fits", {**row, **_answered(row, wrong_ones[0]), "best_iou": best}
        yield "selection_error", {**row, **_answered(row, wrong_ones[dice.integers(len(wrong_ones))])}
    assert found.mask is not None
    assert sample.mask is not None
    for fault, mask in (("part_only", _cut(found.mask, dice)), ("too_much", _grown(found.mask))):
        yield fault, {**row, **_measured(mask, sample.mask)}


def _without(text: str, cues: Sequence[Mapping[str, Any]]) -> str:
    """The text without its spatial words; empty where it has none or nothing is left."""
    if not cues:
        return ""
    for cue in sorted(cues, key=lambda each: -each["start"]):
        text = text[: cue["start"]] + text[cue["end"] :]
    return " ".join(text.split())


def _answered(row: Mapping[str, Any], proposal: Mapping[str, Any]) -> dict[str, Any]:
    common, either = overlap(proposal["iou"], proposal["area"], row["gold_area"])
    return {"chosen_area": proposal["area"], "intersection": common, "union": either, "iou": proposal["iou"]}


def _measured(mask: np.ndarray, gold: np.ndarray) -> dict[str, Any]:
    common, either = int((mask & gold).sum()), int((mask | gold).sum())
    return {"chosen_area": int(mask.sum()), "intersection": common, "union": either, "iou": common / either}


def _cut(mask: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Less than half of the mask: what lies on one side of a line through it, a side drawn at random."""
    along = np.indices(mask.shape)[dice.integers(2)]
    values = np.sort(along[mask])
    if dice.integers(2):
        return mask & (along < values[int(len(values) * 0.45)])
    return mask & (along > values[int(len(values) * 0.55)])


def _grown(mask: np.ndarray) -> np.ndarray:
    """The mask, grown by a pixel on all sides until it has more than 2.2 times its size, or the picture is full."""
    from skimage.morphology import dilation

    grown = mask
    while grown.sum() <= 2.2 * mask.sum() and not grown.all():
        grown = dilation(grown, np.ones((3, 3), bool))
    return grown
