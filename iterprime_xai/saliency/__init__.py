"""From attention to heatmap: Grad-CAM, primary-word emphasis, iterative refinement."""

from iterprime_xai.saliency.captioning import caption_maps
from iterprime_xai.saliency.emphasis import Emphasis, TokenRoles, fuse, token_roles
from iterprime_xai.saliency.gradcam import activation, at_scores, token_gradcam
from iterprime_xai.saliency.recipe import RECIPES, Recipe, get_recipe
from iterprime_xai.saliency.refinement import Look, look_at, refine, refine_all

__all__ = [
    "RECIPES",
    "Emphasis",
    "Look",
    "Recipe",
    "TokenRoles",
    "activation",
    "at_scores",
    "caption_maps",
    "fuse",
    "get_recipe",
    "look_at",
    "refine",
    "refine_all",
    "token_gradcam",
    "token_roles",
]
