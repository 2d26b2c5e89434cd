"""Iterative refinement: mask the most activated patches, look again, blend. Source: IteRPrimE (Wang et al., AAAI 2025).

Masked are image patches as cross-attention keys, in every layer; pixels and image features stay as they are, and the image's
own [CLS] token is always seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.models import Answering, Ask, ImageTextMatcher, ImageTokens, Match, TextTokens
from iterprime_xai.records import Expression, Pass
from iterprime_xai.records.heatmap import is_blank, minmax
from iterprime_xai.saliency.emphasis import fuse, token_roles
from iterprime_xai.saliency.gradcam import activation, at_scores
from iterprime_xai.saliency.recipe import Recipe, Slope
from iterprime_xai.saliency.words import word_maps

if TYPE_CHECKING:
    import torch

BLANK = "the map is blank"
NOTHING_LEFT = "no patch is left to look at"
PROBABILITY_FELL = "the match probability fell"
LAST = "the last pass asked for"


@dataclass(frozen=True, eq=False)
class Look:
    """What is refined: an encoded image, a tokenized text, and the expression that starts at ``shift`` in that text."""

    image: ImageTokens
    text: TextTokens
    expression: Expression
    shift: int = 0


def look_at(matcher: ImageTextMatcher, image: ImageTokens, expression: Expression, recipe: Recipe) -> Look:
    """What is refined for an expression about an encoded image, with the text that the recipe makes of it."""
    text, shift = recipe.text(expression.text)
    return Look(image, matcher.tokenize(text), expression, shift)


def refine(matcher: Answering, look: Look, *, layer: int, recipe: Recipe) -> tuple[Pass, ...]:
    """:func:`refine_all` for one expression."""
    return refine_all(matcher, [look], layer=layer, recipe=recipe)[0]


def refine_all(matcher: Answering, looks: Sequence[Look], *, layer: int, recipe: Recipe) -> list[tuple[Pass, ...]]:
    """Look up to ``recipe.passes`` times for each expression and keep every pass.

    With x the min-max of the newest map, patches with x >= ``recipe.threshold`` are masked for the next pass, on top of
    those masked before. The blended map is (1 - a) * before + a * newest with a = ``recipe.blend``. A pass whose match
    probability falls below that of the pass before is left out of the blend unless ``recipe.keep_rejected``, and is the last
    one if ``recipe.stop_on_fall``. It also stops when a map is blank (flat, or nowhere positive: a blank pass is never
    blended in), or when no patch is left. Expressions that have stopped are not asked again while others go on.

    Args:
        layer: the text encoder's 0-based index, already checked.
    """
    passes: list[list[Pass]] = [[] for _ in looks]
    keeps = [np.ones(look.image.grid, dtype=bool) for look in looks]
    going = list(range(len(looks)))
    while going:
        asks = [Ask(looks[place].image, looks[place].text, keeps[place]) for place in going]
        for place, match in zip(going, matcher.match_all(asks, layers=(layer,)), strict=True):
            newest = _pass(match, passes[place], keeps[place], looks[place], layer, recipe)
            keeps[place] = keeps[place] & (minmax(newest.heatmap) < recipe.threshold)
            passes[place].append(newest)
        going = [place for place in going if not passes[place][-1].stopped]
    return [tuple(each) for each in passes]


def slope(match: Match, layer: int, gradient: Slope) -> torch.Tensor:
    """A layer's gradient (heads, tokens, rows, columns) by what ``gradient`` names; by the attention where there are no scores."""
    if gradient == "scores" and match.scored:
        return at_scores(match.attention[layer], match.gradient[layer])
    return match.gradient[layer]


def _pass(match: Match, before: list[Pass], keep: np.ndarray, look: Look, layer: int, recipe: Recipe) -> Pass:
    """The pass that follows those ``before``, from what the model found with the patches ``keep``."""
    roles = token_roles(look.expression, look.text, look.shift)
    attention, gradient = match.attention[layer], slope(match, layer, recipe.gradient)
    heatmap = fuse(attention, gradient, roles, recipe.emphasis, recipe.local_weight).cpu().numpy()
    blank = is_blank(heatmap)
    fell = bool(before) and match.probability < before[-1].probability
    accepted = not before or (not blank and (recipe.keep_rejected or not fell))
    former = before[-1].blended if before else heatmap
    blended = (1 - recipe.blend) * former + recipe.blend * heatmap if before and accepted else former
    if fell and recipe.stop_on_fall:
        stopped = PROBABILITY_FELL
    elif blank:
        stopped = BLANK
    elif len(before) + 1 == recipe.passes:
        stopped = LAST
    elif not (keep & (minmax(heatmap) < recipe.threshold)).any():
        stopped = NOTHING_LEFT
    else:
        stopped = None
    return Pass(
        heatmap=heatmap,
        blended=blended.astype(np.float32),
        keep=keep,
        logit=match.logit,
        probability=match.probability,
        words=word_maps(look.expression, look.text, activation(attention, gradient).mean(0).cpu().numpy(), look.shift),
        accepted=accepted,
        stopped=stopped,
    )
