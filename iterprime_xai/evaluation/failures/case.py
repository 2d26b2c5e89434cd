"""One sample of a run with all that is needed to understand it: picture, gold mask, grounding, and the type of its failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.failures.classifying import THRESHOLD, Failure
from iterprime_xai.evaluation.failures.relabelling import relabelled, relabelled_failure
from iterprime_xai.evaluation.runs.coding import read_mask
from iterprime_xai.evaluation.runs.regrounding import grounding_of
from iterprime_xai.records import Grounding
from iterprime_xai.records.errors import ImageInputError, StorageError

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.evaluation.runs.reading import Run


@dataclass(frozen=True, eq=False)
class Case:
    """A sample of a run.

    ``image`` is its upright picture, and ``None`` where it cannot be shown; ``problem`` says why. ``grounding`` is what the
    system found, and ``None`` for an error row and without a picture. ``gold`` is the gold mask (bool, height x width) or ``None``.
    ``row`` is the run's row, all columns; ``threshold`` the IoU from which an answer counts as right.
    """

    run: str
    sample_id: str
    text: str
    row: Mapping[str, Any]
    failure: Failure
    threshold: float
    gold: np.ndarray | None = None
    image: Image.Image | None = None
    grounding: Grounding | None = None
    problem: str = ""


def open_case(run: Run, sample_id: str, threshold: float = THRESHOLD, gold: np.ndarray | None = None) -> Case:
    """Read one sample of a run, with its picture.

    ``gold`` is a gold mask (bool, height x width) that takes the place of the row's (`relabelling.relabelled`).

    Raises:
        OptionError: an id that the run does not have, a threshold out of range, or a gold mask that does not fit.
        StorageError: a run that cannot be read. A picture that cannot is said in ``problem``.
    """
    row = run.row(sample_id) if gold is None else relabelled(run.row(sample_id), gold)
    image, problem = None, ""
    try:
        image = run.image(row)
    except (StorageError, ImageInputError) as error:
        problem = str(error)
    return Case(
        run=run.name,
        sample_id=sample_id,
        text=row["text"] or "",  # a picture that could not be read tells no phrase
        row=row,
        failure=relabelled_failure(row, threshold),
        threshold=threshold,
        gold=read_mask(row["gold"]),
        image=image,
        grounding=None if image is None or row["error"] is not None else grounding_of(run, row, image),
        problem=problem,
    )
