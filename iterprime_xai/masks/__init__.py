"""Mask proposals for a picture, and the choice among them by a heatmap."""

from __future__ import annotations

from iterprime_xai.masks.classical import classical_proposals
from iterprime_xai.masks.given import as_proposals
from iterprime_xai.masks.gold import gold_proposals
from iterprime_xai.masks.selection import select

__all__ = ["as_proposals", "classical_proposals", "gold_proposals", "select"]
