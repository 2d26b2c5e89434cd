"""Part files: the rows of one shard as Parquet, with the key of their run, whole or not there."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.records import StorageError

if TYPE_CHECKING:
    import pyarrow as pa

NOTE = b"iterprime_xai"
"""Where a part keeps what it says of itself, in the file's metadata."""
ROWS_AT_ONCE = 128
"""Rows of a row group: what has to be read for one row. Small groups make reading a few columns of many rows slow."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part file's content, and how many of its rows are errors."""

    shard: int
    content: bytes
    rows: int
    errors: int


@dataclass(frozen=True, slots=True)
class PartNote:
    """What a part says of itself: its run, shard, rows, error rows, and the versions that made it."""

    key: str
    shard: int
    rows: int
    errors: int
    versions: Mapping[str, str]


def part_name(shard: int) -> str:
    return f"part-{shard:05d}.parquet"


def part_of(rows: Sequence[Mapping[str, Any]], shard: int, key: str, versions: Mapping[str, str]) -> Part:
    """Rows (columns that are left out are null) as the content of a part file."""
    import pyarrow.parquet as pq

    from iterprime_xai.evaluation.runs.schema import SCHEMA

    errors = sum(row.get("error") is not None for row in rows)
    note = {"key": key, "shard": shard, "rows": len(rows), "errors": errors, "versions": dict(versions)}
    schema = SCHEMA.with_metadata({NOTE: json.dumps(note, sort_keys=True).encode("utf-8")})
    table = arrow_rows(rows, schema)
    content = io.BytesIO()
    pq.write_table(table, content, compression="zstd", row_group_size=ROWS_AT_ONCE)
    return Part(shard, content.getvalue(), len(rows), errors)


def read_note(path: Path) -> PartNote:
    """What a part says of itself, without reading its rows. Raises ``StorageError`` for what is no whole part."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return note_of(pq.read_metadata(path))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise StorageError(f"{path} is no whole part of a run ({error}); delete it, and it is made again.") from error


def note_of(metadata: Any) -> PartNote:
    """What a part says of itself, from the metadata of its open file. Raises ``ValueError`` for what is no whole part."""
    try:
        note = PartNote(**json.loads(metadata.metadata[NOTE]))
    except (KeyError, TypeError) as error:
        raise ValueError("it does not say which run it is of") from error
    if metadata.num_rows != note.rows:
        raise ValueError(f"{metadata.num_rows} rows instead of {note.rows}")
    return note


def arrow_rows(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as an Arrow table with columns of a run; what a row leaves out is null."""
    import pyarrow as pa

    return pa.Table.from_pylist([_arrow(row) for row in rows], schema)


def _arrow(row: Mapping[str, Any]) -> dict[str, Any]:
    """Arrow takes maps as pairs."""
    found = dict(row)
    if found.get("tags") is not None:
        found["tags"] = sorted(found["tags"].items())
    if found.get("proposals"):
        found["proposals"] = [{**each, "terms": list(each["terms"].items())} for each in found["proposals"]]
    return found
