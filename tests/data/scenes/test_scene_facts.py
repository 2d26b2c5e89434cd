"""What a scene holds, as arrays: read off scenes made by hand, and checked against descriptions."""

from __future__ import annotations

import numpy as np
from scenes_by_hand import PLAIN, ROW, TWO_BIKES

from iterprime_xai.data.scenes import Description, Relation, Scene, Thing, compose, fits, generate, render
from iterprime_xai.data.scenes.facts import (
    BACKGROUND,
    BESIDE,
    FLAGS,
    MIXED,
    MOST_THINGS,
    NO,
    RANKS,
    UNSURE,
    YES,
    Facts,
    cells,
    facts,
)
from iterprime_xai.data.scenes.generate import COUNTS
from iterprime_xai.data.scenes.truth import ORDERS, PLACES, RELATIONS
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUN_INDEX, NOUNS, SIZES

CODES = {False: NO, True: YES, None: UNSURE}


def _place(found: Facts, thing: int, place: str) -> int:
    return int(found.flags[thing, PLACES.index(place)])


def _order(found: Facts, thing: int, order: str) -> int:
    return int(found.flags[thing, len(PLACES) + ORDERS.index(order)])


def _relation(found: Facts, thing: int, relation: str, noun: str) -> int:
    start = len(PLACES) + len(ORDERS) + RELATIONS.index(relation) * len(NOUNS)
    return int(found.flags[thing, start + NOUN_INDEX[noun]])


def _rank(found: Facts, thing: int, order: str, rank: int, own_kind: bool) -> int:
    start = len(PLACES) + len(ORDERS) + len(RELATIONS) * len(NOUNS)
    return int(found.flags[thing, start + RANKS.index((order, rank, own_kind))])


def _to_colour(found: Facts, thing: int, relation: str, colour: str) -> int:
    start = FLAGS - len(RELATIONS) * len(COLOURS) + RELATIONS.index(relation) * len(COLOURS)
    return int(found.flags[thing, start + COLOURS.index(colour)])


def test_names_are_indices_of_noun_colour_and_size() -> None:
    found = facts(TWO_BIKES)
    assert found.names.dtype == found.flags.dtype == np.uint8
    assert found.names.tolist() == [
        [NOUN_INDEX["tree"], COLOURS.index("green"), SIZES.index("large")],
        [NOUN_INDEX["bike"], COLOURS.index("red"), SIZES.index("medium")],
        [NOUN_INDEX["bike"], COLOURS.index("blue"), SIZES.index("medium")],
    ]
    assert found.flags.shape == (3, FLAGS)
    assert set(np.unique(found.flags)) <= {NO, YES, UNSURE}


def test_places_are_yes_no_or_unsure() -> None:
    # Centres: tree (0.5, 0.4), bikes (0.2, 0.5) and (0.8, 0.5). Left needs x < 0.42, and is ruled out from 0.55.
    found = facts(TWO_BIKES)
    assert [_place(found, thing, "left") for thing in range(3)] == [UNSURE, YES, NO]
    assert [_place(found, thing, "right") for thing in range(3)] == [UNSURE, NO, YES]
    assert [_place(found, thing, "top") for thing in range(3)] == [YES, UNSURE, UNSURE]
    assert [_place(found, thing, "middle") for thing in range(3)] == [YES, NO, NO]
    assert _place(found, 1, "top right") == NO


def test_the_first_of_a_kind_is_asked_only_where_there_are_several() -> None:
    bikes, cats = facts(TWO_BIKES), facts(ROW)
    assert [_order(bikes, 0, order) for order in ORDERS] == [UNSURE] * len(ORDERS)
    assert [_order(bikes, thing, "left") for thing in (1, 2)] == [YES, NO]
    assert [_order(bikes, thing, "right") for thing in (1, 2)] == [NO, YES]
    # At the same height, and equally large: nobody can say.
    assert [_order(bikes, thing, order) for thing in (1, 2) for order in ("top", "largest")] == [UNSURE] * 4
    assert [_order(cats, thing, "largest") for thing in range(3)] == [NO, NO, YES]
    assert [_order(cats, thing, "smallest") for thing in range(3)] == [YES, NO, NO]


def test_ranks_are_among_its_kind_and_among_all_things() -> None:
    bikes, cats = facts(TWO_BIKES), facts(ROW)
    assert [[_rank(cats, thing, "left", rank, True) for thing in range(3)] for rank in (2, 3)] == [
        [NO, YES, NO],
        [NO, NO, YES],
    ]
    assert [_rank(bikes, thing, "right", 2, True) for thing in range(3)] == [UNSURE, YES, NO]
    # From the left: bike, tree, bike. Nothing is the fourth of three.
    assert [[_rank(bikes, thing, "left", rank, False) for thing in range(3)] for rank in (1, 2, 3, 4)] == [
        [NO, YES, NO],
        [YES, NO, NO],
        [NO, NO, YES],
        [NO, NO, NO],
    ]
    # The tree is the topmost; the bikes are equally high.
    assert [_rank(bikes, thing, "top", 1, False) for thing in range(3)] == [YES, NO, NO]
    assert [_rank(bikes, thing, "top", 2, False) for thing in range(3)] == [UNSURE] * 3


