"""Language: a phrase becomes an ``Expression``. spaCy is imported when the first phrase is parsed, not before."""

from __future__ import annotations

from iterprime_xai.language.parser import parse

__all__ = ["parse"]
