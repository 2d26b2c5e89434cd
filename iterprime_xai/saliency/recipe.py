"""Recipes: every setting of one way to look, under a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from iterprime_xai.records import OptionError
from iterprime_xai.saliency.emphasis import Emphasis


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a phrase becomes a heatmap and a mask.

    Attributes:
        name: what the recipe is called.
        prompt: the matched text, with ``{expression}`` in it once.
        emphasis: how tokens become one map, see `saliency.emphasis`.
        local_weight: "plain" or "gradient", see `saliency.emphasis.fuse`.
        passes: at most this many looks, the first included.
        threshold: patches at or above this share of the newest map's range are masked for the next pass.
        blend: weight of the newest map in the blended one.
        keep_rejected: whether a pass whose probability fell stays in the map.
        selection: rule that picks a proposal, see `masks.selection`.
    """

    name: str
    prompt: str = "{expression}"
    emphasis: Emphasis = "both"
    local_weight: Literal["gradient", "plain"] = "plain"
    passes: int = 3
    threshold: float = 0.5
    blend: float = 0.2
    keep_rejected: bool = False
    selection: str = "default"

    def text(self, expression: str) -> tuple[str, int]:
        """The text to match, and where the expression starts in it."""
        shift = self.prompt.index("{expression}")
        return self.prompt.replace("{expression}", expression), shift


RECIPES: dict[str, Recipe] = {
    "default": Recipe("default"),
    "paper": Recipe(
        "paper",
        prompt="there is a {expression}",
        local_weight="gradient",
        keep_rejected=True,
        selection="paper",
    ),
}
"""``paper`` is what the released code of IteRPrimE does; ``default`` is ours: no prompt, local emphasis on the scale of the
other maps, a pass whose probability fell is left out, and a selection that always answers."""


def get_recipe(recipe: str | Recipe, *, passes: int | None = None, emphasis: Emphasis | None = None) -> Recipe:
    """A recipe by name, with the settings that the caller gave in place of its own.

    Raises:
        OptionError: unknown name, or a number of passes below 1.
    """
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise OptionError(f"recipe must be one of {', '.join(RECIPES)} or a Recipe, but got {recipe!r}.")
        recipe = RECIPES[recipe]
    if passes is not None:
        if isinstance(passes, bool) or not isinstance(passes, int) or passes < 1:
            raise OptionError(f"passes must be a whole number of at least 1 (1 = no refinement), but got {passes!r}.")
        recipe = replace(recipe, passes=passes)
    return recipe if emphasis is None else replace(recipe, emphasis=emphasis)
