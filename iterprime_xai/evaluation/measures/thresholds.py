"""Where an answer should be withheld: chosen on a val run, never on a test run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.evaluation.auroc import balanced_threshold
from iterprime_xai.evaluation.measures.set_shares import best_share
from iterprime_xai.evaluation.runs.threshold import Threshold
from iterprime_xai.records import OptionError

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run

_FOR_SETS = ("proposals", "gold", "no_target", "evidence", "error")

VAL = ("val", "miniv")
"""Splits on which something may be chosen; PhraseCut has a small one of its own."""


def choose_threshold(run: Run | str | Path) -> Threshold:
    """The threshold of the evidence with the largest balanced accuracy in telling phrases that mean something from the others.

    For a run with detail "full" also the share that a further mask needs with answer "set": the one with the largest mean gIoU.

    Raises ``OptionError`` for a run that holds anything but val samples, is not done, or has phrases of one side only.
    """
    import pyarrow.compute as pc

    from iterprime_xai.evaluation.runs.reading import Run, read_run

    opened = run if isinstance(run, Run) else read_run(run)
    name = opened.manifest.decides["data"]["name"]
    table = opened.table(["tags", "evidence", "no_target", "error"])
    splits = sorted(set(pc.fill_null(pc.map_lookup(table["tags"], "split", "first"), "(none)").to_pylist()))
    # A sample that could not be read has no tags: the data set's own split speaks for it.
    own = opened.manifest.decides["data"].get("split")
    wrong = [each for each in splits if each not in VAL and not (each == "(none)" and own in VAL)]
    if wrong or not splits:
        raise OptionError(
            f"A threshold is chosen on val only, but {opened.path} ({name}) holds {', '.join(wrong) or 'nothing'}: what is chosen "
            "on test samples makes their results worthless. Evaluate the val split."
        )
    if not opened.complete:
        raise OptionError(
            f"{opened.path} is not done ({len(opened)} of {opened.manifest.samples} phrases): evaluate it to its end."
        )
    usable = table.filter(pc.and_(pc.is_valid(table["evidence"]), pc.is_valid(table["no_target"])))
    if not len(usable):
        raise OptionError(
            f"No row of {opened.path} has both a gold mask and evidence: this system has no figure that says "
            "whether the target is there."
        )
    present = ~np.asarray(usable["no_target"].to_pylist(), bool)
    if present.all() or not present.any():
        raise OptionError(
            f"All {len(present)} phrases of {name} mean {'something' if present.all() else 'nothing'}, so no threshold can tell "
            "the two apart; use data with both, such as gRefCOCO."
        )
    value, accuracy = balanced_threshold(usable["evidence"].to_pylist(), present.tolist())
    share = giou = None
    if opened.manifest.decides["detail"] == "full":
        rows = (row for row in opened.rows(_FOR_SETS) if row["no_target"] is not None)
        share, giou = best_share(rows, value)
    return Threshold(
        set_share=share,
        giou=giou,
        value=value,
        accuracy=accuracy,
        system=opened.manifest.asked["system"],
        data=name,
        run=opened.key,
        present=int(present.sum()),
        absent=int((~present).sum()),
    )
