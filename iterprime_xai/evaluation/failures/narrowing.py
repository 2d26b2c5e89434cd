"""A part of a run's failure table: the phrases whose tags have given values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from iterprime_xai.evaluation.failures.table import FailureTable
from iterprime_xai.records.errors import OptionError


def narrowed(table: FailureTable, where: Mapping[str, str]) -> FailureTable:
    """Only the phrases that have all these tags; the whole table for none.

    Raises:
        OptionError: a tag or a value that no phrase has, with the nearest one.
    """
    rows = table.rows
    for name, value in where.items():
        known = tag_values(table, name)
        if value not in known:
            near = get_close_matches(str(value), known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise OptionError(f"No phrase has {name}={value!r}.{hint} There are: {', '.join(known)}.")
        rows = rows.filter(pc.fill_null(pc.equal(_values(rows, name), value), False))
        if not rows.num_rows:
            raise OptionError(f"No phrase has all of {', '.join(f'{key}={each}' for key, each in where.items())}.")
    return FailureTable(rows, table.threshold)


def tag_values(table: FailureTable, name: str) -> Sequence[str]:
    """The values of a tag, the most frequent first. Raises ``OptionError`` for a tag that no phrase has."""
    counted = sorted(
        (
            (each["counts"], each["values"])
            for each in pc.value_counts(_values(table.rows, name)).to_pylist()
            if each["values"]
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )
    if not counted:
        tags = sorted({key for row in table.rows["tags"].to_pylist() for key, _ in row or ()})
        near = get_close_matches(name, tags, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise OptionError(f"No phrase has a tag {name!r}.{hint} There are: {', '.join(tags) or 'none'}.")
    return [value for _, value in counted]


def _values(rows: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.map_lookup(rows["tags"], pa.scalar(name), "first")
