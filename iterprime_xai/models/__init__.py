"""What a model must offer, and one adapter per family."""

from iterprime_xai.models.batching import Batches
from iterprime_xai.models.loading import bundled_models, load_matcher
from iterprime_xai.models.matcher import Answering, Ask, ImageTextMatcher, ImageTokens, Match, TextTokens
from iterprime_xai.models.profiles import Profile

__all__ = [
    "Answering",
    "Ask",
    "Batches",
    "ImageTextMatcher",
    "ImageTokens",
    "Match",
    "Profile",
    "TextTokens",
    "bundled_models",
    "load_matcher",
]
