"""Notes with what they are about, as one file for other programs: CSV, Parquet, or COCO with the masks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.evaluation.annotations.note import Note
from iterprime_xai.evaluation.annotations.note_coco import MASK_COLUMNS, coco
from iterprime_xai.evaluation.failures.classifying import COLUMNS, THRESHOLD, classify
from iterprime_xai.records.errors import OptionError, StorageError
from iterprime_xai.records.writing import as_path, write_whole

if TYPE_CHECKING:
    from iterprime_xai.evaluation.annotations.notes import Notes
    from iterprime_xai.evaluation.runs.reading import Run

FIELDS = ("sample_id", "phrase", "type", "sentence", "iou", "author", "at", "tags", "note", "run_key")
"""The columns of CSV and Parquet, a row a note."""

NO_SAMPLE = "The run has no such sample."
"""The sentence of a note whose sample is not in the run: its phrase, type and IoU are empty."""

_FORMULA = "=+-@＝＋－＠"


def export(run: Run, notes: Notes, path: str | Path, *, threshold: float = THRESHOLD) -> Path:
    """Write every note that holds, the oldest first, to a file whose ending says how; gives the path.

    - ``.csv``: UTF-8 with a byte order mark, without which Excel takes it for another encoding; tags joined with ";"; text that a
      spreadsheet would run as a formula (= + - @ first, behind blanks too) has a ' before it.
    - ``.parquet``: ``tags`` is a list, ``at`` a time with zone UTC, ``iou`` float64; nothing else is changed.
    - ``.json``: COCO, which pycocotools reads, see `note_coco.coco`.

    CSV and Parquet hold UTF-8, which has no half characters: each becomes U+FFFD.

    Args:
        run: whose rows say what the notes are about.
        notes: read again first, so that those of others are in it.
        path: of the file; one that is there is replaced.
        threshold: IoU from which an answer is right, for the type.

    Raises:
        OptionError: another ending, a threshold out of range. StorageError: full disk, a run that cannot be read.
    """
    target = as_path(path)
    ways: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {".csv": _csv, ".parquet": _parquet}
    suffix = target.suffix.lower()
    if suffix not in (*ways, ".json"):
        raise OptionError(
            f"Notes are exported as .csv, .parquet or .json (COCO), but got {target.name!r}; take one of these."
        )
    if not 0 < threshold <= 1:
        raise OptionError(f"threshold must be an IoU above 0 and at most 1, but got {threshold!r}.")
    notes.refresh()
    found = notes.all()
    ids = dict.fromkeys(note.sample_id for note in found)
    rows = _rows(run, ids, (*COLUMNS, "text", *(MASK_COLUMNS if suffix == ".json" else ())))
    types = {name: classify(row, threshold) for name, row in rows.items()}
    if suffix == ".json":
        content = json.dumps(coco(run, rows, types, found), allow_nan=False).encode("ascii")
    else:
        content = ways[suffix]([_values(note, rows.get(note.sample_id), types.get(note.sample_id)) for note in found])
    return write_whole(target, content)


def _rows(run: Run, ids: Iterable[str], columns: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The rows of these samples, as many as the run has, in its order; other columns and rows are not decoded."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = [each for each in ids if _whole(each) == each]  # no file of Arrow can hold half a character
    found: dict[str, dict[str, Any]] = {}
    for path in run.files if wanted else ():
        try:
            chosen = pc.field("sample_id").isin(pa.array(wanted, pa.string()))
            table = pq.read_table(path, columns=list(columns), filters=chosen, partitioning=None)
        except (OSError, pa.ArrowException) as error:
            raise StorageError(f"{path} cannot be read: {error}. Delete it and evaluate again.") from error
        for row in table.to_pylist(maps_as_pydicts="strict"):
            found[row["sample_id"]] = row
    return found


def _values(note: Note, row: dict[str, Any] | None, failure: Any) -> dict[str, Any]:
    about = (None, None, NO_SAMPLE, None)
    if row is not None:
        about = (row["text"], failure.type, failure.sentence, row["iou"])
    values = (note.sample_id, *about, note.author, note.at, note.tags, note.text, note.run_key)
    return dict(zip(FIELDS, values, strict=True))


def _csv(rows: list[dict[str, Any]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(FIELDS)
    for row in rows:
        tags = ";".join(map(_harmless, row["tags"]))
        writer.writerow([_harmless(value) for value in {**row, "tags": tags}.values()])
    return _whole(file.getvalue()).encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    """A spreadsheet runs what begins like a formula, also what came from another person's note."""
    if isinstance(value, str) and value.lstrip()[:1] in tuple(_FORMULA):
        return f"'{value}"
    return value


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"iou": pa.float64(), "at": pa.timestamp("us", tz="UTC"), "tags": pa.list_(pa.string())}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in FIELDS])
    plain = [
        {
            **{name: _whole(value) if isinstance(value, str) else value for name, value in row.items()},
            "at": datetime.fromisoformat(row["at"]),
            "tags": [_whole(each) for each in row["tags"]],
        }
        for row in rows
    ]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(plain, schema), file)
    return file.getvalue()


def _whole(text: str) -> str:
    """The text with U+FFFD for each half of a character."""
    return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)
