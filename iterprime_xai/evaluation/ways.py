"""The ways to look that the quality table compares, and which is compared with which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any, get_args

from iterprime_xai.records.errors import OptionError
from iterprime_xai.saliency import RECIPES, Recipe, get_recipe
from iterprime_xai.saliency.emphasis import Emphasis
from iterprime_xai.saliency.recipe import Slope

AT_SCORES = "at the scores"
"""Name of the way that differs from plain Grad-CAM in one thing: it differentiates by the scores before the softmax."""

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

    Plain Grad-CAM of the sentence in one pass, at every layer; at the ``chosen`` layer the same differentiated by the scores, that
    with refinement alone and with each emphasis in one pass, both emphases with refinement, and the recipes as they are.
    All but ``paper`` take every other setting, the rule of selection included, from ``default``. "All kept": a look whose
    match probability fell stays in the map.
    """
    base = RECIPES["default"]
    scores = replace(base, emphasis="sentence", passes=1)
    plain = replace(scores, name="plain", gradient="attention")
    ways = [Way(plain_name(layer), layer, plain) for layer in layers]
    for name, recipe in (
        (AT_SCORES, scores),
        ("refined", replace(scores, passes=REFINED)),
        ("refined, all kept", replace(scores, passes=REFINED, keep_rejected=True)),
        ("emphasis none", replace(base, emphasis="none", passes=1)),
        ("emphasis local", replace(base, emphasis="local", passes=1)),
        ("emphasis global", replace(base, emphasis="global", passes=1)),
        ("emphasis both", replace(base, emphasis="both", passes=1)),
        ("everything", replace(base, emphasis="both", passes=REFINED)),
        ("everything, all kept", replace(base, emphasis="both", passes=REFINED, keep_rejected=True)),
        ("plain, emphasis both", replace(plain, emphasis="both")),
        ("plain, refined", replace(plain, passes=REFINED)),
    ):
        ways.append(Way(name, chosen, replace(recipe, name=name)))
    return ways + [Way(name, chosen, RECIPES[name]) for name in ("default", "paper")]


def comparisons(layers: tuple[int, ...], chosen: int) -> list[tuple[str, str]]:
    """Pairs (way, against): what each addition changes in what it is added to, and whole recipes beside plain Grad-CAM."""
    plain = plain_name(chosen)
    return [
        *((plain_name(layer), plain) for layer in layers if layer != chosen),
        *(
            (name, plain)
            for name in (AT_SCORES, "plain, emphasis both", "plain, refined", "everything", "default", "paper")
        ),
        *((name, AT_SCORES) for name in ("refined", "refined, all kept")),
        *((name, AT_SCORES) for name in ("emphasis none", "emphasis local", "emphasis global", "emphasis both")),
        *((name, AT_SCORES) for name in ("everything", "everything, all kept", "default")),
        *((name, "emphasis none") for name in ("emphasis local", "emphasis global", "emphasis both")),
        ("everything", "emphasis both"),
        ("everything, all kept", "emphasis both"),
        ("default", "paper"),
    ]


def extra_comparisons(names: Sequence[str], layers: tuple[int, ...], chosen: int) -> list[tuple[str, str]]:
    """Pairs (way, against) of ways that are not in the table: each against ``AT_SCORES`` and against ``default``."""
    known = {way.name for way in table_ways(layers, chosen)}
    return [(name, other) for name in names if name not in known for other in (AT_SCORES, "default")]


def ways_from(described: Any, chosen: int) -> list[Way]:
    """Further ways, from JSON: a list of objects with a "name", settings of a `Recipe`, and "layer" and "base" where not as usual.

    ``{"name": "five passes", "base": "default", "layer": 2, "passes": 5}``: what is not said is as in the recipe "base" ("default")
    and at the ``chosen`` layer. Raises ``OptionError`` for anything else.
    """
    if not isinstance(described, list) or not all(isinstance(each, dict) and "name" in each for each in described):
        raise OptionError(
            'Further ways must be a list of objects with a "name", as in [{"name": "five passes", "passes": 5}].'
        )
    found = []
    for each in described:
        base, layer = get_recipe(each.get("base", "default")), each.get("layer", chosen)
        settings = {name: value for name, value in each.items() if name not in ("base", "layer")}
        unknown = set(settings) - {field.name for field in fields(Recipe)}
        if unknown:
            raise OptionError(
                f"A recipe has no setting {', '.join(sorted(unknown))}; it has {', '.join(field.name for field in fields(Recipe))}."
            )
        found.append(Way(each["name"], layer, replace(base, **settings)))
    names = [way.name for way in found]
    taken = {name for name in names if names.count(name) > 1 or name in RECIPES}
    if taken:
        raise OptionError(
            f"Every way needs a name of its own, but {', '.join(sorted(taken))} is taken; choose another."
        )
    return found


def first_candidates(layers: tuple[int, ...]) -> list[Way]:
    """What is tried first when layer and recipe are chosen: every emphasis at every layer by either gradient, in one pass."""
    base = replace(RECIPES["default"], passes=1)
    found = []
    for layer, gradient, emphasis in product(layers, get_args(Slope), get_args(Emphasis)):
        name = f"layer {layer}, gradient by {gradient}, {emphasis}, 1 pass"
        found.append(Way(name, layer, replace(base, name=name, gradient=gradient, emphasis=emphasis)))
    return found


def second_candidates(best: Way) -> list[Way]:
    """What is tried then: the best of the first, as it is and with refinement of several strengths."""
    found = [best]
    for passes in (2, 3, 5):
        for threshold in (0.3, 0.5, 0.7):
            for blend in (0.2, 0.5):
                for kept in (False, True):
                    name = f"{passes} passes, threshold {threshold:g}, blend {blend:g}{', all kept' if kept else ''}"
                    name = f"layer {best.layer}, gradient by {best.recipe.gradient}, {best.recipe.emphasis}, {name}"
                    settings: dict[str, Any] = {
                        "passes": passes,
                        "threshold": threshold,
                        "blend": blend,
                        "keep_rejected": kept,
                    }
                    found.append(Way(name, best.layer, replace(best.recipe, name=name, **settings)))
    return found
