"""A grounding as one file: JSON, arrays and a PNG in a zip, never a pickle. Heatmaps come back bit for bit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.records.archive import ArchiveReader, ArchiveWriter
from iterprime_xai.records.errors import StorageError
from iterprime_xai.records.expression import Expression, SpatialCue, Word
from iterprime_xai.records.packed import PackedMasks
from iterprime_xai.records.packed_storage import packed_from_json, packed_to_json
from iterprime_xai.records.proposals import Proposals, RankedProposal, Selection

if TYPE_CHECKING:
    from iterprime_xai.records.grounding import Grounding, Pass, WordMap

FORMAT = "iterprime-xai grounding"
VERSION = 2
"""Newest version of the format that this code reads; 2 has packed masks, or further masks in an answer, and what has neither is
written as 1."""
SUFFIX = ".grounding.zip"
"""The recommended ending; any name is accepted."""

_DOCUMENT = "grounding.json"


def save(grounding: Grounding, path: str | Path) -> Path:
    """Write a grounding to one zip file, whole or not at all, and return its path; parent folders are made.

    Heatmaps are stored as exact float32 (they can be 1e-10), masks one bit a pixel, the picture as a lossless PNG.
    ``parameters`` must be JSON values; a tuple in them comes back as a list. Raises ``StorageError`` for anything else,
    and when the disk is full or the place cannot be written.
    """
    from iterprime_xai import __version__

    writer = ArchiveWriter()
    document = {
        "format": FORMAT,
        "version": VERSION if _is_packed(grounding.proposals) or _has_further(grounding.selection) else 1,
        "written_by": __version__,
        "image": writer.picture(grounding.image),
        "expression": _expression_to_json(grounding.expression),
        "heatmap": writer.array(grounding.heatmap),
        "passes": [_pass_to_json(each, writer) for each in grounding.passes],
        "box": None if grounding.box is None else [int(value) for value in grounding.box],
        "point": None if grounding.point is None else [int(value) for value in grounding.point],
        "proposals": None if grounding.proposals is None else _proposals_to_json(grounding.proposals, writer),
        "selection": None if grounding.selection is None else _selection_to_json(grounding.selection),
        "mask": None if grounding.mask is None else writer.bits(grounding.mask),
        "trace": list(grounding.trace),
        "parameters": _json_value(grounding.parameters, "parameters"),
    }
    return writer.write(path, document, _DOCUMENT)


def load(path: str | Path) -> Grounding:
    """Read a grounding that :func:`save` wrote.

    Raises ``StorageError`` for a missing, foreign, damaged or truncated file, for one of a newer format, and for one
    that would take more memory than any grounding does. Nothing in the file is ever run.
    """
    from iterprime_xai.records.grounding import Grounding  # here, because grounding.py imports this module

    with ArchiveReader(path, "a grounding") as reader:
        document = reader.document(_DOCUMENT, FORMAT, VERSION)
        passes = tuple(_pass_from_json(each, reader) for each in document["passes"])
        proposals, selection, mask = document["proposals"], document["selection"], document["mask"]
        return Grounding(
            image=reader.picture(document["image"]),
            expression=_expression_from_json(document["expression"]),
            heatmap=reader.array(document["heatmap"]),
            passes=passes,
            box=_whole_numbers(document["box"], 4),  # type: ignore[arg-type]
            point=_whole_numbers(document["point"], 2),  # type: ignore[arg-type]
            proposals=None if proposals is None else _proposals_from_json(proposals, reader),
            selection=None if selection is None else _selection_from_json(selection),
            mask=None if mask is None else reader.bits(mask),
            trace=tuple(_text(each) for each in document["trace"]),
            parameters=dict(document["parameters"]),
        )


def _expression_to_json(expression: Expression) -> dict[str, Any]:
    return {
        "text": expression.text,
        "words": [[word.text, *word.span, bool(word.content), word.pos] for word in expression.words],
        "primary": int(expression.primary),
        "primary_span": list(expression.primary_span),
        "cues": [[cue.text, *cue.span, cue.kind, cue.direction, cue.context] for cue in expression.cues],
        "headless": bool(expression.headless),
        "parser": expression.parser,
        "confidence": _number_to_json(expression.confidence),
    }


def _expression_from_json(value: dict[str, Any]) -> Expression:
    words = tuple(
        Word(_text(text), _span(start, end), bool(content), _text(pos))
        for text, start, end, content, pos in value["words"]
    )
    primary = int(value["primary"])
    if not 0 <= primary < len(words):
        raise ValueError(f"primary word {primary} of {len(words)}")
    return Expression(
        text=_text(value["text"]),
        words=words,
        primary=primary,
        primary_span=_span(*value["primary_span"]),
        cues=tuple(
            SpatialCue(
                _text(text), _span(start, end), kind, _text(direction), None if context is None else int(context)
            )
            for text, start, end, kind, direction, context in value["cues"]
        ),
        headless=bool(value["headless"]),
        parser=_text(value["parser"]),
        confidence=_number_from_json(value["confidence"]),
    )


def _pass_to_json(look: Pass, writer: ArchiveWriter) -> dict[str, Any]:
    return {
        "heatmap": writer.array(look.heatmap),
        "blended": writer.array(look.blended),
        "keep": writer.bits(look.keep),
        "logit": _number_to_json(look.logit),
        "probability": _number_to_json(look.probability),
        "words": [
            {"text": word.text, "span": list(word.span), "heatmap": writer.array(word.heatmap)} for word in look.words
        ],
        "accepted": bool(look.accepted),
        "stopped": look.stopped,
    }


def _pass_from_json(value: dict[str, Any], reader: ArchiveReader) -> Pass:
    from iterprime_xai.records.grounding import Pass

    return Pass(
        heatmap=reader.array(value["heatmap"]),
        blended=reader.array(value["blended"]),
        keep=reader.bits(value["keep"]),
        logit=_number_from_json(value["logit"]),
        probability=_number_from_json(value["probability"]),
        words=tuple(_word_map_from_json(each, reader) for each in value["words"]),
        accepted=bool(value["accepted"]),
        stopped=None if value["stopped"] is None else _text(value["stopped"]),
    )


def _word_map_from_json(value: dict[str, Any], reader: ArchiveReader) -> WordMap:
    from iterprime_xai.records.grounding import WordMap

    return WordMap(_text(value["text"]), _span(*value["span"]), reader.array(value["heatmap"]))


def _has_further(selection: Selection | None) -> bool:
    return selection is not None and bool(selection.further)


def _is_packed(proposals: Proposals | None) -> bool:
    return proposals is not None and isinstance(proposals.masks, PackedMasks)


def _proposals_to_json(proposals: Proposals, writer: ArchiveWriter) -> dict[str, Any]:
    masks = proposals.masks
    return {
        "masks": packed_to_json(masks, writer) if isinstance(masks, PackedMasks) else writer.bits(masks),
        "scores": writer.array(proposals.scores),
        "source": proposals.source,
    }


def _proposals_from_json(value: dict[str, Any], reader: ArchiveReader) -> Proposals:
    masks = value["masks"]
    found = packed_from_json(masks, reader) if "packed" in masks else reader.bits(masks)
    return Proposals(found, reader.array(value["scores"]), _text(value["source"]))


def _selection_to_json(selection: Selection) -> dict[str, Any]:
    return {
        "ranking": [
            {
                "index": int(each.index),
                "score": _number_to_json(each.score),
                "terms": {name: _number_to_json(term) for name, term in each.terms.items()},
            }
            for each in selection.ranking
        ],
        "answer": None if selection.answer is None else int(selection.answer),
        "margin": _number_to_json(selection.margin),
        "rule": selection.rule,
        "reason": selection.reason,
        **({"further": [int(index) for index in selection.further]} if selection.further else {}),
    }


def _selection_from_json(value: dict[str, Any]) -> Selection:
    return Selection(
        ranking=tuple(
            RankedProposal(
                int(each["index"]),
                _number_from_json(each["score"]),
                {name: _number_from_json(term) for name, term in each["terms"].items()},
            )
            for each in value["ranking"]
        ),
        answer=None if value["answer"] is None else int(value["answer"]),
        margin=_number_from_json(value["margin"]),
        rule=_text(value["rule"]),
        reason=_text(value["reason"]),
        further=tuple(int(index) for index in value.get("further", ())),
    )


def _json_value(value: Any, where: str) -> Any:
    """A copy made of JSON values only; ``where`` names the place in messages."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)) and math.isfinite(value):
        return value
    if isinstance(value, (list, tuple)):
        return [_json_value(each, f"{where}[{index}]") for index, each in enumerate(value)]
    if isinstance(value, dict):
        strange = [key for key in value if not isinstance(key, str)]
        if strange:
            raise StorageError(f"Keys of {where} must be text, but one is {strange[0]!r}; use str() on it.")
        return {key: _json_value(each, f"{where}[{key!r}]") for key, each in value.items()}
    raise StorageError(
        f"{where} must be a JSON value (text, finite number, true, false, None, list or dict), but is "
        f"{type(value).__name__} {value!r:.60}; convert it with str(), float() or .tolist()."
    )


def _number_to_json(value: float) -> float | str:
    """JSON has no infinity and no NaN: they are written as the words that ``float()`` reads."""
    value = float(value)
    return value if math.isfinite(value) else str(value)


def _number_from_json(value: Any) -> float:
    if isinstance(value, str) and value not in ("nan", "inf", "-inf"):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, but got {value!r:.60}")
    return value


def _span(start: Any, end: Any) -> tuple[int, int]:
    return int(start), int(end)


def _whole_numbers(value: Any, count: int) -> tuple[int, ...] | None:
    if value is None:
        return None
    if len(value) != count:
        raise ValueError(f"expected {count} numbers, but got {value!r:.60}")
    return tuple(int(each) for each in value)
