"""The results that everyone takes and gives; nothing here imports from the floors above."""

from iterprime_xai.records.captioning import CaptionMaps, CaptionWord
from iterprime_xai.records.errors import (
    ImageInputError,
    IterprimeError,
    LayerError,
    MissingExtraError,
    ModelLoadError,
    OptionError,
    PhraseError,
    ProposalError,
    ReportError,
    StorageError,
)
from iterprime_xai.records.expression import Expression, Span, SpatialCue, Word
from iterprime_xai.records.grounding import Grounding, Pass, WordMap
from iterprime_xai.records.proposals import Proposals, RankedProposal, Selection
from iterprime_xai.records.sample import Sample

__all__ = [
    "CaptionMaps",
    "CaptionWord",
    "Expression",
    "Grounding",
    "ImageInputError",
    "IterprimeError",
    "LayerError",
    "MissingExtraError",
    "ModelLoadError",
    "OptionError",
    "Pass",
    "PhraseError",
    "ProposalError",
    "Proposals",
    "RankedProposal",
    "ReportError",
    "Sample",
    "Selection",
    "Span",
    "SpatialCue",
    "StorageError",
    "Word",
    "WordMap",
]
