"""Rows and tables of a run with gold masks that people gave later, as if the data set had had them from the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from iterprime_xai.evaluation.failures.classifying import THRESHOLD, Failure, classify
from iterprime_xai.evaluation.failures.table import READ, FailureTable, lines_of
from iterprime_xai.evaluation.runs.against_gold import (
    OTHER,
    best_values,
    gold_values,
    heat_values,
    landed,
    missed,
    overlap_values,
    overlaps,
)
from iterprime_xai.evaluation.runs.coding import read_map, read_mask
from iterprime_xai.evaluation.runs.parts import arrow_rows
from iterprime_xai.evaluation.runs.schema import SCHEMA
from iterprime_xai.records.errors import OptionError

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run

GIVEN = "The gold mask was given by a person, not by the data set."
"""The note of every row that was made again."""

ANSWER_ONLY = (
    "The masks of other proposals were not kept (detail light): only the answer is compared with this gold mask, and a better "
    "proposal may have been there."
)
"""The note, and the end of a failure's sentence, where the best proposal is not known."""

OTHERS_UNKNOWN = (
    "The masks of other things were not kept (detail light): the peak lies in the box of one, and counts as background."
)
"""The note where nobody knows on what the peak lies."""

_NEEDED = tuple(
    dict.fromkeys((*READ, "notes", "others", "proposals", "heatmap", "blank", "peak", "chosen", "chosen_indices"))
)


def check_gold(mask: np.ndarray, what: str) -> None:
    """Raise ``OptionError`` unless ``mask`` can be the gold mask of ``what``: bool (height, width) with a pixel that is true."""
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.ndim != 2:
        got = f"{mask.dtype} of shape {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise OptionError(f"The gold mask of {what} must be a bool array (height, width), but got {got}.")
    if not mask.any():
        raise OptionError(f"The gold mask of {what} is empty: a mask that people give marks at least one pixel.")


def relabelled(row: Mapping[str, Any], mask: np.ndarray) -> dict[str, Any]:
    """A row with another gold mask: everything that follows from one is worked out again, the rest is as it was.

    It is the row that the run would have if the data set had this mask, but for ``heat_in_mask``, which comes from the map in half
    precision that the row keeps (0.1 % at most), and for what detail ``light`` did not keep. There the proposal that was answered
    is the only one whose IoU is known; the others have none, and ``best_index`` and ``best_iou`` are of those that are known.
    A peak on another thing is known by what the row said of it before, or where it lies in no thing's box. ``notes`` say so.

    Args:
        row: of a run, all columns.
        mask: bool (height, width), as large as the picture, not empty.

    Raises:
        OptionError: another mask, or a row whose picture could not be read.
    """
    what = f"sample {row['sample_id']!r}"
    check_gold(mask, what)
    problem = _misfit(what, mask.shape, (row["height"], row["width"]))
    if problem:
        raise OptionError(problem)
    found = {**row, **gold_values(mask), "notes": [*(row["notes"] or ()), GIVEN]}
    if row["error"] is not None:
        return found | missed(found, True)
    point = None if row["peak"] is None else (row["peak"][0], row["peak"][1])
    heatmap = read_map(row["heatmap"])
    assert heatmap is not None
    found |= overlap_values(read_mask(row["chosen"]), mask) | heat_values(heatmap, point, mask, blank=row["blank"])
    for values, note in (_proposal_values(row, found["gold"], found["iou"]), _landed_values(row, point, mask)):
        found |= values
        found["notes"] += [note] if note else []
    return found


def relabelled_failure(row: Mapping[str, Any], threshold: float = THRESHOLD) -> Failure:
    """The type of a row that may have been made again; the sentence says where the best proposal is not known."""
    found = classify(row, threshold)
    if ANSWER_ONLY not in (row["notes"] or ()) or found.type in ("right", "error"):
        return found
    return replace(found, sentence=f"{found.sentence} {ANSWER_ONLY}")


def relabelled_table(run: Run, table: FailureTable, masks: Mapping[str, np.ndarray]) -> FailureTable:
    """A run's table with some samples' lines made again for other gold masks; all other lines are those of ``table``, not copied.

    The masks of a sample do not become "other things" in the picture's other samples.

    Args:
        run: that the table is of.
        table: of :func:`~iterprime_xai.evaluation.failures.table.failure_table`.
        masks: the gold mask of each sample by its id; see :func:`usable_masks` for those that may not fit.

    Raises:
        OptionError: an id that the run does not have, or a mask that does not fit.
        StorageError: a run that cannot be read.
    """
    if not masks:
        return table
    good, problems = usable_masks(table, masks)
    if problems:
        raise OptionError(problems[0])
    rows = [relabelled(run.row(sample_id, _NEEDED), mask) for sample_id, mask in good.items()]
    lines = lines_of_relabelled(rows, table.threshold)
    old = table.rows.replace_schema_metadata(None)
    pieces, done = [], 0
    for place, line in sorted((place, line) for line, place in enumerate(_places(table, good))):
        pieces += [old.slice(done, place - done), lines.slice(line, 1)]
        done = place + 1
    return FailureTable(pa.concat_tables([*pieces, old.slice(done)]), table.threshold)


