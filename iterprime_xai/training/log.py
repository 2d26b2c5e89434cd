"""The training log: one JSON object a line, appended, so that a killed run keeps all but its last line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from iterprime_xai.records.errors import StorageError

NAME = "log.jsonl"


class Log:
    """Appends events to ``folder/log.jsonl`` and hands each to ``listen`` as well; ``StorageError`` where it cannot."""

    def __init__(self, folder: Path, listen: Any = None) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"Expected a folder for the training run, but {folder} cannot be one: {error}. Choose another folder."
            ) from error
        self.path = folder / NAME
        self._listen = listen

    def __call__(self, event: str, **values: Any) -> None:
        """Append one event; floats are kept to five significant digits."""
        entry = {"event": event, **{name: _rounded(value) for name, value in values.items()}}
        self._append(json.dumps(entry, ensure_ascii=False) + "\n")
        if self._listen is not None:
            self._listen(entry)

    def _append(self, line: str) -> None:
        """Append a line, not joined to one that a kill cut short."""
        try:
            with self.path.open("a+b") as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    line = line if file.read(1) == b"\n" else "\n" + line
                file.write(line.encode("utf-8"))
        except OSError as error:
            raise StorageError(
                f"The training log cannot be written to {self.path}: {error}. Free space or choose another folder."
            ) from error


def log_steps(log: Log, run: Any, since: list[tuple[float, dict[str, float]]]) -> None:
    """Log the mean over the steps ``since`` the last entry, (seconds, losses) each, of a run that has step, progress and rate."""
    seconds = sum(each for each, _ in since) / len(since)
    mean = {name: sum(values[name] for _, values in since) / len(since) for name in since[0][1]}
    log(
        "train",
        step=run.step,
        progress=run.progress,
        rate=run.optimisers[0].param_groups[0]["lr"],
        seconds=run.seconds,
        step_seconds=seconds,
        scenes_per_second=run.config.batch / seconds,
        **mean,
    )


def read_log(folder: Path) -> list[dict[str, Any]]:
    """All whole entries of a run's log; a last line cut short by a kill is left out."""
    path = folder / NAME
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return entries


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return value
