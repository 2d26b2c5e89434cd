"""The rows of the quality table, and what they are compared with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iterprime_xai.evaluation.ways import (
    AT_SCORES,
    comparisons,
    extra_comparisons,
    first_candidates,
    plain_name,
    second_candidates,
    table_ways,
    ways_from,
)
from iterprime_xai.records import OptionError
from iterprime_xai.saliency import RECIPES


def test_plain_stands_at_every_layer_and_the_rest_at_the_chosen_one():
    ways = {way.name: way for way in table_ways((0, 1, 2), 1)}
    assert [ways[plain_name(layer)].layer for layer in (0, 1, 2)] == [0, 1, 2]
    plain = ways[plain_name(1)].recipe
    assert (plain.gradient, plain.emphasis, plain.passes) == ("attention", "sentence", 1)
    scores = ways[AT_SCORES].recipe
    assert replace(scores, name="plain", gradient="attention") == plain
    assert replace(ways["refined"].recipe, name=AT_SCORES, passes=1) == scores
    assert ways["plain, emphasis both"].recipe == replace(plain, name="plain, emphasis both", emphasis="both")
    assert ways["plain, refined"].recipe == replace(plain, name="plain, refined", passes=3)
    assert {ways[f"emphasis {each}"].recipe.gradient for each in ("none", "local", "global", "both")} == {"scores"}
    assert [ways[f"emphasis {each}"].recipe.emphasis for each in ("none", "local", "global", "both")] == [
        "none", "local", "global", "both",
    ]  # fmt: skip
    assert {ways[f"emphasis {each}"].recipe.passes for each in ("none", "local", "global", "both")} == {1}
    assert replace(ways["refined, all kept"].recipe, name="refined", keep_rejected=False) == ways["refined"].recipe
    assert ways["everything, all kept"].recipe.keep_rejected
    assert (ways["everything"].recipe.emphasis, ways["everything"].recipe.passes) == ("both", 3)
    assert (ways["default"].recipe, ways["paper"].recipe) == (RECIPES["default"], RECIPES["paper"])
    assert {way.layer for name, way in ways.items() if not name.startswith("plain")} == {1}


def test_every_comparison_is_between_rows_of_the_table():
    names = [way.name for way in table_ways((0, 1, 2), 1)]
    assert len(set(names)) == len(names)
    pairs = comparisons((0, 1, 2), 1)
    assert all(one in names and other in names and one != other for one, other in pairs)
    assert ("default", "paper") in pairs
    for base in (plain_name(1), AT_SCORES):  # every row is compared with one of the two, and they with one another
        assert base in names
    compared = {one for one, other in pairs if other in (plain_name(1), AT_SCORES)}
    assert compared == set(names) - {plain_name(1)}


def test_candidates_have_names_of_their_own_and_begin_with_what_was_best():
    first = first_candidates((0, 3))
    assert len({way.name for way in first}) == len(first) == 24
    best = first[3]
    second = second_candidates(best)
    assert second[0] is best
    assert len({way.name for way in second}) == len(second)
    kept = {(way.layer, way.recipe.gradient, way.recipe.emphasis) for way in second}
    assert kept == {(best.layer, best.recipe.gradient, best.recipe.emphasis)}


def test_further_ways_change_a_recipe_at_a_layer():
    five, paper = ways_from(
        [{"name": "five", "passes": 5}, {"name": "one", "base": "paper", "layer": 0, "passes": 1}], 2
    )
    assert (five.layer, five.recipe) == (2, replace(RECIPES["default"], name="five", passes=5))
    assert (paper.layer, paper.recipe) == (0, replace(RECIPES["paper"], name="one", passes=1))
    names = [way.name for way in (*table_ways((0, 1), 1), five)]
    assert extra_comparisons(names, (0, 1), 1) == [("five", AT_SCORES), ("five", "default")]


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"name": "x"}, "list of objects"),
        ([{"passes": 5}], '"name"'),
        ([{"name": "x", "speed": 1}], "no setting speed"),
        ([{"name": "x", "passes": 0}], "passes"),
        ([{"name": "x", "base": "none"}], "recipe"),
        ([{"name": "default"}], "name of its own"),
        ([{"name": "x"}, {"name": "x"}], "name of its own"),
    ],
)
def test_further_ways_that_make_no_sense_are_refused(described, said):
    with pytest.raises(OptionError, match=said):
        ways_from(described, 1)
