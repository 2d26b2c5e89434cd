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
    return part_of_table(arrow_rows(rows), shard, key, versions)


def part_of_table(table: pa.Table, shard: int, key: str, versions: Mapping[str, str]) -> Part:
    """Rows that are an Arrow table of all columns already as the content of a part file."""
    import pyarrow.parquet as pq

    from iterprime_xai.evaluation.runs.schema import SCHEMA

    errors = table.num_rows - table["error"].null_count
    note = {"key": key, "shard": shard, "rows": table.num_rows, "errors": errors, "versions": dict(versions)}
    schema = SCHEMA.with_metadata({NOTE: json.dumps(note, sort_keys=True).encode("utf-8")})
    content = io.BytesIO()
    pq.write_table(table.cast(schema), content, compression="zstd", row_group_size=ROWS_AT_ONCE)
    return Part(shard, content.getvalue(), table.num_rows, errors)


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


def arrow_rows(rows: Sequence[Mapping[str, Any]], schema: Any = None) -> Any:
    """Rows as an Arrow table of ``schema`` (``None``: the columns of a run); what a row leaves out is null.

    Half a character (a lone surrogate), which no file can hold, is kept as its escape, such as ``\\ud800``.
    """
    import pyarrow as pa

    from iterprime_xai.evaluation.runs.schema import SCHEMA

    given = [_arrow(row) for row in rows]
    try:
        return pa.Table.from_pylist(given, SCHEMA if schema is None else schema)
    except UnicodeEncodeError:
        return pa.Table.from_pylist([_escaped(row) for row in given], SCHEMA if schema is None else schema)


def _escaped(value: Any) -> Any:
    """A value of a row with every half of a character escaped, wherever it is."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_escaped(key): _escaped(each) for key, each in value.items()}
    return type(value)(map(_escaped, value)) if isinstance(value, list | tuple) else value


def _arrow(row: Mapping[str, Any]) -> dict[str, Any]:
    """Arrow takes maps as pairs."""
    found = dict(row)
    if found.get("tags") is not None:
        found["tags"] = sorted(found["tags"].items())
    if found.get("proposals"):
        found["proposals"] = [{**each, "terms": list(each["terms"].items())} for each in found["proposals"]]
    return found
