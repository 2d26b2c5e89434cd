"""The model card of the miniature CLIP."""

from __future__ import annotations

from typing import Any


def clip_card(record: dict[str, Any]) -> str:
    """Markdown of the card for what :func:`iterprime_xai.training.export_clip` recorded."""
    return ""
