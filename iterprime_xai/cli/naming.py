"""Names of the files that a command leaves, safe on every system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path


def file_stem(phrase: str, picture: str | None = None) -> str:
    """The name of the result's files, safe on every system: of the picture, if it is the user's own, and the phrase."""
    named = [_slug(phrase, 120) or "phrase"]
    if picture is not None:
        named.insert(0, _slug(Path(picture).stem, 60) or "picture")
    stem = "-".join(named)
    reserved = re.fullmatch(r"con|prn|aux|nul|(com|lpt)[0-9]", stem)
    return f"phrase-{stem}" if reserved else stem


def _slug(text: str, longest: int) -> str:
    """Letters (of any script, with their marks) and numbers in lower case, a hyphen for all else; ``longest`` in bytes."""
    plain = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(each if unicodedata.category(each)[0] in "LMN" else "-" for each in plain)
    return re.sub("-+", "-", kept).strip("-").encode("utf-8")[:longest].decode("utf-8", "ignore").strip("-")
