"""Entries that people write about samples of a run: append-only files of JSON lines, one a writer, merged when read."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from iterprime_xai.evaluation.annotations.note import NOBODY, later_than
from iterprime_xai.records.errors import StorageError
from iterprime_xai.records.file_names import slug


class Entry(Protocol):
    """What a line holds, at the least: who says something of which sample, and when (UTC, compares as text)."""

    @property
    def sample_id(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def author(self) -> str: ...


Written = TypeVar("Written", bound=Entry)


@dataclass(slots=True)
class _File:
    """How far a file has been read, and what was wrong in it."""

    identity: tuple[int, int]
    offset: int = 0
    lines: int = 0
    torn: int = 0
    damaged: list[int] = field(default_factory=list)
    reason: str = ""


class Journal(Generic[Written]):
    """The entries of everyone in a folder; an entry is on the disk when :meth:`write` returns.

    Each object that writes has a file of its own, so that two notebooks, or two people on a shared disk, never write to one
    file. Nothing is ever overwritten: of each author the newest entry on a sample holds, and older ones stay in the files. Entries
    of different authors stand side by side. Two writers with one author's name are one author: the newer entry of the two holds.
    """

    def __init__(
        self,
        folder: Path,
        author: str,
        what: str,
        read: Callable[[bytes], Written],
        line: Callable[[Written], bytes],
    ) -> None:
        """Read the folder; nothing is made on the disk before the first entry is written.

        Args:
            folder: where the files lie; the folder that it is in must be there when something is written.
            author: who writes.
            what: the name of an entry in messages, such as "note".
            read: a line without its end -> the entry; raises ``ValueError``, ``TypeError``, ``KeyError`` or ``RecursionError``
                for what is none.
            line: an entry -> its line, with its end.
        """
        self.folder = folder
        self.author = author
        self.what = what
        self._read = read
        self._line = line
        self._held: dict[str, dict[str, tuple[str, str, Written]]] = {}
        self._files: dict[str, _File] = {}
        self._unreadable: dict[str, str] = {}
        self._own: Path | None = None
        self._process = os.getpid()
        self._last = ""
        self._lock = threading.RLock()
        self.refresh()

    def write(self, sample_id: str, made: Callable[[str], Written]) -> Written:
        """Save an entry in place of this author's older one on the sample, and give it back as it was saved.

        ``made`` is given the time of the entry, which is later than all that the author has written.

        Raises:
            StorageError: full disk, or no right to write. The entry is not saved then; an older one still holds.
        """
        with self._lock:
            self.refresh()
            held = self._held.get(sample_id, {}).get(self.author)
            at = later_than(max(self._last, held[0] if held else ""))
            line = self._line(made(at))
            self._append(line)
            self._last = at
            self.refresh()
            return self._read(line)

    def of(self, sample_id: str) -> list[Written]:
        """The newest entry of each author on a sample, the oldest first."""
        return sorted((entry for _, _, entry in self._held.get(sample_id, {}).values()), key=_order)

    def all(self) -> list[Written]:
        """The newest entry of each author on each sample, the oldest first."""
        return sorted(self.holding(), key=_order)

    def holding(self) -> Iterator[Written]:
        """The same in no order."""
        return (entry for authors in self._held.values() for _, _, entry in authors.values())

    @property
    def samples(self) -> list[str]:
        """Every sample with an entry."""
        return list(self._held)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read, a sentence each; nothing of it ends the reading of the rest."""
        found = [f"{path} cannot be read: {reason}." for path, reason in self._unreadable.items()]
        for name, file in self._files.items():
            if file.damaged:
                numbers = ", ".join(map(str, file.damaged[:5])) + (", ..." if len(file.damaged) > 5 else "")
                found.append(
                    f"{self.folder / name}: {len(file.damaged)} lines are no {self.what}s and are left out (line {numbers}; "
                    f"the first: {file.reason})."
                )
            if file.torn:
                found.append(
                    f"{self.folder / name} ends in the middle of a line ({file.torn} bytes), which is left out: its writer was "
                    "stopped, or is writing."
                )
        return tuple(found)

    def refresh(self) -> int:
        """Read what has been written since the last time, by anyone, and give the number of new lines.

        Only the new end of files that have grown is read, so that this can be called at every view. A file that has shrunk, was
        replaced or is gone makes everything be read again.
        """
        with self._lock:
            self._unreadable = {}
            try:
                names = sorted(name for name in os.listdir(self.folder) if name.endswith(".jsonl") and name[0] != ".")
            except FileNotFoundError:
                names = []
            except OSError as error:
                self._unreadable[str(self.folder)] = error.strerror or str(error)
                return 0
            there = {name: found for name in names if (found := self._status(name)) is not None}
            if any(self._changed(file, there.get(name)) for name, file in self._files.items()):
                self._held, self._files = {}, {}
            return sum(self._read_on(name, found) for name, found in there.items())

    def _status(self, name: str) -> os.stat_result | None:
        try:
            found = os.stat(self.folder / name)
        except OSError as error:
            self._unreadable[str(self.folder / name)] = error.strerror or str(error)
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    @staticmethod
    def _changed(file: _File, found: os.stat_result | None) -> bool:
        """Whether a file is not the one that was read, grown at most."""
        return found is None or (found.st_dev, found.st_ino) != file.identity or found.st_size < file.offset + file.torn

    def _read_on(self, name: str, found: os.stat_result) -> int:
        file = self._files.setdefault(name, _File((found.st_dev, found.st_ino)))
        if found.st_size == file.offset + file.torn:
            return 0
        try:
            with (self.folder / name).open("rb") as opened:
                opened.seek(file.offset)
                new = opened.read()
        except OSError as error:
            self._unreadable[str(self.folder / name)] = error.strerror or str(error)
            return 0
        whole, _, rest = new.rpartition(b"\n")
        file.torn = len(rest)
        file.offset += len(new) - len(rest)
        lines = whole.split(b"\n") if len(rest) < len(new) else []
        for line in lines:
            file.lines += 1
            try:
                self._take(self._read(line), name)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                file.reason = file.reason or f"{type(error).__name__}: {error}"
                file.damaged.append(file.lines)
        return len(lines)

    def _take(self, entry: Written, file: str) -> None:
        """Hold an entry where its author has none on the sample that is newer; of two of one time the later file's."""
        authors = self._held.setdefault(entry.sample_id, {})
        older = authors.get(entry.author)
        if older is None or (entry.at, file) >= older[:2]:
            authors[entry.author] = (entry.at, file, entry)

    def _append(self, line: bytes) -> None:
        """Bring a line to the disk in one write, or leave the file as it was."""
        if self._process != os.getpid():  # a forked process must not share its parent's file
            self._own, self._process = None, os.getpid()
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        path = self._own or self.folder / f"{slug(self.author, 40) or NOBODY}-{secrets.token_hex(8)}.jsonl"
        try:
            # No parents: where the run's folder has been moved away, none is to appear in its place.
            self.folder.mkdir(exist_ok=True)
            number = os.open(path, flags | os.O_CREAT | (0 if self._own else os.O_EXCL), 0o666)
            try:
                before = os.fstat(number).st_size
                try:
                    if os.write(number, line) != len(line):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    os.fsync(number)
                except BaseException:
                    self._own = None  # it may end in half a line: the next entry begins a new file
                    with suppress(OSError):
                        os.ftruncate(number, before)
                        if not before:
                            path.unlink()
                    raise
            finally:
                os.close(number)
        except OSError as error:
            raise StorageError(
                f"The {self.what} was not saved, since {path} cannot be written: {error.strerror or error}. Free some space, or "
                "see that you may write in the run's folder, and save it again."
            ) from error
        self._own = path


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.at, entry.author, entry.sample_id