def test_relations_are_to_nouns_and_one_such_thing_is_enough() -> None:
    found = facts(TWO_BIKES)
    # One bike stands on either side of the tree, so it is left of a bike and right of a bike.
    assert _relation(found, 0, "left of", "bike") == _relation(found, 0, "right of", "bike") == YES
    assert [_relation(found, thing, "left of", "tree") for thing in (1, 2)] == [YES, NO]
    assert [_relation(found, thing, "right of", "tree") for thing in (1, 2)] == [NO, YES]
    assert [_relation(found, thing, "right of", "bike") for thing in (1, 2)] == [NO, YES]
    assert _relation(found, 0, "left of", "tree") == NO, "a thing stands in no relation to itself"
    assert {_relation(found, thing, name, "dog") for thing in range(3) for name in RELATIONS} == {NO}


def test_relations_are_to_colours_too() -> None:
    found = facts(TWO_BIKES)  # a green tree, a red bike left of it, a blue one right of it
    assert [_to_colour(found, 0, "right of", colour) for colour in ("red", "blue", "green")] == [YES, NO, NO]
    assert [_to_colour(found, thing, "left of", "green") for thing in (1, 2)] == [YES, NO]


def test_an_unsure_one_leaves_it_unsure_until_another_is_sure() -> None:
    dog = Thing("dog", "black", "small", 0.2, 0.3, 0.16)
    # 0.05 to the right: neither proved left of it nor ruled out. The other cat is far to the right.
    close, far = (Thing("cat", "red", "small", x, 0.8, 0.16) for x in (0.25, 0.9))
    one, two = facts(compose([dog, close], PLAIN)), facts(compose([dog, close, far], PLAIN))
    assert _relation(one, 0, "left of", "cat") == UNSURE
    assert _relation(one, 0, "right of", "cat") == NO
    assert _relation(two, 0, "left of", "cat") == YES
    assert _relation(facts(compose([dog, far, close], PLAIN)), 0, "left of", "cat") == YES


def _asked(scene: Scene, thing: int) -> list[tuple[int, int, Description]]:
    """(flag, what it has to be, the description that says the same)."""
    noun, found = scene.things[thing].noun, facts(scene)
    several = sum(each.noun == noun for each in scene.things) > 1
    rows = [(_place(found, thing, place), Description(place=place)) for place in PLACES]
    if several:
        rows += [(_order(found, thing, order), Description(noun, order=order)) for order in ORDERS]
    rows += [
        (_rank(found, thing, order, rank, own), Description(noun if own else "thing", order=order, rank=rank))
        for order, rank, own in RANKS
        if several or not own
    ]
    rows += [
        (_relation(found, thing, name, other), Description(relations=(Relation(name, Description(other)),)))
        for name in RELATIONS
        for other in {each.noun for each in scene.things}
    ]
    rows += [
        (_to_colour(found, thing, name, colour), Description(relations=(Relation(name, Description(colour=colour)),)))
        for name in RELATIONS
        for colour in COLOURS
    ]
    return [(code, CODES[fits(scene, thing, description)], description) for code, description in rows]


def test_every_flag_says_what_its_description_proves() -> None:
    seen = set()
    for index in range(12):
        scene = generate(31, index, "train")
        for thing in range(len(scene.things)):
            for code, expected, description in _asked(scene, thing):
                assert code == expected, (scene.name, thing, description)
                seen.add(code)
    assert seen == {NO, YES, UNSURE}


def test_no_scene_holds_more_things_than_there_is_room_for() -> None:
    assert max(count for count, _ in COUNTS) == MOST_THINGS < BESIDE < MIXED < BACKGROUND


def test_a_cell_belongs_to_what_fills_its_middle() -> None:
    masks = np.zeros((2, 24, 24), bool)  # 3 x 3 cells of 8 x 8, each with a middle of 4 x 4
    masks[0, 2:6, 2:4] = True  # half of the first cell's middle
    masks[1, 2:6, 5:6] = True  # against a quarter
    masks[0, 2:4, 8:16] = True  # half of the second one's
    masks[0, :2, 16:24] = True  # a rim of the third cell, its middle empty
    masks[1, 8:24, 2] = True  # a quarter of two middles, while the thing fills another one wholly
    masks[1, 10:14, 10:14] = True
    masks[0, 23, 20:22] = True  # 2 of 64 pixels: too little to count
    found = cells(masks, 3)
    assert found.dtype == np.uint8
    assert found.tolist() == [[0, 0, BESIDE], [MIXED, 1, BACKGROUND], [MIXED, BACKGROUND, BACKGROUND]]


def test_a_thing_too_thin_for_any_middle_owns_what_it_fills_most() -> None:
    masks = np.zeros((1, 16, 16), bool)
    masks[0, 3, :8] = True  # 4 of the 16 pixels in the middle of the first cell
    masks[0, 3, 8:12] = True  # 2 of the second's
    assert cells(masks, 2).tolist() == [[0, MIXED], [BACKGROUND, BACKGROUND]]
    assert cells(masks[:0], 2).tolist() == [[BACKGROUND] * 2] * 2


def test_cells_of_a_drawn_scene_lie_where_its_things_are() -> None:
    found = cells(render(TWO_BIKES, 112).masks, 14)
    # The tree's centre is at (0.5, 0.4): column 7, row 5; the corners are empty.
    assert found[5, 7] == 0
    assert {int(found[row, column]) for row in (0, 13) for column in (0, 13)} == {BACKGROUND}
    across = {thing: np.flatnonzero((found == thing).any(axis=0)) for thing in range(3)}
    assert across[1].max() < across[0].mean() < across[2].min()
