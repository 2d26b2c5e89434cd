"""The ways to look that the quality table compares, and which is compared with which."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iterprime_xai.saliency import RECIPES, Recipe

REFINED = 3
"""Passes of the rows with refinement."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to look: a recipe read at a layer, under a name."""

    name: str
    layer: int
    recipe: Recipe


def plain_name(layer: int) -> str:
    """Name of plain Grad-CAM at a layer."""
    return f"plain, layer {layer}"


def table_ways(layers: tuple[int, ...], chosen: int) -> list[Way]:
    """The rows of the quality table.

    Plain Grad-CAM of the sentence in one pass, at every layer; at the ``chosen`` layer refinement alone, each emphasis in one pass,
    both emphases with refinement, and the recipes as they are. All but ``paper`` take every other setting, the rule of selection
    included, from ``default``.
    """
    base = RECIPES["default"]
    plain = replace(base, name="plain", emphasis="sentence", passes=1)
    ways = [Way(plain_name(layer), layer, plain) for layer in layers]
    for name, recipe in (
        ("refined", replace(plain, passes=REFINED)),
        ("emphasis none", replace(base, emphasis="none", passes=1)),
        ("emphasis local", replace(base, emphasis="local", passes=1)),
        ("emphasis global", replace(base, emphasis="global", passes=1)),
        ("emphasis both", replace(base, emphasis="both", passes=1)),
        ("everything", replace(base, emphasis="both", passes=REFINED)),
    ):
        ways.append(Way(name, chosen, replace(recipe, name=name)))
    return ways + [Way(name, chosen, RECIPES[name]) for name in ("default", "paper")]


def comparisons(layers: tuple[int, ...], chosen: int) -> list[tuple[str, str]]:
    """Pairs (way, against): each addition against plain Grad-CAM at the chosen layer, and against what it is added to."""
    plain = plain_name(chosen)
    return [
        *((plain_name(layer), plain) for layer in layers if layer != chosen),
        *((name, plain) for name in ("refined", "emphasis none", "emphasis local", "emphasis global", "emphasis both")),
        *((name, plain) for name in ("everything", "default", "paper")),
        *((name, "emphasis none") for name in ("emphasis local", "emphasis global", "emphasis both")),
        ("everything", "emphasis both"),
        ("default", "paper"),
    ]


def first_candidates(layers: tuple[int, ...]) -> list[Way]:
    """What is tried first when layer and recipe are chosen: every emphasis at every layer, in one pass."""
    base = replace(RECIPES["default"], passes=1)
    found = []
    for layer in layers:
        for emphasis in ("sentence", "none", "local", "global", "both", "all_tokens"):
            name = f"layer {layer}, {emphasis}, 1 pass"
            found.append(Way(name, layer, replace(base, name=name, emphasis=emphasis)))  # type: ignore[arg-type]
    return found


def second_candidates(best: Way) -> list[Way]:
    """What is tried then: the best of the first, as it is and with refinement of several strengths."""
    found = [best]
    for passes in (2, 3, 5):
        for threshold in (0.3, 0.5, 0.7):
            for blend in (0.2, 0.5):
                name = f"layer {best.layer}, {best.recipe.emphasis}, {passes} passes, threshold {threshold:g}, blend {blend:g}"
                recipe = replace(best.recipe, name=name, passes=passes, threshold=threshold, blend=blend)
                found.append(Way(name, best.layer, recipe))
    return found
