"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from iterprime_xai.records.errors import StorageError


def as_path(path: str | Path) -> Path:
    """The path, or ``StorageError`` for what is none."""
    if not isinstance(path, (str, os.PathLike)):
        raise StorageError(f"Expected a path (str or pathlib.Path), but got {type(path).__name__}.")
    return Path(path)


def write_whole(path: str | Path, content: bytes) -> Path:
    """Write a file in a single step and return its path; parent folders are made.

    See :func:`whole_file`. Raises ``StorageError`` when the disk is full or the place cannot be written.
    """
    with whole_file(path) as file:
        file.write(content)
    return as_path(path)


@contextmanager
def whole_file(path: str | Path) -> Iterator[BinaryIO]:
    """A file to write in, which takes the place of ``path`` when the block ends well; parent folders are made.

    It is written beside ``path``, brought to the disk and then moved over it: until then a file that was there stays as it
    was, and whatever interrupts the writing, Ctrl-C included, leaves nothing behind. Raises ``StorageError`` when the disk is
    full or the place cannot be written.
    """
    target = as_path(path)
    try:
        if target.is_dir():
            raise StorageError(f"Expected a file to write, but {target} is a folder; add a file name.")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
    except StorageError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"Cannot write {target}: {reason}. Free some space or choose another place.") from error
