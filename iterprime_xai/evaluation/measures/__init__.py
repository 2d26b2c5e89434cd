"""What a run reached: metrics with intervals, side by side with other runs and with published figures."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.evaluation.measures.comparing import Comparison, compare
    from iterprime_xai.evaluation.measures.metrics import METRICS, Figures
    from iterprime_xai.evaluation.measures.published import PUBLISHED, Published
    from iterprime_xai.evaluation.measures.summing_up import Summary, summarise
    from iterprime_xai.evaluation.measures.thresholds import Threshold, choose_threshold

_NAMES = {
    "comparing": "Comparison compare",
    "metrics": "METRICS Figures",
    "published": "PUBLISHED Published",
    "summing_up": "Summary summarise",
    "thresholds": "Threshold choose_threshold",
}
_WHERE = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "METRICS",
    "PUBLISHED",
    "Comparison",
    "Figures",
    "Published",
    "Summary",
    "Threshold",
    "choose_threshold",
    "compare",
    "summarise",
]


def __getattr__(name: str) -> Any:
    """Import on first use."""
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
