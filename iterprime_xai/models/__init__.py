"""What a model must offer, and one adapter per family."""

from iterprime_xai.models.batching import Batches
from iterprime_xai.models.encoder import ImageTextEncoder
from iterprime_xai.models.encoder_loading import load_encoder
from iterprime_xai.models.finding import bundled_encoders, bundled_models
from iterprime_xai.models.loading import load_matcher
from iterprime_xai.models.matcher import (
    Answering,
    Ask,
    GroundingMatcher,
    ImageTextMatcher,
    ImageTokens,
    Match,
    TextTokens,
)
from iterprime_xai.models.matches import Matches
from iterprime_xai.models.profiles import Profile

__all__ = [
    "Answering",
    "Ask",
    "Batches",
    "GroundingMatcher",
    "ImageTextEncoder",
    "ImageTextMatcher",
    "ImageTokens",
    "Match",
    "Matches",
    "Profile",
    "TextTokens",
    "bundled_encoders",
    "bundled_models",
    "load_encoder",
    "load_matcher",
]
