"""A run as a table with one light line a phrase: its type, what it costs, and what it can be filtered by; kept beside the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from iterprime_xai.evaluation.failures.classifying import COLUMNS, THRESHOLD, classify
from iterprime_xai.evaluation.failures.repairing import repaired_overlap
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.records.errors import OptionError, StorageError
from iterprime_xai.records.writing import whole_file

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run

TABLE_FORMAT = 2
"""Number of this set of columns and rules: a table that was kept by another is made again."""

FOLDER = "failures"
"""Where in a run's folder tables are kept."""

_text, _whole, _real, _flag = pa.string(), pa.int64(), pa.float64(), pa.bool_()
SCHEMA = pa.schema(
    [
        ("sample_id", _text),
        ("image_id", _text),
        ("text", _text),
        ("tags", pa.map_(_text, _text)),
        ("category", _text),
        ("words", pa.list_(_text)),
        ("primary", _text),
        ("type", _text),
        ("sentence", _text),
        ("iou", _real),
        ("best_iou", _real),
        ("gain", _real),
        ("intersection", _whole),
        ("union", _whole),
        ("repaired_intersection", _whole),
        ("repaired_union", _whole),
        ("probability", _real),
        ("evidence", _real),
        ("margin", _real),
        ("heat_in_mask", _real),
        ("landed", _text),
        ("things", _whole),
        ("rivals", _whole),
        ("cue", _text),
        ("gold_area", _whole),
        ("chosen_area", _whole),
        ("height", _whole),
        ("width", _whole),
        ("gold_x", _real),
        ("gold_y", _real),
        ("peak_x", _real),
        ("peak_y", _real),
        ("seconds", _real),
    ]
)
"""``gain`` is what the type's oracle would add to the phrase's IoU; ``repaired_...`` are the oracle's pixels. ``things`` counts
the other annotated things, ``rivals`` those of the target's category (null where that is not told); ``cue`` is the first that says
where, in lower case. ``gold_x`` to ``peak_y`` are the centre of the gold mask's box and the peak, as shares of width and height;
``words`` the content words in lower case, ``seconds`` the system's own time."""

_AS_THEY_ARE = (
    *("sample_id", "image_id", "text", "tags", "category", "iou", "best_iou", "intersection", "union", "probability"),
    *("evidence", "margin", "heat_in_mask", "landed", "gold_area", "chosen_area", "height", "width"),
)
READ = tuple(dict.fromkeys((*_AS_THEY_ARE, *COLUMNS, "gold", "peak", "best_index", "seconds_segment")))
"""The columns of a row that its line follows from, beside ``NESTED``."""

NESTED = ("others.list.element.category", "proposals.list.element.area")


@dataclass(frozen=True, slots=True)
class FailureTable:
    """Every phrase of a run as a line of :data:`SCHEMA`, in the run's order, and the IoU from which an answer is right."""

    rows: pa.Table
    threshold: float

    def __len__(self) -> int:
        return int(self.rows.num_rows)


def failure_table(run: Run | str | Path, threshold: float = THRESHOLD) -> FailureTable:
    """Classify every phrase of a run, or read what was kept of that.

    The table is kept in the run's folder (``failures/``), where `evaluate` leaves it when a run is done, and made again when the
    run has grown, parts were made anew, or the rules are others. Where the folder can't be written, nothing is kept.

    Args:
        run: a run, or its folder; one that is not done yet is taken as far as it is.
        threshold: IoU from which an answer is right, above 0 and at most 1.

    Raises:
        OptionError: a threshold out of range. StorageError: a run that cannot be read.
    """
    from iterprime_xai.evaluation.runs.reading import read_run

    opened = read_run(run) if isinstance(run, str | Path) else run
    if not 0 < threshold <= 1:
        raise OptionError(f"threshold must be an IoU above 0 and at most 1, but got {threshold!r}.")
    stamp, path = _stamp(opened, threshold), opened.path / FOLDER / f"table-{threshold:g}.arrow"
    rows = _kept(path, stamp)
    if rows is None and _keep(opened, threshold, stamp, path):
        rows = _kept(path, stamp)
    if rows is None:
        rows = pa.Table.from_batches(_made(opened, threshold), SCHEMA)
    opened.remember(rows["sample_id"])
    return FailureTable(rows, threshold)


def _stamp(run: Run, threshold: float) -> str:
    """What a kept table must agree with: the rules, the threshold, and the very files of the run."""
    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in run.files]
    rules = {name: [each.rule, each.repair] for name, each in TYPES.items()}
    told = json.dumps([TABLE_FORMAT, SCHEMA.to_string(), run.key, threshold, files, rules])
    return hashlib.sha256(told.encode("utf-8")).hexdigest()


def _kept(path: Path, stamp: str) -> pa.Table | None:
    """The table in a file that agrees; memory-mapped, so that only what is looked at is read."""
    try:
        with pa.memory_map(str(path)) as source:
            found = pa.ipc.open_file(source).read_all()
    except (OSError, pa.ArrowException):
        return None
    agrees = (found.schema.metadata or {}).get(b"stamp", b"").decode("ascii", "replace") == stamp
    return found if agrees else None


