"""The query language says yes, no or unsure, each where it should."""

from __future__ import annotations

import pytest
from scenes_by_hand import PLAIN, ROW, TWO_BIKES

from iterprime_xai.data.scenes import Description, Relation, Thing, compose, find, fits, referent
from iterprime_xai.data.scenes.truth import both, noun_fits, relates, truths


def pair(x: float, y: float, u: float, v: float, extent: float = 0.2):
    return compose([Thing("ball", "red", "small", x, y, extent), Thing("ball", "blue", "small", u, v, extent)], PLAIN)


def test_a_noun_finds_all_of_its_kind() -> None:
    assert find(TWO_BIKES, Description("bike")) == (1, 2)
    assert referent(TWO_BIKES, Description("bike")) is None
    assert referent(TWO_BIKES, Description("tree")) == 0


def test_attributes_narrow_it_down() -> None:
    assert referent(TWO_BIKES, Description("bike", colour="blue")) == 2
    assert find(TWO_BIKES, Description("bike", colour="green")) == ()
    assert find(TWO_BIKES, Description("thing", size="medium")) == (1, 2)


def test_the_bike_left_of_the_tree_is_the_red_one() -> None:
    left = Description("bike", relations=(Relation("left of", Description("tree")),))
    right = Description("bike", relations=(Relation("right of", Description("tree")),))
    assert truths(TWO_BIKES, left) == (False, True, False)
    assert truths(TWO_BIKES, right) == (False, False, True)


def test_a_relation_to_something_absent_fits_nothing() -> None:
    assert truths(TWO_BIKES, Description("bike", relations=(Relation("left of", Description("dog")),))) == (False,) * 3


@pytest.mark.parametrize(("x", "expected"), [(0.41, True), (0.43, None), (0.54, None), (0.56, False)])
def test_left_has_a_margin_on_both_sides(x: float, expected: bool | None) -> None:
    scene = compose([Thing("ball", "red", "small", x, 0.5, 0.2)], PLAIN)
    assert fits(scene, 0, Description("ball", place="left")) is expected


@pytest.mark.parametrize(
    ("place", "x", "y"),
    [("left", 0.2, 0.5), ("right", 0.8, 0.5), ("top", 0.5, 0.2), ("bottom", 0.5, 0.8), ("middle", 0.5, 0.5)],
)
def test_each_place_fits_where_it_is_and_not_across(place: str, x: float, y: float) -> None:
    here = compose([Thing("ball", "red", "small", x, y, 0.2)], PLAIN)
    across = compose(
        [Thing("ball", "red", "small", 1 - x if x != 0.5 else 0.85, 1 - y if y != 0.5 else 0.1, 0.2)], PLAIN
    )
    assert fits(here, 0, Description(place=place)) is True
    assert fits(across, 0, Description(place=place)) is False


def test_a_corner_needs_both_of_its_sides() -> None:
    scene = compose([Thing("ball", "red", "small", 0.2, 0.2, 0.2)], PLAIN)
    assert fits(scene, 0, Description(place="top left")) is True
    assert fits(scene, 0, Description(place="bottom left")) is False


@pytest.mark.parametrize(
    ("u", "v", "expected"),
    [
        (0.6, 0.5, True),  # clearly to the right
        (0.35, 0.5, None),  # right by less than the margin
        (0.5, 0.9, None),  # more below than right
        (0.3, 0.9, False),  # not right at all
        (0.1, 0.5, False),  # to the left
    ],
)
def test_left_of_needs_a_step_that_is_clear_and_mostly_across(u: float, v: float, expected: bool | None) -> None:
    assert relates(pair(0.3, 0.5, u, v), 0, "left of", 1) is expected


@pytest.mark.parametrize("names", [("left of", "right of"), ("above", "below")])
def test_opposite_relations_mirror_each_other(names: tuple[str, str]) -> None:
    for u, v in ((0.7, 0.5), (0.35, 0.5), (0.5, 0.9), (0.1, 0.2)):
        scene = pair(0.3, 0.5, u, v)
        assert relates(scene, 0, names[0], 1) is relates(scene, 1, names[1], 0)


def test_next_to_is_beside_and_near_is_close_in_any_direction() -> None:
    beside, below, far = pair(0.3, 0.5, 0.53, 0.5), pair(0.3, 0.4, 0.3, 0.63), pair(0.15, 0.5, 0.85, 0.5)
    assert [relates(scene, 0, "next to", 1) for scene in (beside, below, far)] == [True, None, False]
    assert [relates(scene, 0, "near", 1) for scene in (beside, below, far)] == [True, True, False]


def test_in_front_is_what_hides_and_behind_is_what_is_hidden() -> None:
    scene = pair(0.4, 0.5, 0.5, 0.5)
    assert scene.hidden[0][:2] == (1, 0)
    assert relates(scene, 1, "in front of", 0) is True
    assert relates(scene, 0, "behind", 1) is True
    assert relates(scene, 0, "in front of", 1) is False
    assert relates(scene, 1, "behind", 0) is False


def test_a_lower_thing_that_touches_nothing_may_be_called_the_one_in_front() -> None:
    scene = pair(0.3, 0.2, 0.3, 0.8)
    assert relates(scene, 1, "in front of", 0) is None
    assert relates(scene, 0, "in front of", 1) is False


def test_ordinals_count_from_either_side() -> None:
    for rank, index in ((1, 0), (2, 1), (3, 2)):
        assert referent(ROW, Description("cat", order="left", rank=rank)) == index
        assert referent(ROW, Description("cat", order="right", rank=4 - rank)) == index
    assert find(ROW, Description("cat", order="left", rank=4)) == ()


def test_ordinals_are_unsure_where_neighbours_are_level() -> None:
    scene = pair(0.5, 0.2, 0.52, 0.8)
    assert truths(scene, Description("ball", order="left")) == (None, None)
    assert referent(scene, Description("ball", order="top")) == 0


def test_nobody_is_first_of_one() -> None:
    assert truths(TWO_BIKES, Description("tree", order="left")) == (None, False, False)


def test_largest_and_smallest_need_a_clear_ratio() -> None:
    assert referent(ROW, Description("cat", order="largest")) == 2
    assert referent(ROW, Description("cat", order="smallest")) == 0
    assert truths(TWO_BIKES, Description("bike", order="largest")) == (False, None, None)


def test_sizes_of_different_kinds_are_not_compared() -> None:
    assert referent(TWO_BIKES, Description("thing", order="largest")) is None


def test_an_unsure_member_of_a_category_keeps_the_truth_open() -> None:
    assert noun_fits("chair", "sit") is True
    assert noun_fits("bed", "sit") is None
    assert noun_fits("dog", "sit") is False
    scene = compose([Thing("chair", "red", "small", 0.2, 0.5, 0.2), Thing("bed", "red", "small", 0.8, 0.5, 0.2)], PLAIN)
    assert referent(scene, Description("sit")) is None
    assert referent(scene, Description("furniture", place="left")) == 0


def test_three_valued_and() -> None:
    table = {(True, True): True, (True, None): None, (None, None): None, (None, False): False, (True, False): False}
    for (one, other), expected in table.items():
        assert both(one, other) is expected
        assert both(other, one) is expected


def test_an_anchor_is_never_the_thing_itself() -> None:
    scene = pair(0.3, 0.5, 0.9, 0.5)
    assert truths(scene, Description("ball", relations=(Relation("near", Description("ball")),))) == (False, False)
