"""Checkpoints that a killed run leaves whole: written beside, then moved into place; tensors and plain data only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from iterprime_xai.records.errors import StorageError

NAME = "checkpoint.pt"
VERSION = 1


def save_checkpoint(folder: Path, state: dict[str, Any]) -> Path:
    """Write ``folder/checkpoint.pt`` in one move. ``state`` holds tensors, numbers, strings, lists and dicts."""
    import torch

    path, beside = folder / NAME, folder / f"{NAME}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            torch.save({"version": VERSION, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise StorageError(
            f"The checkpoint cannot be written to {path}: {error}. Free space or choose another folder."
        ) from error
    return path


def to_go_on_from(folder: Path, resume: bool, holds: str, otherwise: str) -> dict[str, Any] | None:
    """The state that a run goes on from; ``None`` for one that begins.

    Raises ``StorageError`` where there is no checkpoint to resume, and where there is one (``holds`` says of what, ``otherwise``
    what else to do) that nobody asked to resume.
    """
    if resume:
        return load_checkpoint(folder)
    if (folder / NAME).exists():
        raise StorageError(f"{folder} already holds {holds}; add --resume to go on with it, or {otherwise}.")
    return None


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint file, or the one of a run's folder. Raises ``StorageError`` for anything else."""
    import torch

    path = path / NAME if path.is_dir() else path
    if not path.is_file():
        raise StorageError(f"Expected a checkpoint at {path}, but there is none; start the training without --resume.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise StorageError(f"{path} is not a checkpoint of this program, or is broken: {error}") from error
    if not isinstance(state, dict) or state.get("version") != VERSION:
        raise StorageError(f"{path} is not a checkpoint of version {VERSION}; it was written by another version.")
    return state
