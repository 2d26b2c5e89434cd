"""The training log: one JSON object a line, appended, so that a killed run keeps all but its last line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAME = "log.jsonl"


class Log:
    """Appends events to ``folder/log.jsonl`` and hands each to ``listen`` as well."""

    def __init__(self, folder: Path, listen: Any = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / NAME
        self._listen = listen

    def __call__(self, event: str, **values: Any) -> None:
        """Append one event; floats are kept to five significant digits."""
        entry = {"event": event, **{name: _rounded(value) for name, value in values.items()}}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        if self._listen is not None:
            self._listen(entry)


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
