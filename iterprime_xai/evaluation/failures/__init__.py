"""Why a run fails: every sample has exactly one type, decided by stated rules from its row, and each type has its price.

from iterprime_xai.evaluation.failures import classify, priced

classify(run.row("testA-0-000003/2"))      # Failure(type="position_ignored", sentence=...)
print(priced(run))                         # how often each type occurs, and what the run would gain without it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures.blame import PassChange, WordBlame, most_blamed, pass_changes, word_blame
    from iterprime_xai.evaluation.failures.case import Case, open_case
    from iterprime_xai.evaluation.failures.classifying import Failure, classify
    from iterprime_xai.evaluation.failures.corpus import Density, Slices, WordTable, density, slices, word_table
    from iterprime_xai.evaluation.failures.oracles import Priced, priced
    from iterprime_xai.evaluation.failures.relabelling import relabelled, relabelled_table, usable_masks
    from iterprime_xai.evaluation.failures.table import FailureTable, failure_table
    from iterprime_xai.evaluation.failures.types import TYPES, FailureType

_PLACES = {
    "TYPES": "types",
    "Case": "case",
    "Density": "corpus",
    "Failure": "classifying",
    "FailureTable": "table",
    "FailureType": "types",
    "PassChange": "blame",
    "Priced": "oracles",
    "Slices": "corpus",
    "WordBlame": "blame",
    "WordTable": "corpus",
    "classify": "classifying",
    "density": "corpus",
    "failure_table": "table",
    "most_blamed": "blame",
    "open_case": "case",
    "pass_changes": "blame",
    "priced": "oracles",
    "relabelled": "relabelling",
    "relabelled_table": "relabelling",
    "slices": "corpus",
    "usable_masks": "relabelling",
    "word_blame": "blame",
    "word_table": "corpus",
}

__all__ = [
    "TYPES",
    "Case",
    "Density",
    "Failure",
    "FailureTable",
    "FailureType",
    "PassChange",
    "Priced",
    "Slices",
    "WordBlame",
    "WordTable",
    "classify",
    "density",
    "failure_table",
    "most_blamed",
    "open_case",
    "pass_changes",
    "priced",
    "relabelled",
    "relabelled_table",
    "slices",
    "usable_masks",
    "word_blame",
    "word_table",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
