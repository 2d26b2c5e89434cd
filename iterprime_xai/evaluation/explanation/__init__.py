"""Which maps deserve belief: where they lie, what the match loses without them, and whether they fail when they should."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.evaluation.explanation.agreement import paraphrase_consistency, pearson, spearman, ssim
    from iterprime_xai.evaluation.explanation.definitions import METRICS, Metric
    from iterprime_xai.evaluation.explanation.deletion import Curve, curve
    from iterprime_xai.evaluation.explanation.faithfulness import infidelity, max_sensitivity
    from iterprime_xai.evaluation.explanation.localisation import (
        ThresholdIou,
        best_threshold_iou,
        energy_in_mask,
        pointing_game,
        relevance_mass_accuracy,
        relevance_rank_accuracy,
    )
    from iterprime_xai.evaluation.explanation.randomising import cascading, from_the_top, randomised
    from iterprime_xai.evaluation.explanation.sanity import (
        SanityCheck,
        absent_object,
        randomised_weights,
        shuffled,
        shuffled_words,
        wrong_phrase,
    )

_NAMES = {
    "agreement": "paraphrase_consistency pearson spearman ssim",
    "definitions": "METRICS Metric",
    "deletion": "Curve curve",
    "faithfulness": "infidelity max_sensitivity",
    "localisation": "ThresholdIou best_threshold_iou energy_in_mask pointing_game relevance_mass_accuracy relevance_rank_accuracy",
    "randomising": "cascading from_the_top randomised",
    "sanity": "SanityCheck absent_object randomised_weights shuffled shuffled_words wrong_phrase",
}
_WHERE = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "METRICS",
    "Curve",
    "Metric",
    "SanityCheck",
    "ThresholdIou",
    "absent_object",
    "best_threshold_iou",
    "cascading",
    "curve",
    "energy_in_mask",
    "from_the_top",
    "infidelity",
    "max_sensitivity",
    "paraphrase_consistency",
    "pearson",
    "pointing_game",
    "randomised",
    "randomised_weights",
    "relevance_mass_accuracy",
    "relevance_rank_accuracy",
    "shuffled",
    "shuffled_words",
    "spearman",
    "ssim",
    "wrong_phrase",
]


def __getattr__(name: str) -> Any:
    """Import on first use."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
