"""See where a vision-language model looks when it matches a phrase to an image."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai import saliency
    from iterprime_xai.evaluation.runs import evaluate, read_run
    from iterprime_xai.language import parse
    from iterprime_xai.models.captioner import load_captioner
    from iterprime_xai.models.encoder_loading import load_encoder
    from iterprime_xai.records import Expression, Grounding, IterprimeError, Pass, Proposals, Sample, Selection
    from iterprime_xai.systems import Grounder, load, load_system, settings_of, system_names
    from iterprime_xai.visualize.explorer.exploring import explore
    from iterprime_xai.visualize.small_widgets import layer_atlas, refinement_stepper, show, word_shader

__version__ = "0.1.0"

_WHERE = {
    "load": "iterprime_xai.systems",
    "load_captioner": "iterprime_xai.models.captioner",
    "load_system": "iterprime_xai.systems",
    "settings_of": "iterprime_xai.systems",
    "system_names": "iterprime_xai.systems",
    "load_encoder": "iterprime_xai.models.encoder_loading",
    "evaluate": "iterprime_xai.evaluation.runs",
    "explore": "iterprime_xai.visualize.explorer.exploring",
    "layer_atlas": "iterprime_xai.visualize.small_widgets",
    "refinement_stepper": "iterprime_xai.visualize.small_widgets",
    "show": "iterprime_xai.visualize.small_widgets",
    "word_shader": "iterprime_xai.visualize.small_widgets",
    "read_run": "iterprime_xai.evaluation.runs",
    "Grounder": "iterprime_xai.systems",
    "parse": "iterprime_xai.language",
    "Expression": "iterprime_xai.records",
    "Grounding": "iterprime_xai.records",
    "IterprimeError": "iterprime_xai.records",
    "Pass": "iterprime_xai.records",
    "Proposals": "iterprime_xai.records",
    "Sample": "iterprime_xai.records",
    "Selection": "iterprime_xai.records",
}
_FLOORS = (
    "data",
    "evaluation",
    "language",
    "masks",
    "models",
    "records",
    "reports",
    "saliency",
    "systems",
    "training",
    "tutorials",
    "visualize",
)

__all__ = [
    "Expression",
    "Grounder",
    "Grounding",
    "IterprimeError",
    "Pass",
    "Proposals",
    "Sample",
    "Selection",
    "evaluate",
    "explore",
    "layer_atlas",
    "load",
    "load_captioner",
    "load_encoder",
    "load_system",
    "parse",
    "read_run",
    "refinement_stepper",
    "saliency",
    "settings_of",
    "show",
    "system_names",
    "word_shader",
]


def __getattr__(name: str) -> Any:
    """Import public names on first use, so that ``import iterprime_xai`` stays light."""
    if name not in _FLOORS and name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from iterprime_xai.records.importing import importing

    where = _WHERE.get(name, f"{__name__}.{name}")
    with importing(where):
        module = import_module(where)
    return module if name in _FLOORS else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE, *_FLOORS})
