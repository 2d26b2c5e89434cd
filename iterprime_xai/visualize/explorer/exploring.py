"""``ix.explore``: a run in the explorer, with charts beside it in Jupyter, and its tables everywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from iterprime_xai.evaluation.failures.classifying import THRESHOLD
from iterprime_xai.visualize.explorer.session import Session

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run
    from iterprime_xai.systems.segmenter import ZeroShotSegmenter
    from iterprime_xai.visualize.explorer.explorer_box import Explorer


def explore(
    run: Run | str | Path,
    against: Run | str | Path | None = None,
    *,
    threshold: float = THRESHOLD,
    system: ZeroShotSegmenter | None = None,
    author: str | None = None,
) -> Explorer:
    """Open a run in the failure explorer.

    Args:
        run: a run, or its folder.
        against: a second run to compare with, or its folder.
        threshold: IoU from which an answer is right.
        system: the run's system in memory, for asking again; ``None`` makes it from the run's manifest.
        author: whose notes are written; ``None``: the user of the machine.

    Raises:
        OptionError: a threshold out of range. StorageError: a run that cannot be read or has no rows.
        MissingExtraError: without the extra ``notebook``.
    """
    from iterprime_xai.visualize.explorer.explorer_box import Explorer

    return Explorer(Session(run, against, threshold=threshold, system=system, author=author))
