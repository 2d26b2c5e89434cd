"""The few columns of a run that its metrics need, as arrays; masks, maps and proposals are never read."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.records import OptionError

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run

COLUMNS = (
    "sample_id", "image_id", "image_sha256", "text", "iou", "giou", "intersection", "union", "gold_area", "no_target",
    "abstained", "peak_in_mask", "best_iou",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Measured:
    """The rows that can be measured, as arrays of one length: those with a gold mask, and error rows.

    ``pictures`` numbers the picture of each row. An error row has IoU 0 and is never right: ``abstained`` and ``answered`` are both
    false for it.
    """

    sample_ids: np.ndarray
    pictures: np.ndarray
    texts: np.ndarray
    hashes: np.ndarray
    iou: np.ndarray
    giou: np.ndarray
    intersection: np.ndarray
    union: np.ndarray
    gold_area: np.ndarray
    no_target: np.ndarray
    abstained: np.ndarray
    answered: np.ndarray
    peak: np.ndarray
    best_iou: np.ndarray
    error: np.ndarray
    tags: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.iou)

    def take(self, places: np.ndarray) -> Measured:
        """These rows, in this order."""
        values = {name: value[places] for name, value in vars(self).items() if name != "tags"}
        return Measured(**values, tags={name: value[places] for name, value in self.tags.items()})

    def groups(self, by: str | None) -> dict[str, np.ndarray]:
        """All rows, and those of each value of a tag in alphabetical order."""
        found = {"all": np.ones(len(self), bool)}
        if by is not None:
            values = self.tags[by]
            found |= {
                f"{by} {value}" if value == "all" else value: values == value for value in sorted(set(values.tolist()))
            }
        return found


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of a run: all, those that cannot be measured (no gold mask), and errors by class."""

    rows: int
    unmeasured: int
    errors: dict[str, int]
    seconds: float


def measured(run: Run, by: str | None = None) -> tuple[Measured, Counted]:
    """Read what the metrics need. ``by`` is a tag whose values are wanted too.

    Raises ``OptionError`` for a tag that no row has.
    """
    import pyarrow.compute as pc

    timing = ("seconds_read", "seconds_propose", "seconds_segment", "seconds_row")
    table = run.table([*COLUMNS, "error", *timing, *(("tags",) if by else ())])
    error = pc.fill_null(pc.struct_field(table["error"], "kind"), "")
    kinds = {entry["values"]: entry["counts"] for entry in pc.value_counts(error).to_pylist() if entry["values"]}
    failed = _array(pc.not_equal(error, ""))
    known = _array(pc.is_valid(table["iou"]))
    if not _array(pc.is_valid(table["gold_area"])).any():
        known = np.zeros(len(known), bool)  # nothing has a gold mask: errors alone are no measure
    kept = np.flatnonzero(known)
    seconds = sum(pc.sum(table[name]).as_py() or 0.0 for name in timing)
    counted = Counted(len(table), len(table) - len(kept), dict(sorted(kinds.items())), seconds)
    tags = {} if by is None else {by: _tag(table, by)[kept]}
    number = pc.dictionary_encode(table["image_id"].combine_chunks()).indices
    fields = {
        "sample_ids": _array(table["sample_id"]),
        "pictures": _array(number).astype(np.int64),
        "texts": _array(table["text"]),
        "hashes": _array(table["image_sha256"]),
        **{name: _filled(table, name, 0.0).astype(np.float64) for name in ("iou", "giou", "intersection", "union")},
        "gold_area": _filled(table, "gold_area", -1),
        "no_target": _filled(table, "no_target", False),
        "abstained": _filled(table, "abstained", False) & ~failed,
        "answered": ~_filled(table, "abstained", True) & ~failed,
        "peak": _filled(table, "peak_in_mask", False),
        "best_iou": _filled(table, "best_iou", 0.0).astype(np.float64),
        "error": failed,
    }
    return Measured(**{name: value[kept] for name, value in fields.items()}, tags=tags), counted


def _tag(table: Any, by: str) -> np.ndarray:
    """A tag's value for every row; "(none)" where it has none."""
    import pyarrow.compute as pc

    values = pc.map_lookup(table["tags"], by, "first")
    if len(table) and values.null_count == len(values):
        names = sorted({name for row in table["tags"][:1000].to_pylist() for name, _ in row or ()})
        near = get_close_matches(by, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise OptionError(f"No row has the tag {by!r}{hint} Tags: {', '.join(names) or 'none'}.")
    return _array(pc.fill_null(values, "(none)"))


def _array(column: Any) -> np.ndarray:
    return column.to_numpy(zero_copy_only=False) if not hasattr(column, "num_chunks") else column.to_numpy()


def _filled(table: Any, name: str, value: Any) -> np.ndarray:
    import pyarrow.compute as pc

    return _array(pc.fill_null(table[name], value))
