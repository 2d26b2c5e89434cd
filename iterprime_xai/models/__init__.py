"""What a model must offer, and one adapter per family."""

from iterprime_xai.models.loading import bundled_models, load_matcher
from iterprime_xai.models.matcher import ImageTextMatcher, ImageTokens, Match, TextTokens
from iterprime_xai.models.profiles import Profile

__all__ = ["ImageTextMatcher", "ImageTokens", "Match", "Profile", "TextTokens", "bundled_models", "load_matcher"]
