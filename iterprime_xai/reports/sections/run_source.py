"""The run that a report is about: one that is there, or a small one made on bundled scenes so that the report can be seen."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run

DATA = "scenes:ood"
"""Drawings by an artist that the bundled model never saw: there is something to explain."""


def opened(path: str, phrases: int = 120, system: str = "iterprime") -> Run:
    """Read the run in a folder; for "" evaluate a system on some scenes into a folder that goes when Python ends.

    Raises ``StorageError`` for a folder that is no run. A run that is not done is taken as far as it is.
    """
    from iterprime_xai.evaluation.runs.reading import read_run

    return read_run(path) if path else _made(system, phrases)


@lru_cache(maxsize=4)
def _made(system: str, phrases: int) -> Run:
    from iterprime_xai.evaluation.runs import evaluate

    folder = passing_folder() / f"{system} on scenes"
    return evaluate(system, DATA, folder, limit=phrases, detail="full", progress=False)


def passing_folder() -> Path:
    """A new folder that goes when Python ends."""
    folder = Path(tempfile.mkdtemp(prefix="iterprime-xai-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
