"""Iterative refinement: mask the most activated patches, look again, blend. Source: IteRPrimE (Wang et al., AAAI 2025).

Masked are image patches as cross-attention keys, in every layer; pixels and image features stay as they are, and the image's
own [CLS] token is always seen.
"""

from __future__ import annotations

import numpy as np

from iterprime_xai.models import ImageTextMatcher, ImageTokens, TextTokens
from iterprime_xai.records import Expression, Pass, WordMap
from iterprime_xai.records.heatmap import is_blank, minmax
from iterprime_xai.saliency.emphasis import fuse, token_roles
from iterprime_xai.saliency.gradcam import activation
from iterprime_xai.saliency.recipe import Recipe

BLANK = "the map is blank"
NOTHING_LEFT = "no patch is left to look at"
PROBABILITY_FELL = "the match probability fell"
LAST = "the last pass asked for"


def refine(
    matcher: ImageTextMatcher,
    image_tokens: ImageTokens,
    text_tokens: TextTokens,
    expression: Expression,
    *,
    layer: int,
    recipe: Recipe,
    shift: int = 0,
) -> tuple[Pass, ...]:
    """Look up to ``recipe.passes`` times and keep every pass.

    With x the min-max of the newest map, patches with x >= ``recipe.threshold`` are masked for the next pass, on top of
    those masked before. The blended map is (1 - a) * before + a * newest with a = ``recipe.blend``. A pass whose match
    probability falls below that of the pass before is left out of the blend unless ``recipe.keep_rejected``, and is the last
    one if ``recipe.stop_on_fall``. It also stops when a map is blank (flat, or nowhere positive: a blank pass is never
    blended in), or when no patch is left.

    Args:
        layer: the text encoder's 0-based index, already checked.
        shift: where the expression starts in the tokenized text.
    """
    roles = token_roles(expression, text_tokens, shift)
    keep = np.ones(image_tokens.grid, dtype=bool)
    passes: list[Pass] = []
    while True:
        match = matcher.match(image_tokens, text_tokens, keep=keep, layers=(layer,))
        attention, gradient = match.attention[layer], match.gradient[layer]
        heatmap = fuse(attention, gradient, roles, recipe.emphasis, recipe.local_weight).cpu().numpy()
        blank = is_blank(heatmap)
        fell = bool(passes) and match.probability < passes[-1].probability
        accepted = not passes or (not blank and (recipe.keep_rejected or not fell))
        before = passes[-1].blended if passes else heatmap
        blended = (1 - recipe.blend) * before + recipe.blend * heatmap if passes and accepted else before
        next_keep = keep & (minmax(heatmap) < recipe.threshold)
        if fell and recipe.stop_on_fall:
            stopped = PROBABILITY_FELL
        elif blank:
            stopped = BLANK
        elif len(passes) + 1 == recipe.passes:
            stopped = LAST
        elif not next_keep.any():
            stopped = NOTHING_LEFT
        else:
            stopped = None
        passes.append(
            Pass(
                heatmap=heatmap,
                blended=blended.astype(np.float32),
                keep=keep,
                logit=match.logit,
                probability=match.probability,
                words=_word_maps(expression, text_tokens, activation(attention, gradient).mean(0).cpu().numpy(), shift),
                accepted=accepted,
                stopped=stopped,
            )
        )
        if stopped:
            return tuple(passes)
        keep = next_keep


def _word_maps(expression: Expression, tokens: TextTokens, maps: np.ndarray, shift: int) -> tuple[WordMap, ...]:
    """The mean map of each word's tokens; zeros for a word that the tokenizer dropped."""
    found = []
    for word in expression.words:
        positions = tokens.positions((word.span[0] + shift, word.span[1] + shift))
        heatmap = maps[list(positions)].mean(0) if positions else np.zeros(maps.shape[1:], np.float32)
        found.append(WordMap(word.text, word.span, heatmap))
    return tuple(found)
