"""Names of the files that a command leaves, safe on every system."""

from __future__ import annotations

import re
from pathlib import Path


def file_stem(phrase: str, picture: str | None = None) -> str:
    """The name of the result's files, safe on every system: of the picture, if it is the user's own, and the phrase."""
    from iterprime_xai.records.file_names import slug

    named = [slug(phrase, 120) or "phrase"]
    if picture is not None:
        named.insert(0, slug(Path(picture).stem, 60) or "picture")
    stem = "-".join(named)
    reserved = re.fullmatch(r"con|prn|aux|nul|(com|lpt)[0-9]", stem)
    return f"phrase-{stem}" if reserved else stem
