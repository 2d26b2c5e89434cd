"""A recipe that cannot be followed cannot be made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iterprime_xai.records import OptionError
from iterprime_xai.saliency import RECIPES, Recipe, get_recipe


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("prompt", "a photo", "{expression} in it once, but got 'a photo'"),
        ("prompt", "{expression} and {expression}", "in it once"),
        ("prompt", None, "but got None"),
        ("emphasis", "bold", "both, local, global, none, all_tokens, sentence, but got 'bold'"),
        ("emphasis", ["both"], "but got"),
        ("local_weight", "heavy", "gradient, plain, but got 'heavy'"),
        ("selection", "best", "default, paper, but got 'best'"),
        ("passes", 0, "at least 1"),
        ("passes", 2.0, "at least 1"),
        ("passes", True, "at least 1"),
        ("threshold", 0, "above 0 and at most 1, but got 0"),
        ("threshold", 1.01, "above 0 and at most 1"),
        ("threshold", float("nan"), "above 0 and at most 1"),
        ("threshold", "0.5", "above 0 and at most 1, but got '0.5'"),
        ("blend", -0.1, "from 0 to 1"),
        ("blend", 1.1, "from 0 to 1"),
        ("blend", float("nan"), "from 0 to 1"),
        ("keep_rejected", "no", "True or False, but got 'no'"),
    ],
)
def test_a_setting_that_cannot_be_followed_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        replace(RECIPES["default"], **{name: value})
    assert str(caught.value).startswith(name)
    assert message in str(caught.value)


def test_the_ends_of_the_ranges_are_allowed() -> None:
    assert Recipe("ends", threshold=1, blend=0).blend == 0
    assert Recipe("ends", threshold=1e-9, blend=1, passes=1).passes == 1


def test_a_recipe_of_ones_own_is_checked_when_a_setting_changes() -> None:
    with pytest.raises(OptionError, match="at least 1"):
        get_recipe(Recipe("mine"), passes=0)
