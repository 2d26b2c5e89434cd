"""Large files of many small values, read without the garbage collector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from iterprime_xai.records import StorageError
from iterprime_xai.records.collector import collector_paused


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
