"""Tables with intervals: how well a model matches, and whether its heat lies on the right thing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.evaluation.auroc import auroc_interval, balanced_threshold
    from iterprime_xai.evaluation.bootstrap import Interval, difference, interval
    from iterprime_xai.evaluation.heat import HeatRow, heat_in_object, heat_table, peak_in_object
    from iterprime_xai.evaluation.layer_table import LayerRow, LayerTable
    from iterprime_xai.evaluation.layers import measure_layers
    from iterprime_xai.evaluation.looking import LookRow, look
    from iterprime_xai.evaluation.matching import MatchingRow, PairRow, matching_table
    from iterprime_xai.evaluation.presence import PhraseRow, PresenceRow
    from iterprime_xai.evaluation.quality import difference_rows, quality_rows
    from iterprime_xai.evaluation.row_files import load_rows, save_rows
    from iterprime_xai.evaluation.ways import Way

_NAMES = {
    "auroc": "auroc_interval balanced_threshold",
    "bootstrap": "Interval difference interval",
    "heat": "HeatRow heat_in_object heat_table peak_in_object",
    "layer_table": "LayerRow LayerTable",
    "layers": "measure_layers",
    "looking": "LookRow look",
    "matching": "MatchingRow PairRow matching_table",
    "presence": "PhraseRow PresenceRow",
    "quality": "difference_rows quality_rows",
    "row_files": "load_rows save_rows",
    "ways": "Way",
}
_WHERE = {name: f"iterprime_xai.evaluation.{module}" for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "HeatRow",
    "Interval",
    "LayerRow",
    "LayerTable",
    "LookRow",
    "MatchingRow",
    "PairRow",
    "PhraseRow",
    "PresenceRow",
    "Way",
    "auroc_interval",
    "balanced_threshold",
    "difference",
    "difference_rows",
    "heat_in_object",
    "heat_table",
    "interval",
    "load_rows",
    "look",
    "matching_table",
    "measure_layers",
    "peak_in_object",
    "quality_rows",
    "save_rows",
]


def __getattr__(name: str) -> Any:
    """Import on first use."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
