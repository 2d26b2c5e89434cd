"""How a model's folder is written: beside its place first, then moved there file by file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

TRAINING = "training.json"
"""Settings, length and figures of the training, in the folder of what was trained."""


@contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """An empty folder to write into; when the block ends without an error, its files take their places in ``folder``.

    File by file, each in one move, since a directory that is in use cannot be swapped everywhere.
    """
    beside = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield beside
        folder.mkdir(exist_ok=True)
        for path in sorted(beside.iterdir()):
            if os.name == "posix":
                # Weights are saved readable by their owner alone; a model is there to be shared.
                path.chmod(0o644)
            os.replace(path, folder / path.name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Indented, with a line's end at the end."""
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
