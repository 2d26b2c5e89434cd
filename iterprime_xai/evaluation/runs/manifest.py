"""The manifest of a run: what decides its rows, under which key, and how the work is cut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.records.writing import write_whole

NAME = "manifest.json"
FORMAT = "iterprime-xai run"
VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """What stands in ``manifest.json``.

    ``decides`` is all that a row depends on, and ``key`` its hash. ``asked`` is how the data set, the system and the proposer were
    named, so that they can be opened again. ``shards`` has for each shard its number, the place of its first picture and sample,
    and how many it has of both; ``shard_size`` is the number of samples with which a shard is closed. ``versions`` are those of
    the libraries when the run began; every part has its own.
    """

    key: str
    decides: dict[str, Any]
    asked: dict[str, Any]
    versions: dict[str, str]
    started: str
    shard_size: int
    shards: tuple[dict[str, int], ...]

    @property
    def samples(self) -> int:
        """How many rows the run has when it is done."""
        return sum(each["samples"] for each in self.shards)

    def write(self, folder: Path) -> None:
        content = {"format": FORMAT, "version": VERSION, **asdict(self)}
        write_whole(folder / NAME, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run folder. Raises ``StorageError`` for a folder that is none, and for a newer or damaged manifest."""
    path = folder / NAME
    if not path.is_file():
        what = "no folder" if not folder.is_dir() else f"no {NAME} in it"
        raise StorageError(
            f"{folder} is no run: there is {what}. `iterprime-xai evaluate --out {folder} ...` makes one."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise ValueError(f"it is not in the format {FORMAT!r}")
        if (version := content.pop("version")) != VERSION:
            raise ValueError(f"it has version {version}, and this program reads {VERSION}; update the program")
        return Manifest(**{**content, "shards": tuple(content["shards"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{path} cannot be read: {error}.") from error


def check_same(found: Manifest, decides: Mapping[str, Any], folder: Path) -> None:
    """Refuse to go on with a run that would be another one, and say field by field what differs."""
    from iterprime_xai.evaluation.runs.key import differences, key_of

    if found.key == key_of(decides):
        return
    lines = differences(found.decides, decides) or ["the key itself: the manifest was changed by hand"]
    raise OptionError(
        f"{folder} holds another run, and rows of two runs must not mix:\n  " + "\n  ".join(lines) + "\n"
        "Choose another --out, or ask for what is there."
    )