def _keep(run: Run, threshold: float, stamp: str, path: Path) -> bool:
    """Make the table in its file, part by part, so that it is never in memory as a whole; false where it can't be written."""
    try:
        with whole_file(path) as file, pa.ipc.new_file(file, SCHEMA.with_metadata({"stamp": stamp})) as out:
            for batch in _made(run, threshold):
                out.write_batch(batch)
    except StorageError:
        return False  # a run that can only be read is classified anew each time; one that can't be read is told then
    return True


def _made(run: Run, threshold: float) -> Iterator[pa.RecordBatch]:
    for part in run.tables([*READ, *NESTED]):
        yield from lines_of(part, threshold).to_batches()


def lines_of(part: pa.Table, threshold: float) -> pa.Table:
    """The lines of rows that are an Arrow table with at least ``READ`` and ``NESTED``."""
    import pyarrow.compute as pc

    rows = part.select(list(COLUMNS)).to_pylist(maps_as_pydicts="strict")
    found = [classify(row, threshold) for row in rows]
    areas = _best_areas(part)
    repaired = [
        repaired_overlap(row, TYPES[each.type].repair, area) for row, each, area in zip(rows, found, areas, strict=True)
    ]
    now = [_iou(row["intersection"], row["union"]) for row in rows]
    then = [_iou(*each) for each in repaired]
    centres, peaks = _centres(part), part["peak"].to_pylist()
    heights, widths = part["height"].to_pylist(), part["width"].to_pylist()
    made = {
        "words": [[word["text"].casefold() for word in row["words"] or () if word["content"]] for row in rows],
        "primary": [None if row["primary"] is None else row["primary"]["text"] for row in rows],
        "type": [each.type for each in found],
        "sentence": [each.sentence for each in found],
        "gain": [None if row["gold_area"] is None else b - a for row, a, b in zip(rows, now, then, strict=True)],
        "repaired_intersection": [each[0] for each in repaired],
        "repaired_union": [each[1] for each in repaired],
        "things": pc.list_value_length(part["others"]),
        "rivals": _rivals(part),
        "cue": [row["cues"][0]["text"].casefold() if row["cues"] else None for row in rows],
        "gold_x": [each[0] for each in centres],
        "gold_y": [each[1] for each in centres],
        "peak_x": [
            None if at is None or not wide else (at[0] + 0.5) / wide for at, wide in zip(peaks, widths, strict=True)
        ],
        "peak_y": [
            None if at is None or not high else (at[1] + 0.5) / high for at, high in zip(peaks, heights, strict=True)
        ],
        "seconds": part["seconds_segment"],
    }
    columns = {name: made[name] if name in made else part[name] for name in SCHEMA.names}
    return pa.table(
        {
            name: values.cast(SCHEMA.field(name).type)
            if isinstance(values, pa.ChunkedArray)
            else pa.array(values, SCHEMA.field(name).type)
            for name, values in columns.items()
        },
        SCHEMA,
    )


def _iou(common: int | None, either: int | None) -> float:
    return (common or 0) / either if either else 0.0


def _rivals(part: pa.Table) -> np.ma.MaskedArray:
    """How many of each row's other things are of its category; masked where the row tells none."""
    import pyarrow.compute as pc

    others, category = part["others"].combine_chunks(), part["category"].combine_chunks()
    owner = np.asarray(pc.list_parent_indices(others))
    same = pc.equal(others.flatten().field("category"), category.take(pa.array(owner)))
    counts = np.bincount(owner, pc.fill_null(same, False).to_numpy(zero_copy_only=False), len(part)).astype(np.int64)
    return np.ma.MaskedArray(counts, mask=category.is_null().to_numpy(zero_copy_only=False))


def _best_areas(part: pa.Table) -> list[int | None]:
    """The area of each row's best-fitting proposal, without making Python objects of all the others."""
    proposals = part["proposals"].combine_chunks()
    areas = proposals.flatten().field("area").to_numpy(zero_copy_only=False)
    starts = np.asarray(proposals.offsets) - proposals.offsets[0].as_py()
    best = part["best_index"].to_pylist()
    return [
        None if at is None or begin + at >= end else int(areas[begin + at])
        for at, begin, end in zip(best, starts[:-1], starts[1:], strict=True)
    ]


def _centres(part: pa.Table) -> list[tuple[float | None, float | None]]:
    """The centre of each gold mask's box, as shares of width and height."""
    from pycocotools import mask as coco

    codes = part["gold"].to_pylist()
    known = [code for code in codes if code is not None]
    boxes = iter(coco.toBbox(known).tolist() if known else ())
    found: list[tuple[float | None, float | None]] = []
    for code in codes:
        if code is None:
            found.append((None, None))
            continue
        (left, top, wide, high), (height, width) = next(boxes), code["size"]
        found.append(((left + wide / 2) / width, (top + high / 2) / height) if wide and high else (None, None))
    return found
