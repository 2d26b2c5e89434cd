"""Tables with intervals: how well a model matches, and whether its heat lies on the right thing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.evaluation.heat import HeatRow, heat_in_object, heat_table, peak_in_object
    from iterprime_xai.evaluation.matching import MatchingRow, matching_table

_WHERE = {
    "HeatRow": "iterprime_xai.evaluation.heat",
    "heat_in_object": "iterprime_xai.evaluation.heat",
    "heat_table": "iterprime_xai.evaluation.heat",
    "peak_in_object": "iterprime_xai.evaluation.heat",
    "MatchingRow": "iterprime_xai.evaluation.matching",
    "matching_table": "iterprime_xai.evaluation.matching",
}

__all__ = ["HeatRow", "MatchingRow", "heat_in_object", "heat_table", "matching_table", "peak_in_object"]


def __getattr__(name: str) -> Any:
    """Import on first use."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
