"""Large files of many small values, read without the garbage collector, which takes half of their time and finds nothing."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from iterprime_xai.records import StorageError


def read_json(path: Path) -> tuple[bytes, Any]:
    """A JSON file's bytes and value. Raises ``StorageError`` for a file that is missing, or no JSON."""
    try:
        content = path.read_bytes()
        with collector_paused():
            return content, json.loads(content)
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is not JSON, or is damaged ({error}); download it again.") from error


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector off in the block, and let what was made in it count as old."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # else the caller keeps objects frozen, which must stay so
            gc.freeze()
            gc.unfreeze()  # together: everything to the oldest generation, without looking at it
        gc.enable()
