"""The columns of a run: the one place that says what a row holds, with its type and its meaning."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

ROW_FORMAT = 1
"""Number of this set of columns; part of a run's key, so that rows of two formats never meet in one folder."""

_text, _whole, _real, _flag = pa.string(), pa.int64(), pa.float64(), pa.bool_()


def _struct(**fields: pa.DataType) -> pa.DataType:
    return pa.struct(list(fields.items()))


MASK = _struct(size=pa.list_(pa.int32()), counts=_text)
"""COCO's compressed run-length code: ``size`` is [height, width]. Read with `coding.read_mask` or pycocotools."""

MAP = _struct(rows=pa.int32(), columns=pa.int32(), scale=pa.float32(), values=pa.binary())
"""Half-precision values in reading order, times ``scale`` (the map's largest magnitude). Read with `coding.read_map`."""

BITS = _struct(rows=pa.int32(), columns=pa.int32(), bits=pa.binary())
"""One bit a patch in reading order, 1 for a patch that may be seen. Read with `coding.read_bits`."""

SPAN = _struct(text=_text, start=pa.int32(), end=pa.int32())
"""Words of the phrase and their half-open character range in ``text``."""

_BOX = pa.list_(pa.int32())
_WORD = _struct(text=_text, start=pa.int32(), end=pa.int32(), content=_flag, pos=_text)
_CUE = _struct(text=_text, start=pa.int32(), end=pa.int32(), kind=_text, direction=_text, context=pa.int32())
_OTHER = _struct(category=_text, area=_whole, box=_BOX, mask=MASK)
_WORD_MAP = _struct(text=_text, start=pa.int32(), end=pa.int32(), map=MAP)
_PASS = _struct(
    probability=_real,
    logit=_real,
    accepted=_flag,
    stopped=_text,
    keep=BITS,
    map=MAP,
    blended=MAP,
    words=pa.list_(_WORD_MAP),
)
_PROPOSAL = _struct(
    index=pa.int32(),
    rank=pa.int32(),
    score=_real,
    proposer_score=pa.float32(),
    iou=_real,
    area=_whole,
    box=_BOX,
    terms=pa.map_(_text, _real),
    mask=MASK,
)
_ERROR = _struct(kind=_text, message=_text, trace=pa.list_(_text))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type and meaning."""

    name: str
    type: pa.DataType
    meaning: str


COLUMNS = (
    Column("sample_id", _text, "The sample's id in its data set; unique in a run."),
    Column("position", _whole, "Its place in the data set, from 0."),
    Column("shard", pa.int32(), "The shard, and so the part file, that it belongs to."),
    Column("run_key", _text, "The run that made the row: `manifest.json` says which system, data set, proposer and code."),
    Column("image_id", _text, "The picture's id in the data set; intervals draw pictures, not rows."),
    Column("image_path", _text, "Where the picture was read; null for one from memory (scenes)."),
    Column("image_sha256", _text, "Hash of the upright picture's mode, size and pixels."),
    Column("height", pa.int32(), "Of the upright picture, in pixels."),
    Column("width", pa.int32(), "Of the upright picture, in pixels."),
    Column("tags", pa.map_(_text, _text), "What the data set says of the sample: split, kind, domain, category, ..."),
    Column("text", _text, "The phrase."),
    Column("words", pa.list_(_WORD), "Its words with their character range, whether a picture can show them, and part of speech."),
    Column("primary", SPAN, "The word that names the target."),
    Column("primary_span", SPAN, "The same with the other words of its compound (teddy bear)."),
    Column("context", pa.list_(SPAN), "The other content words."),
    Column("cues", pa.list_(_CUE), "Spatial words: absolute or relative, their direction, and the word (an index) they point to."),
    Column("headless", _flag, "No noun names the target."),
    Column("parser", _text, "Who said so."),
    Column("parser_confidence", _real, "How surely, 0 to 1."),
    Column("category", _text, "The target's category."),
    Column("others", pa.list_(_OTHER), "The other annotated things; their masks with detail full only."),
    Column("gold", MASK, "The gold mask; null where the data set has none."),
    Column("gold_area", _whole, "Its pixels; 0 where nothing is meant, null where it is not known."),
    Column("no_target", _flag, "The phrase means nothing in the picture (an empty gold mask); null where that is not known."),
    Column("passes", pa.list_(_PASS), "Every look: match, whether it counted, why none followed; with detail full the patches it "
           "was allowed to see, its own map, the map so far, and a map a word."),
    Column("probability", _real, "The match probability of the first look."),
    Column("logit", _real, "The match logit of the first look."),
    Column("evidence", _real, "What an answer that may abstain compares with its threshold; null where a system has none."),
    Column("heatmap", MAP, "The final map on the model's grid."),
    Column("blank", _flag, "The final map tells nothing: flat, nowhere positive, or not finite."),
    Column("peak", pa.list_(pa.int32()), "[x, y] of the final map's peak in pixels; null for a blank map."),
    Column("peak_in_mask", _flag, "The peak lies in the gold mask, a miss for a blank map; null without a gold mask or target."),
    Column("heat_in_mask", _real, "Share of the final map's heat in the gold mask; null without a gold mask or target."),
    Column("landed", _text, "Where the peak fell: target, another thing's category, background, or blank; null without gold."),
    Column("proposal_source", _text, "Who made the proposals."),
    Column("proposals", pa.list_(_PROPOSAL), "Every proposal in the proposer's order, with its rank (0 is best), score and every "
           "term of it (null and none where the system did not rank it), IoU with the gold mask, area, box "
           "[left, top, right, bottom]; its mask with detail full only."),
    Column("proposal_count", pa.int32(), "How many there are."),
    Column("best_index", pa.int32(), "The proposal that fits the gold mask best (the first of equals); null without one."),
    Column("best_iou", _real, "Its IoU, which no choice can exceed; 0 without proposals, null without a gold mask."),
    Column("rule", _text, "The rule that ranked them."),
    Column("reason", _text, "Why this answer, in a sentence."),
    Column("margin", _real, "How far the best stands before the best different one, 0 to 1."),
    Column("answer", _text, "What was asked for: always, may_abstain or set."),
    Column("abstained", _flag, "No mask was given, or an empty one."),
    Column("chosen_index", pa.int32(), "The proposal that was chosen; null where none was."),
    Column("chosen_indices", pa.list_(pa.int32()), "All proposals that the answer unites, with answer set more than one."),
    Column("chosen", MASK, "The mask that was answered; null where none was."),
    Column("chosen_area", _whole, "Its pixels, 0 without one."),
    Column("box", _BOX, "[left, top, right, bottom] of the answer in pixels, right and bottom exclusive."),
    Column("intersection", _whole, "Pixels in both the answer and the gold mask; null without a gold mask."),
    Column("union", _whole, "Pixels in either; null without a gold mask."),
    Column("iou", _real, "intersection / union, 0 for an empty union and for an error row; null without a gold mask."),
    Column("giou", _real, "The same, but 1 for a right `no target`."),
    Column("notes", pa.list_(_text), "What was decided on the way, in sentences, with what stands in for what is not installed."),
    Column("error", _ERROR, "Why there is no result: class, message, and the last places of the code; null for a good row."),
    Column("seconds_read", _real, "Reading the picture and its masks: the picture's time over its number of phrases, as below."),
    Column("seconds_propose", _real, "Making or loading the proposals that were handed over; 0 where the system makes its own."),
    Column("seconds_segment", _real, "The system's own time."),
    Column("seconds_row", _real, "Making this row."),
)  # fmt: skip
"""Every column, in order. With detail ``light`` the columns are the same, and what is said to come with ``full`` is null."""

SCHEMA = pa.schema([pa.field(each.name, each.type) for each in COLUMNS])


def columns_markdown() -> str:
    """The columns as a Markdown table, as it stands in ``docs/runs.md``."""
    lines = ["| column | type | meaning |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {_type_name(each.type)} | {each.meaning} |" for each in COLUMNS]
    return "\n".join(lines) + "\n"


def _type_name(kind: pa.DataType) -> str:
    if kind == MASK:
        return "mask"
    if kind == MAP:
        return "map"
    if kind == BITS:
        return "bits"
    if pa.types.is_list(kind):
        return f"list of {_type_name(kind.value_type)}"
    if pa.types.is_map(kind):
        return f"{_type_name(kind.key_type)} to {_type_name(kind.item_type)}"
    if pa.types.is_struct(kind):
        inside = (f"{kind.field(place).name} {_type_name(kind.field(place).type)}" for place in range(kind.num_fields))
        return "{" + ", ".join(inside) + "}"
    return {"string": "text", "double": "float64", "float": "float32"}.get(str(kind), str(kind))
