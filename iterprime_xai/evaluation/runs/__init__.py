"""Runs: a system on a data set, one row a sample, in a folder that survives any end, and how it is read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.coding import read_bits, read_map, read_mask
    from iterprime_xai.evaluation.runs.evaluating import evaluate
    from iterprime_xai.evaluation.runs.reading import Run, read_run

_WHERE = {
    "Run": "reading",
    "evaluate": "evaluating",
    "read_bits": "coding",
    "read_map": "coding",
    "read_mask": "coding",
    "read_run": "reading",
}

__all__ = ["Run", "evaluate", "read_bits", "read_map", "read_mask", "read_run"]


def __getattr__(name: str) -> Any:
    """Import on first use."""
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
