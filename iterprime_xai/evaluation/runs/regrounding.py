"""A row of a run back to the grounding that it was made from, as far as the row kept it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.runs.coding import read_bits, read_map, read_mask
from iterprime_xai.records import (
    Expression,
    Grounding,
    OptionError,
    Pass,
    Proposals,
    RankedProposal,
    Selection,
    SpatialCue,
    Word,
    WordMap,
)

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.evaluation.runs.reading import Run

FINAL_ONLY = "the run kept only the final map (detail light): passes and words can be seen by looking again"


def grounding_of(run: Run, row: Mapping[str, Any], image: Image.Image | None = None) -> Grounding:
    """The grounding that a row of a run was made from.

    With detail ``full`` it is whole, but for what a row does not hold: maps come back in half precision (relative to their
    largest value), and ``parameters`` say the system, its settings, and how its number is meant. With detail
    ``light`` its one pass holds the final map, and there are no proposals; the trace says so.

    Args:
        run: the run.
        row: one of its rows, all columns.
        image: the row's picture where it is at hand; ``None`` reads it again.

    Raises:
        OptionError: an error row, which has no result.
        StorageError: a picture that cannot be found again, or is not the one that was evaluated.
    """
    if row["error"] is not None:
        raise OptionError(f"The sample {row['sample_id']!r} has no result: {row['error']['message']}")
    settings = dict(run.manifest.decides["system"].get("settings") or {})
    named = {"system": run.manifest.asked["system"], "run": run.name, "settings": settings}
    return regrounded(row, run.image(row) if image is None else image, named)


def regrounded(row: Mapping[str, Any], image: Image.Image, parameters: Mapping[str, Any]) -> Grounding:
    """The same from a row that has no error, of a run that is not at hand, over any picture of the row's size."""
    heatmap = read_map(row["heatmap"])
    assert heatmap is not None
    passes, final_only = _passes(row["passes"] or [], heatmap)
    notes = row["notes"] or []
    return Grounding(
        image=image,
        expression=expression_of(row),
        heatmap=heatmap,
        passes=passes,
        box=None if row["box"] is None else tuple(row["box"]),  # type: ignore[arg-type]
        point=None if row["peak"] is None else tuple(row["peak"]),  # type: ignore[arg-type]
        proposals=_proposals(row),
        selection=_selection(row),
        mask=read_mask(row["chosen"]),
        trace=(*notes, FINAL_ONLY) if final_only else tuple(notes),
        parameters={**parameters, "answer": row["answer"], **_meant(row)},
    )


def expression_of(row: Mapping[str, Any]) -> Expression:
    """The phrase of a row, taken apart as it was when the row was made."""
    words = tuple(
        Word(each["text"], (each["start"], each["end"]), each["content"], each["pos"]) for each in row["words"]
    )
    head, whole = row["primary"], row["primary_span"]
    return Expression(
        text=row["text"],
        words=words,
        primary=next(place for place, word in enumerate(words) if word.span == (head["start"], head["end"])),
        primary_span=(whole["start"], whole["end"]),
        cues=tuple(
            SpatialCue(each["text"], (each["start"], each["end"]), each["kind"], each["direction"], each["context"])
            for each in row["cues"]
        ),
        headless=row["headless"],
        parser=row["parser"],
        confidence=row["parser_confidence"],
    )


def _passes(kept: list[dict[str, Any]], heatmap: np.ndarray) -> tuple[tuple[Pass, ...], bool]:
    """Every pass; where their maps were not kept, one with the final map, and true."""
    seen = np.ones(heatmap.shape, bool)
    if not kept:
        return (Pass(heatmap, heatmap, seen, float("nan"), float("nan")),), True
    if kept[0]["map"] is None:
        first = kept[0]
        # A single look is its own final map: then nothing is missing but the maps of words.
        return (Pass(heatmap, heatmap, seen, first["logit"], first["probability"], stopped=first["stopped"]),), True
    return tuple(
        Pass(
            heatmap=_map(each["map"]),
            blended=_map(each["blended"]),
            keep=_bits(each["keep"]),
            logit=each["logit"],
            probability=each["probability"],
            words=tuple(
                WordMap(word["text"], (word["start"], word["end"]), _map(word["map"])) for word in each["words"] or ()
            ),
            accepted=each["accepted"],
            stopped=each["stopped"],
        )
        for each in kept
    ), False


def _map(value: Mapping[str, Any]) -> np.ndarray:
    found = read_map(value)
    assert found is not None
    return found


def _bits(value: Mapping[str, Any]) -> np.ndarray:
    found = read_bits(value)
    assert found is not None
    return found


def _proposals(row: Mapping[str, Any]) -> Proposals | None:
    kept = row["proposals"] or []
    if not kept or kept[0]["mask"] is None:
        return None
    masks = [read_mask(each["mask"]) for each in kept]
    scores = np.array([each["proposer_score"] for each in kept], np.float32)
    return Proposals(np.stack(masks), scores, row["proposal_source"])  # type: ignore[arg-type]


def _selection(row: Mapping[str, Any]) -> Selection | None:
    if row["rule"] is None:
        return None
    ranked = sorted(
        (each for each in row["proposals"] or () if each["rank"] is not None), key=lambda each: each["rank"]
    )
    chosen = row["chosen_indices"] or []
    return Selection(
        ranking=tuple(RankedProposal(each["index"], each["score"], dict(each["terms"])) for each in ranked),
        answer=row["chosen_index"],
        margin=row["margin"],
        rule=row["rule"],
        reason=row["reason"],
        further=tuple(chosen[1:]),
    )


def by_choice(row: Mapping[str, Any]) -> bool:
    """Whether the system chose among masks, so that its one number is the best mask's share, by what its trace says."""
    return any("the best mask's share" in note for note in row["notes"] or ())


def _meant(row: Mapping[str, Any]) -> dict[str, str]:
    """What the one number and the heat of a system that chooses among masks are, by what its trace says."""
    from iterprime_xai.systems.choosing import SCORES_DRAWN

    if not by_choice(row):
        return {}
    own = any("the heat is the system's own map" in note for note in row["notes"])
    return {"probability": "share of the best mask", "heat": "the system's own map" if own else SCORES_DRAWN}
