"""From attention to heatmap: Grad-CAM, primary-word emphasis, iterative refinement, and other ways to look."""

from iterprime_xai.saliency.atlas import Atlas
from iterprime_xai.saliency.captioning import caption_maps
from iterprime_xai.saliency.emphasis import Emphasis, TokenRoles, fuse, token_roles
from iterprime_xai.saliency.gradcam import activation, at_scores, token_gradcam
from iterprime_xai.saliency.method import Method, Saliency, Subject
from iterprime_xai.saliency.methods import METHODS, MethodInfo, get_method, methods
from iterprime_xai.saliency.recipe import RECIPES, Recipe, get_recipe
from iterprime_xai.saliency.refinement import Look, look_at, refine, refine_all

__all__ = [
    "METHODS",
    "RECIPES",
    "Atlas",
    "Emphasis",
    "Look",
    "Method",
    "MethodInfo",
    "Recipe",
    "Saliency",
    "Subject",
    "TokenRoles",
    "activation",
    "at_scores",
    "caption_maps",
    "fuse",
    "get_method",
    "get_recipe",
    "look_at",
    "methods",
    "refine",
    "refine_all",
    "token_gradcam",
    "token_roles",
]
