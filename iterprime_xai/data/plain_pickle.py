"""Pickles from others, read as plain data: a pickle that would call anything is refused before it calls it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, NoReturn

from iterprime_xai.records import StorageError


class _PlainUnpickler(pickle.Unpickler):
    """Admits numbers, text, lists, tuples, dicts, sets and None; they need no class to be looked up."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise StorageError(f"it asks for {module}.{name}, and plain data needs no such thing")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise StorageError("it points to objects outside the file")


def load_plain(path: Path) -> Any:
    """Read a pickle of plain data, also one written by Python 2. Nothing in it is run.

    Raises ``StorageError`` for a missing or damaged file, and for a pickle that holds anything but plain data.
    """
    try:
        try:
            return _read(path, "utf-8")
        except UnicodeDecodeError:  # Python 2 wrote bytes; the older data sets hold a few in Latin-1
            return _read(path, "latin-1")
    except StorageError as error:
        raise StorageError(f"{path} is not read, because {error}. Use a copy from the data set's own site.") from None
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error}.") from error
    except Exception as error:  # a damaged pickle can fail in any of its operations
        raise StorageError(f"{path} is not a pickle, or is damaged ({error}); download it again.") from error


def _read(path: Path, encoding: str) -> Any:
    with path.open("rb") as file:
        return _PlainUnpickler(file, encoding=encoding).load()
