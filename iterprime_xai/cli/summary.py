"""What ``ground`` says of a grounding: as JSON values, and as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.records import Grounding, Sample


def summary_of(grounding: Grounding, sample: Sample | None, files: dict[str, str]) -> dict[str, Any]:
    """What the command says, as JSON values."""
    from iterprime_xai.records.overlap import iou

    summary: dict[str, Any] = {
        "phrase": grounding.expression.text,
        "system": grounding.parameters.get("system"),
        "primary_word": grounding.expression.primary_word,
        "probability": grounding.probability,
        "probability_of": grounding.parameters.get("probability", "match"),
        "passes": [{"probability": each.probability, "accepted": each.accepted} for each in grounding.passes],
        "layer": grounding.parameters.get("layer"),
        "heatmap": {"grid": list(grounding.heatmap.shape), "max": float(grounding.heatmap.max())},
        "point": grounding.point,
        "box": grounding.box,
        "mask_pixels": None if grounding.mask is None else int(grounding.mask.sum()),
        "margin": None if grounding.selection is None else grounding.selection.margin,
        "masks": None if grounding.selection is None else list(grounding.selection.chosen),
    }
    if sample is not None and grounding.expression.text == sample.text and sample.mask is not None:
        summary["iou"] = iou(grounding.mask, sample.mask)
    return {**summary, "notes": list(grounding.trace), "files": files}


def finite(value: Any) -> Any:
    """The value with ``None`` for every number that JSON does not have: infinite, or not a number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list | tuple) else value


def as_text(summary: dict[str, Any], shown: Sequence[str]) -> str:
    """The summary for people; ``shown`` holds the probability of every pass in enough decimals to see which is larger."""
    passes = "  ".join(
        f"{text}{'' if each['accepted'] else ' (left out)'}"
        for text, each in zip(shown, summary["passes"], strict=True)
    )
    chooses = summary["probability_of"] != "match"
    what = "share" if chooses else "probability"
    of = f"{summary['probability_of']}; no match probability" if chooses else f"pass by pass: {passes}"
    lines = [
        f"phrase        {summary['phrase']}",
        f"primary word  {summary['primary_word']}",
        f"{what:13} {shown[0]}   ({of})",
    ]
    if "iou" in summary:
        lines.append(f"IoU           {summary['iou']:.3f}   (with the scene's own mask)")
    lines += [f"figure        {summary['files']['figure']}", f"result        {summary['files']['result']}", ""]
    return "\n".join([*lines, *(f"- {note}" for note in summary["notes"])])
