"""Any text as a part of a file name that is safe on every system."""

from __future__ import annotations

import re
import unicodedata


def slug(text: str, longest: int) -> str:
    """Letters (of any script, with their marks) and numbers in lower case, a hyphen for all else; ``longest`` in bytes.

    Empty where the text has neither. Different texts may have one slug.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(each if unicodedata.category(each)[0] in "LMN" else "-" for each in plain)
    return re.sub("-+", "-", kept).strip("-").encode("utf-8")[:longest].decode("utf-8", "ignore").strip("-")
