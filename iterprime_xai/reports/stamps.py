"""What a page was made from, as a short stamp in its head, so that a page that is still right need not be made again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LOOKED_AT = 4096
"""Bytes at the start of a page in which its stamp is."""


def stamp_of(notebook: Any, parameters: Mapping[str, Any], *more: str) -> str:
    """The stamp of a notebook with these parameters, this version of the package, and whatever else decides, such as run keys."""
    from iterprime_xai import __version__

    cells = [[cell.cell_type, cell.source] for cell in notebook.cells]
    told = json.dumps([__version__, cells, dict(parameters), *more], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(told.encode("ascii")).hexdigest()[:24]


def stamped(path: Path) -> str:
    """The stamp in a page; "" for a page without one, and for no page."""
    try:
        with path.open("rb") as file:
            head = file.read(_LOOKED_AT).decode("utf-8", "replace")
    except OSError:
        return ""
    tag = re.search(r'<meta\b[^>]*name="iterprime-xai-stamp"[^>]*>', head)
    found = re.search(r'content="([0-9a-f]+)"', tag[0]) if tag else None
    return found[1] if found else ""
