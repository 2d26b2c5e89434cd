"""One row of a run -> its type of failure, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iterprime_xai.evaluation.failures.types import MOST, TYPES
from iterprime_xai.records.errors import OptionError

THRESHOLD = 0.5
"""IoU from which an answer counts as right."""

COLUMNS = (
    "sample_id",
    "image_id",
    "tags",
    "words",
    "primary",
    "primary_span",
    "context",
    "cues",
    "category",
    "gold_area",
    "no_target",
    "landed",
    "best_iou",
    "abstained",
    "chosen_area",
    "intersection",
    "union",
    "iou",
    "error",
)
"""The columns of a row that decide, none of them a mask or a map: all of them are there with detail ``light`` too."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The type of a sample, a name of `TYPES`, and a sentence for people."""

    type: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A phrase of a run with its type, as it is written to a file."""

    sample_id: str
    text: str
    iou: float | None
    type: str
    sentence: str


def classify(row: Mapping[str, Any], threshold: float = THRESHOLD) -> Failure:
    """Decide a row's type by the first rule of :data:`~iterprime_xai.evaluation.failures.types.TYPES` that holds.

    Args:
        row: of a run, with at least ``COLUMNS``.
        threshold: IoU from which an answer is right, above 0 and at most 1.

    Raises:
        OptionError: a threshold out of range.
    """
    if not 0 < threshold <= 1:
        raise OptionError(f"threshold must be an IoU above 0 and at most 1, but got {threshold!r}.")
    name, sentence = _decided(row, threshold)
    assert name in TYPES
    return Failure(name, sentence)


def _decided(row: Mapping[str, Any], threshold: float) -> tuple[str, str]:
    if row["gold_area"] is None:
        return "unlabelled", "There is no gold mask, so nobody knows whether the answer is right."
    if row["error"] is not None:
        return "error", f"There is no result: {row['error']['message']}"
    if row["no_target"]:
        if row["abstained"]:
            return "right", "Nothing is meant, and nothing was answered."
        return "no_target_answered", "The phrase means nothing in the picture, but a mask was given."
    if row["iou"] >= threshold:
        return "right", f"The answer fits with IoU {row['iou']:.2f}."
    if row["abstained"]:
        return "abstained", "Something is meant, but nothing was answered."
    return _of_the_phrase(row) or _of_the_mask(row, threshold) or _of_the_heat(row)


def _of_the_phrase(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """What went wrong before anybody looked."""
    if not any(word["content"] for word in row["words"] or ()):
        return "unreadable_phrase", "No word of the phrase can be shown in a picture."
    gold = (row["tags"] or {}).get("primary", "")
    taken = [row[name]["text"] for name in ("primary", "primary_span") if row[name] is not None]
    if gold and taken and gold.casefold() not in {each.casefold() for each in taken}:
        return "parser_error", f'The phrase is about "{gold}", but the parser took "{taken[0]}" for its primary word.'
    return None


def _of_the_mask(row: Mapping[str, Any], threshold: float) -> tuple[str, str] | None:
    """What is wrong with the mask, whatever the heat says."""
    if row["best_iou"] < threshold:
        return "no_proposal_fits", f"The best proposal has IoU {row['best_iou']:.2f}: no choice could have been right."
    common, gold, given = row["intersection"], row["gold_area"], row["chosen_area"]
    covered, inside = common / gold, common / given if given else 0.0
    if inside >= MOST > covered:
        return "part_only", f"The answer lies on the target, but covers {covered:.0%} of it."
    if covered >= MOST > inside:
        return "too_much", f"The answer covers the target, but only {inside:.0%} of the answer lies on it."
    if row["landed"] == "target":
        return "selection_error", "The heat peaks on the target, and a proposal fits it, but another one was chosen."
    return None


def _of_the_heat(row: Mapping[str, Any]) -> tuple[str, str]:
    """Where the heat went instead."""
    landed = row["landed"]
    if landed in (None, "background", "blank"):
        where = "there is no peak" if landed == "blank" else "the heat peaks on no thing of the picture"
        return "scattered", f"Nothing was pointed at: {where}."
    if landed == row["category"]:
        cues = [cue["text"] for cue in row["cues"] or ()]
        if cues:
            said = ", ".join(f'"{each}"' for each in cues)
            return "position_ignored", f"The heat peaks on another {landed}, although the phrase says {said}."
        return "wrong_instance", f"The heat peaks on another {landed}."
    for word in row["context"] or ():
        if _names(word["text"], landed):
            return (
                "context_taken",
                f'The heat peaks on the {landed}, which the phrase names as context ("{word["text"]}").',
            )
    return "wrong_category", f"The heat peaks on a thing that the phrase does not name, {landed}."


def _names(word: str, category: str) -> bool:
    """Whether a word names a category: the same word, in singular or plural, or a synonym in the scenes' own table."""
    from iterprime_xai.data.scenes import synonyms
    from iterprime_xai.language.lexicon import singular

    base = singular(word.casefold())
    return category.casefold() in {word.casefold(), base} | synonyms().get(base, frozenset())
