"""Recipes: every setting of one way to look, under a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Literal, get_args

from iterprime_xai.records import OptionError
from iterprime_xai.records.proposals import SELECTION_RULES
from iterprime_xai.saliency.emphasis import Emphasis

PLACE = "{expression}"
"""Where the phrase goes in a prompt."""

LocalWeight = Literal["gradient", "plain"]

Slope = Literal["attention", "scores"]
"""By what the match logit is differentiated: the attention probabilities, or the scores before their softmax."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a phrase becomes a heatmap and a mask.

    Attributes:
        name: what the recipe is called.
        prompt: the matched text, with ``{expression}`` in it once.
        gradient: "attention" (Grad-CAM as published) or "scores", see `saliency.gradcam.at_scores`.
        emphasis: how tokens become one map, see `saliency.emphasis`.
        local_weight: "plain" or "gradient", see `saliency.emphasis.fuse`.
        passes: at most this many looks, the first included.
        threshold: patches at or above this share (above 0, at most 1) of the newest map's range are masked for the next pass.
        blend: weight (0 to 1) of the newest map in the blended one.
        stop_on_fall: whether a pass whose match probability fell is the last one.
        keep_rejected: whether a pass whose probability fell stays in the map.
        selection: rule that picks a proposal, see `masks.selection`.

    Raises:
        OptionError: a setting that is none of these.
    """

    name: str
    prompt: str = "{expression}"
    gradient: Slope = "attention"
    emphasis: Emphasis = "both"
    local_weight: LocalWeight = "plain"
    passes: int = 3
    threshold: float = 0.5
    blend: float = 0.2
    stop_on_fall: bool = True
    keep_rejected: bool = False
    selection: str = "default"

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or self.prompt.count(PLACE) != 1:
            raise OptionError(f"prompt must be text with {PLACE} in it once, but got {self.prompt!r}.")
        _one_of("gradient", self.gradient, get_args(Slope))
        _one_of("emphasis", self.emphasis, get_args(Emphasis))
        _one_of("local_weight", self.local_weight, get_args(LocalWeight))
        _one_of("selection", self.selection, SELECTION_RULES)
        passes, threshold, blend = self.passes, self.threshold, self.blend
        if isinstance(passes, bool) or not isinstance(passes, int) or passes < 1:
            raise OptionError(f"passes must be a whole number of at least 1 (1 = no refinement), but got {passes!r}.")
        if not (_is_number(threshold) and 0 < threshold <= 1):
            raise OptionError(f"threshold must be a number above 0 and at most 1, but got {threshold!r}.")
        if not (_is_number(blend) and 0 <= blend <= 1):
            raise OptionError(f"blend must be a number from 0 to 1, but got {blend!r}.")
        for name in ("stop_on_fall", "keep_rejected"):
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"{name} must be True or False, but got {getattr(self, name)!r}.")

    def text(self, expression: str) -> tuple[str, int]:
        """The text to match, and where the expression starts in it."""
        return self.prompt.replace(PLACE, expression), self.prompt.index(PLACE)


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise OptionError(f"{name} must be one of {', '.join(allowed)}, but got {value!r}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


RECIPES: dict[str, Recipe] = {
    "default": Recipe("default", gradient="scores", emphasis="all_tokens"),
    "paper": Recipe(
        "paper",
        prompt="there is a {expression}",
        local_weight="gradient",
        keep_rejected=True,
        selection="paper",
    ),
}
"""``paper`` is what the released code of IteRPrimE does; ``default`` is ours: no prompt, the gradient by the scores and no emphasis
(chosen on the bundled model's validation scenes, where the first helps and the second costs), a pass whose probability fell
is left out, and a selection that always answers."""


def get_recipe(recipe: str | Recipe, *, passes: int | None = None, emphasis: Emphasis | None = None) -> Recipe:
    """A recipe by name, with the settings that the caller gave in place of its own.

    Raises:
        OptionError: unknown name, or a setting that `Recipe` refuses.
    """
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise OptionError(f"recipe must be one of {', '.join(RECIPES)} or a Recipe, but got {recipe!r}.")
        recipe = RECIPES[recipe]
    if passes is not None:
        recipe = replace(recipe, passes=passes)
    return recipe if emphasis is None else replace(recipe, emphasis=emphasis)
