"""Which notebooks there are, and small questions about executed ones."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(ROOT.glob("notebooks/*.py"))
MASTERS = sorted(ROOT.glob("tutorials/[0-9]*.py"))
MOST_BYTES = 5_000_000
"""Size budget of a report."""


def pictures(page: str) -> list[Image.Image]:
    """Every picture that is embedded in an HTML page, decoded."""
    found = re.findall(r"src=[\"']data:image/(?:png|jpeg);base64,([^\"']+)", page)
    return [Image.open(io.BytesIO(base64.b64decode(content))) for content in found]


def loaded_from_elsewhere(page: str) -> list[str]:
    """Whatever the page would fetch: sources and links that are not inside it. Links to click on are allowed."""
    tags = re.findall(r"<(?:script|img|link|iframe|source|video|audio|object|embed)\b[^>]*>", page)
    wanted = [tag for tag in tags if re.search(r"\b(?:src|href|data)\s*=\s*[\"']?+(?!data:)", tag)]
    return wanted + re.findall(r"@import[^;]*|url\(\s*[\"']?+(?!data:|#)[^)]*", page)


def errors(notebook: Any) -> list[str]:
    """Tracebacks and warnings that a reader of the executed notebook would see."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    seen = [output.get("evalue", "") for output in outputs if output.output_type == "error"]
    return seen + [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
