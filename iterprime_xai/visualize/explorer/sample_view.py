"""From a case to what a view needs of one sample: picture, maps, outlines, ranked proposals, and the words to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from iterprime_xai.evaluation.failures.case import Case
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.evaluation.runs.coding import read_mask
from iterprime_xai.records import Grounding
from iterprime_xai.records.overlap import iou
from iterprime_xai.visualize.contours import contours
from iterprime_xai.visualize.describe import number, one_line, safe
from iterprime_xai.visualize.encoded import fitting, jpeg
from iterprime_xai.visualize.failure_proposals import listed
from iterprime_xai.visualize.widget_state import LONGEST, outline_of, widget_state


@dataclass(frozen=True)
class SampleView:
    """One sample, ready to be drawn: ``info`` is JSON, ``picture`` a JPEG or empty, the rest is as in `widget_state`."""

    info: dict[str, Any] = field(default_factory=dict)
    picture: bytes = b""
    maps: bytes = b""
    tables: bytes = b""


def sample_view(case: Case, label: str = "") -> SampleView:
    """What is shown of a sample of a run; ``label`` says how its gold mask was given, where a person gave it."""
    told = {"case": _case(case) | {"labelled": safe(label), "unlabelled": bool(label) or case.gold is None}}
    if case.image is None:
        return SampleView(told)
    gold = {} if case.gold is None else {"gold": outline_of(case.gold)}
    if case.grounding is None:
        plain = {"size": list(case.image.size), "alt": f"The picture of “{one_line(case.text)}”; there is no result."}
        return SampleView(told | plain | gold, jpeg(fitting(case.image, LONGEST)))
    state = widget_state(case.grounding)
    proposals = [_proposal(case.row, each) for each in listed(case.row) if each["rank"] is not None]
    return SampleView(state.info | told | gold | {"proposals": proposals}, state.picture, state.maps, state.tables)


def answer_view(grounding: Grounding, gold: np.ndarray | None, asked: str) -> SampleView:
    """What is shown of another answer about the same picture; ``gold`` is what is meant, where the phrase is the sample's own."""
    state = widget_state(grounding)
    told = {
        "case": {
            "id": "",
            "title": safe(asked),
            "sentence": "" if gold is None else f"IoU {iou(grounding.mask, gold):.2f}.",
            "facts": [],
            "problem": "",
        }
    }
    outlines = {"gold": outline_of(gold)} if gold is not None else {}
    return SampleView(state.info | told | outlines | {"proposals": []}, state.picture, state.maps, state.tables)


def _case(case: Case) -> dict[str, Any]:
    row = case.row
    return {
        "id": case.sample_id,
        "shownId": safe(case.sample_id),
        "run": safe(case.run),
        "text": safe(case.text),
        "type": case.failure.type,
        "title": TYPES[case.failure.type].title,
        "meaning": TYPES[case.failure.type].rule,
        "sentence": safe(case.failure.sentence),
        "problem": safe(case.problem),
        "facts": [[name, safe(str(value))] for name, value in _facts(row)],
        "tags": [[safe(name), safe(value)] for name, value in sorted((row["tags"] or {}).items())],
        "notes": [safe(each) for each in row["notes"] or ()],
    }


def _facts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is worth knowing of a row, named as in the list of figures."""
    found: list[tuple[str, str]] = []
    for name, title in (
        ("iou", "IoU"),
        ("best_iou", "best IoU"),
        ("margin", "margin"),
        ("heat_in_mask", "heat inside"),
    ):
        if row[name] is not None:
            found.append((title, f"{row[name]:.2f}"))
    for name, title in (("category", "target"), ("landed", "peak on"), ("parser", "parser")):
        if row[name] is not None:
            found.append((title, row[name]))
    if row["primary"] is not None:
        found.append(("primary word", row["primary"]["text"]))
    if row["error"] is not None:
        found.append(("error", f"{row['error']['kind']}: {row['error']['message']}"))
    return found


def _proposal(row: Mapping[str, Any], each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "place": each["rank"] + 1,
        "index": each["index"],
        "score": number(each["score"]),
        "iou": None if each["iou"] is None else f"{each['iou']:.2f}",
        "terms": [[name.replace("_", " "), number(value)] for name, value in each["terms"].items()],
        "outline": _outline(each),
        "chosen": each["index"] in (row["chosen_indices"] or ()),
        "best": each["index"] == row["best_index"],
    }


def _outline(proposal: Mapping[str, Any]) -> list[list[float]]:
    """Of the mask where the run kept it, else of its box."""
    mask = read_mask(proposal["mask"])
    if mask is not None:
        return [np.round(points.ravel(), 1).tolist() for points in contours(mask, max(0.5, max(mask.shape) / 600))]
    if proposal["box"] is None:
        return []
    left, top, right, bottom = proposal["box"]
    return [[left, top, right, top, right, bottom, left, bottom]]
