"""The folder of a run: one writer at a time, parts that appear whole or not at all, and what is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from iterprime_xai.evaluation.runs.manifest import NAME, Manifest
from iterprime_xai.evaluation.runs.parts import Part, part_name, read_note
from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.records.writing import write_whole

LOCK = ".lock"
PARTS = "parts"

_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.tmp")


class RunFolder:
    """A run on the disk. Only this process writes into it while :meth:`writing` is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts = path / PARTS

    @contextmanager
    def writing(self) -> Iterator[list[str]]:
        """Hold the folder's lock; gives notes on what a killed run left behind and was cleared away.

        The system gives the lock back when the process ends, however it ends. Raises ``OptionError`` where another process
        works on the run and for a folder that holds other things.
        """
        self._check_ours()
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            file = (self.path / LOCK).open("a+")
        except OSError as error:
            raise StorageError(
                f"Cannot write in {self.path}: {error.strerror or error}. Choose another --out."
            ) from error
        with file:
            notes = []
            if not _lock(file.fileno()):
                raise OptionError(
                    f"Another process is working on {self.path}. Wait for it, stop it, or choose another --out; for several "
                    "processes on one run there are --workers."
                )
            left = [
                path
                for place in (self.path, self.parts)
                for path in place.iterdir()
                if _UNFINISHED.fullmatch(path.name)
            ]
            for path in left:
                path.unlink()
            if left:
                notes.append(f"{len(left)} unfinished files of a killed run were cleared away")
            try:
                yield notes
            finally:
                if not (self.path / NAME).exists():  # nothing began: a mistake in the command leaves no folder behind
                    with suppress(OSError):
                        (self.path / LOCK).unlink()
                        self.parts.rmdir()
                        self.path.rmdir()

    def missing(self, manifest: Manifest, *, errors_too: bool = False) -> tuple[list[int], list[str]]:
        """Numbers of the shards that have no part, and a note on each part that is damaged and is made again.

        ``errors_too`` counts parts with error rows as missing. Raises ``OptionError`` for parts of another run.
        """
        missing, notes = [], []
        for shard in manifest.shards:
            number = shard["number"]
            path = self.part(number)
            if not path.exists():
                missing.append(number)
                continue
            try:
                note = read_note(path)
            except StorageError as error:
                notes.append(str(error).replace("delete it, and it is made again", "it is made again"))
                missing.append(number)
                continue
            if (note.key, note.shard, note.rows) != (manifest.key, number, shard["samples"]):
                raise OptionError(
                    f"{path} belongs to another run ({note.key}, shard {note.shard}, {note.rows} rows) than its folder "
                    f"({manifest.key}, shard {number}, {shard['samples']} rows): move it away."
                )
            if errors_too and note.errors:
                missing.append(number)
        return missing, notes

    def part(self, shard: int) -> Path:
        return self.parts / part_name(shard)

    def write(self, part: Part) -> None:
        """Write a part. Raises ``StorageError`` when the disk is full; nothing half-written stays."""
        write_whole(self.part(part.shard), part.content)

    def _check_ours(self) -> None:
        """Refuse a folder that has something in it but no manifest."""
        if self.path.exists() and not self.path.is_dir():
            raise StorageError(f"Expected a folder for the run, but {self.path} is a file; choose another --out.")
        if not self.path.is_dir() or (self.path / NAME).exists():
            return
        others = sorted(
            path.name
            for path in self.path.iterdir()
            if path.name not in (LOCK, PARTS) and not _UNFINISHED.fullmatch(path.name)
        )
        if others or (self.parts.is_dir() and any(self.parts.glob("*.parquet"))):
            raise OptionError(
                f"{self.path} is not empty and no run ({', '.join(others[:3]) or 'parts'} but no {NAME}); choose another --out."
            )


def _lock(number: int) -> bool:
    """Take the lock of an open file, without waiting; false where another process has it."""
    if os.name == "nt":
        import msvcrt

        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    import fcntl

    for take in (fcntl.flock, fcntl.lockf):  # some network file systems know only the second
        try:
            take(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        except OSError:
            continue
    return True  # a file system without locks: parts are whole, and the same whoever writes them
