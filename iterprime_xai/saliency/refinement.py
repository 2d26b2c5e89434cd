"""Iterative refinement: mask the most activated patches, look again, blend. Source: IteRPrimE (Wang et al., AAAI 2025).

Masked are image patches as cross-attention keys, in every layer; pixels and image features stay as they are, and the image's
own [CLS] token is always seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from iterprime_xai.models import Answering, Ask, Batches, ImageTextMatcher, ImageTokens, Match, Matches, TextTokens
from iterprime_xai.records import Expression, Pass
from iterprime_xai.records.heatmap import blank_each, minmax_each
from iterprime_xai.saliency.emphasis import fuse_all, token_roles
from iterprime_xai.saliency.gradcam import activation, at_scores
from iterprime_xai.saliency.recipe import Recipe, Slope
from iterprime_xai.saliency.words import mean_maps, named, word_places

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
    batches = matcher if isinstance(matcher, Batches) else Batches(cast("ImageTextMatcher", matcher))
    states = [_Looking(look) for look in looks]
    going = states
    while going:
        found = batches.cut("texts", going, lambda some: _look_again(batches.matcher, some, layer, recipe))
        for state, newest in zip(going, found, strict=True):
            state.passes.append(newest)
        going = [state for state in going if not state.passes[-1].stopped]
    return [tuple(state.passes) for state in states]


def slope(match: Match | Matches, layer: int, gradient: Slope) -> torch.Tensor:
    """A layer's gradient (heads, tokens, rows, columns) by what ``gradient`` names; by the attention where there are no scores."""
    if gradient == "scores" and match.scored:
        return at_scores(match.attention[layer], match.gradient[layer])
    return match.gradient[layer]


class _Looking:
    """One expression under way: what its tokens are, and what was found so far."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.roles = token_roles(look.expression, look.text, look.shift)
        self.places = word_places(look.expression, look.text, look.shift)
        self.passes: list[Pass] = []
        self.keep = np.ones(look.image.grid, dtype=bool)


def _look_again(matcher: Answering, states: list[_Looking], layer: int, recipe: Recipe) -> list[Pass]:
    """The next pass of each expression."""
    heatmaps, words, numbers = _looked(matcher, states, layer, recipe)
    formers = np.stack(
        [state.passes[-1].blended if state.passes else own for state, own in zip(states, heatmaps, strict=True)]
    )
    with np.errstate(invalid="ignore", over="ignore"):  # a map that is not finite is never blended in
        blends = ((1 - recipe.blend) * formers + recipe.blend * heatmaps).astype(np.float32)
    lefts: np.ndarray = np.stack([state.keep for state in states]) & (minmax_each(heatmaps) < recipe.threshold)
    blanks, still = blank_each(heatmaps), lefts.sum((1, 2))
    found = []
    for place, (state, (logit, probability)) in enumerate(zip(states, numbers, strict=True)):
        before, blank = state.passes, bool(blanks[place])
        fell = bool(before) and probability < before[-1].probability
        accepted = not before or (not blank and (recipe.keep_rejected or not fell))
        if fell and recipe.stop_on_fall:
            stopped = PROBABILITY_FELL
        elif blank:
            stopped = BLANK
        elif len(before) + 1 == recipe.passes:
            stopped = LAST
        elif not still[place]:
            stopped = NOTHING_LEFT
        else:
            stopped = None
        found.append(
            Pass(
                heatmap=heatmaps[place],
                blended=blends[place] if before and accepted else formers[place],
                keep=state.keep,
                logit=logit,
                probability=probability,
                words=named(state.look.expression, words[place]),
                accepted=accepted,
                stopped=stopped,
            )
        )
        state.keep = lefts[place]
    return found


def _looked(
    matcher: Answering, states: list[_Looking], layer: int, recipe: Recipe
) -> tuple[np.ndarray, np.ndarray, list[tuple[float, float]]]:
    """What the model finds with the patches that are kept: maps (texts, rows, columns), those of words (texts, most words, rows,
    columns), logits and probabilities. All of it is under way before anybody waits for the model."""
    asks = [Ask(state.look.image, state.look.text, state.keep) for state in states]
    matches = Matches.of(matcher.match_all(asks, layers=(layer,)))
    attention, gradient = matches.attention[layer], slope(matches, layer, recipe.gradient)
    maps = activation(attention, gradient).mean(1)
    roles = [state.roles for state in states]
    fused = fuse_all(attention, gradient, roles, matches.lengths, recipe.emphasis, recipe.local_weight, maps)
    words = mean_maps(maps, [state.places for state in states])
    return fused.cpu().numpy(), words.cpu().numpy(), matches.numbers