def lines_of_relabelled(rows: Sequence[Mapping[str, Any]], threshold: float = THRESHOLD) -> pa.Table:
    """The lines of rows that were made again, as they stand in a table of failures."""
    schema = pa.schema([each for each in SCHEMA if each.name in {*READ, "others", "proposals"}])
    lines = lines_of(arrow_rows([{name: row[name] for name in schema.names} for row in rows], schema), threshold)
    sentences = pa.array([relabelled_failure(row, threshold).sentence for row in rows], pa.string())
    return lines.set_column(lines.schema.get_field_index("sentence"), "sentence", sentences)


def usable_masks(table: FailureTable, masks: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """The masks that fit a sample of the table, and a sentence for each of the others."""
    good, problems = {}, []
    for (sample_id, mask), place in zip(masks.items(), _places(table, masks), strict=True):
        what = f"sample {sample_id!r}"
        if place < 0:
            problems.append(f"There is a gold mask for {what}, which the run does not have.")
            continue
        size = (table.rows["height"][place].as_py(), table.rows["width"][place].as_py())
        problem = _misfit(what, mask.shape, size)
        if problem:
            problems.append(problem)
        else:
            good[sample_id] = mask
    return good, tuple(problems)


def _places(table: FailureTable, ids: Iterable[str]) -> list[int]:
    """Where samples stand in a table; -1 for those that do not."""
    # No file of Arrow can hold half a character, but the id in a line of labels can.
    asked = pa.array([each.encode("utf-8", "replace").decode("utf-8") for each in ids], pa.string())
    places = pc.index_in(asked, value_set=table.rows["sample_id"].combine_chunks()).to_pylist()
    return [-1 if place is None else int(place) for place in places]


def _misfit(what: str, shape: tuple[int, ...], size: tuple[int | None, int | None]) -> str:
    """Why a mask cannot be the gold mask of a picture of ``size`` = (height, width); empty where it can."""
    if None in size:
        return f"The picture of {what} could not be read, so that no gold mask can be given for it."
    if tuple(shape) == size:
        return ""
    return (
        f"The gold mask of {what} is {' x '.join(map(str, shape))}, but its upright picture is {size[0]} x {size[1]} (height x "
        "width); the mask must belong to the picture as it is shown."
    )


def _proposal_values(row: Mapping[str, Any], gold: Mapping[str, Any], iou: float) -> tuple[dict[str, Any], str]:
    """Every proposal's IoU with the gold mask, and the best; ``iou`` is the answer's own. And what is to be noted."""
    proposals = row["proposals"]
    if not proposals:
        return best_values(()), ""
    fits: list[float | None]
    if all(each["mask"] is not None for each in proposals):
        fits = [*overlaps([each["mask"] for each in proposals], [each["area"] for each in proposals], gold)]
    else:
        chosen = row["chosen_indices"] or ()
        fits = [iou if [index] == list(chosen) else None for index in range(len(proposals))]
    items = [{**each, "iou": fit} for each, fit in zip(proposals, fits, strict=True)]
    return {"proposals": items, **best_values(fits)}, ANSWER_ONLY if None in fits else ""


def _landed_values(
    row: Mapping[str, Any], point: tuple[int, int] | None, gold: np.ndarray
) -> tuple[dict[str, Any], str]:
    """Where the peak fell, and what is to be noted."""
    others = row["others"] or ()
    before = row["landed"]
    if point is None or gold[point[1], point[0]]:
        where = landed(point, gold, (), ())
    elif before not in (None, "target"):
        where = before  # the other things are the same
    elif all(each["mask"] is not None for each in others):
        masks = [read_mask(each["mask"]) for each in others]
        names = [OTHER if each["category"] is None else each["category"] for each in others]
        where = landed(point, gold, [each for each in masks if each is not None], names)
    else:
        where = "background"
        if any(_holds(each["box"], point) for each in others):
            return {"landed": where}, OTHERS_UNKNOWN
    return {"landed": where}, ""


def _holds(box: Sequence[int] | None, point: tuple[int, int]) -> bool:
    return box is not None and box[0] <= point[0] < box[2] and box[1] <= point[1] < box[3]
