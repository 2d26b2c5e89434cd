"""Which part of the picture a phrase names, and which masks lie in it."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.language import parse
from iterprime_xai.records.packed import pack
from iterprime_xai.systems.rectifier import centres, inside_parts, named_parts


@pytest.mark.parametrize(
    ("text", "paper", "more"),
    [
        ("left dog", {"left"}, {"left"}),
        ("the dog on the right", {"right"}, {"right"}),
        ("top left dog", {"top", "left"}, {"top", "left"}),
        ("the bottom dog", set(), {"bottom"}),
        ("man in the middle", set(), {"middle"}),
        ("the dog left of the tree", set(), set()),
        ("the cup next to the left dog", set(), set()),
        ("the left dog next to the tree", set(), {"left"}),
        ("the leftmost dog", {"left"}, {"left"}),
        ("a stopped laptop in bright light", set(), set()),  # the released code finds "top" and "right" inside words
        ("red dog", set(), set()),
    ],
)
def test_parts_of_the_picture_that_a_phrase_names(text, paper, more):
    expression = parse(text, pipeline="rules")
    assert named_parts(expression, "paper") == paper
    assert named_parts(expression, "more") == more


def test_a_centre_is_the_mean_pixel_cut_to_whole_numbers():
    masks = np.zeros((2, 6, 8), bool)
    masks[0, 1:3, 2:7] = True  # rows 1, 2: mean 1.5; columns 2 to 6: mean 4
    assert centres(masks).tolist() == [[1, 4], [-1, -1]]
    assert centres(pack(masks, (6, 8))).tolist() == [[1, 4], [-1, -1]]


def test_halves_are_split_at_the_median_and_quadrants_are_both_halves():
    middles = np.array([[0, 0], [0, 9], [9, 0], [9, 9]], float)  # medians 4.5
    assert inside_parts(middles, frozenset({"top"})).tolist() == [True, True, False, False]
    assert inside_parts(middles, frozenset({"left"})).tolist() == [True, False, True, False]
    assert inside_parts(middles, frozenset({"bottom", "right"})).tolist() == [False, False, False, True]
    assert inside_parts(middles, frozenset()) is None


def test_a_centre_on_the_median_belongs_to_bottom_and_right():
    middles = np.array([[5.0, 5.0]])
    assert inside_parts(middles, frozenset({"top"})) is None  # nothing lies there: nothing is chosen among
    assert inside_parts(middles, frozenset({"bottom", "right"})).tolist() == [True]


def test_the_middle_is_the_inner_half_of_the_columns():
    middles = np.array([[5, column] for column in (0, 10, 20, 30, 40)], float)
    assert inside_parts(middles, frozenset({"middle"})).tolist() == [False, True, True, True, False]
