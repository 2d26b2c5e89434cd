"""Measured rows in a file, one JSON object a line, so that a question that comes up later needs no new run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from iterprime_xai.records.errors import StorageError
from iterprime_xai.records.writing import write_whole

Row = TypeVar("Row")


def save_rows(rows: Sequence[Any], path: str | Path) -> Path:
    """Write rows (dataclasses of plain values) to a JSON lines file, whole or not at all."""
    lines = [json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows]
    return write_whole(path, "".join(lines).encode("utf-8"))


def load_rows(path: str | Path, kind: type[Row]) -> list[Row]:
    """Read rows of one dataclass back, equal to what :func:`save_rows` was given.

    Raises ``StorageError`` for a file that cannot be read or holds other rows.
    """
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    rows: list[Row] = []
    try:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            values = json.loads(line)
            if set(values) != names:
                raise ValueError(f"the fields are {', '.join(sorted(values))}")
            rows.append(
                kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
            )
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"{path} should hold one JSON object a line with the fields of {kind.__name__} ({', '.join(sorted(names))}): {error}. "
            "Measure again, or name the file of these rows."
        ) from error
    return rows
