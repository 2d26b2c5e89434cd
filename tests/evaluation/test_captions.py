"""Sentences read back into claims, and put to the scene."""

from __future__ import annotations

import pytest

from iterprime_xai.data.scenes import Background, Description, Relation, Thing, compose, generate
from iterprime_xai.data.scenes.captions import scene_caption
from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.evaluation.caption_reading import read_claims
from iterprime_xai.evaluation.captions import caption_row, judge, named, standings

SCENE = compose(
    [
        Thing("tree", "green", "large", 0.5, 0.4, 0.4),
        Thing("bike", "red", "medium", 0.2, 0.5, 0.25),
        Thing("bike", "blue", "medium", 0.8, 0.5, 0.25),
    ],
    Background("flat", ((170, 170, 170),), 0),
)
TREE = Description("tree", "green")


def some(**parts) -> Statement:
    return Statement(Description(**parts), definite=False)


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("a red bike", [some(noun="bike", colour="red")]),
        ("there is a big red bicycle on the left", [some(noun="bike", colour="red", size="large", place="left")]),
        ("a man in red", [some(noun="man", colour="red")]),
        (
            "a red bike to the left of a green tree and a cat at the top",
            [
                some(noun="bike", colour="red", relations=(Relation("left of", TREE),)),
                some(noun="cat", place="top"),
            ],
        ),
        (
            "a bike that is under a green tree and next to a wine glass",
            [some(noun="bike", relations=(Relation("below", TREE), Relation("next to", Description("wine glass"))))],
        ),
        ("the left bike is red", [Statement(Description("bike", place="left"), Description(colour="red"))]),
        ("bike on left is small", [Statement(Description("bike", place="left"), Description(size="small"))]),
        (
            "the red one is above the green tree",
            [Statement(Description(colour="red"), Description(relations=(Relation("above", TREE),)))],
        ),
        ("the animal in the middle is a dog", [Statement(Description("animal", place="middle"), Description("dog"))]),
    ],
)
def test_a_sentence_is_read_as_what_it_says(text, claims):
    assert read_claims(text) == tuple(claims)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a red",
        "a bike and",
        "a unicorn",
        "a red blue bike",
        "a bike left of",
        "second bike from the left",
        "is red",
    ],
)
def test_what_makes_no_sentence_is_left_unread(text):
    assert read_claims(text) is None


def test_what_scenes_are_told_in_is_read_back_as_it_was_meant():
    for index in range(40):
        scene = generate(3, index)
        for caption in (scene_caption(scene), scene_caption(scene, Dice(index))):
            assert read_claims(caption.text) == caption.claims


def test_things_and_standings_of_a_claim():
    claim = read_claims("a small red bike on the left above a green tree")[0]
    assert named(claim) == (Description("bike", "red", "small"), TREE)
    assert standings(claim) == (
        some(noun="bike", colour="red", size="small", place="left"),
        some(noun="bike", colour="red", size="small", relations=(Relation("above", TREE),)),
    )
    (said,) = read_claims("the red bike is on the left")
    assert standings(said) == (some(noun="bike", colour="red", place="left"),)


def test_shares_are_counted_by_hand():
    told = [
        (SCENE, "a red bike left of a green tree and a blue bike on the right"),  # 3 of 3 things, 2 of 2 standings
        (SCENE, "a red bike right of a green tree"),  # things 2 of 2, proved false: 0 of 1 standing
        (SCENE, "a red bike at the top"),  # halfway down, people might disagree: things 1 of 1, 0 of 1 standing
        (SCENE, "a red dog left of a green tree"),  # 1 of 2 things; how a thing stands that is not there is not asked
        (SCENE, "red red red"),
    ]
    row = judge("val", told)
    assert (row.true.mean, row.bearable.mean, row.unread, row.count) == (0.2, 0.4, 0.2, 5)
    assert row.things.mean == pytest.approx(7 / 8)
    assert row.stands.mean == pytest.approx(2 / 4)
    assert row.words == pytest.approx((15 + 8 + 6 + 8 + 3) / 5)


def test_scenes_of_a_split_are_shown_in_order_and_judged():
    shown = []

    def say(image):
        shown.append(image.size)
        return scene_caption(generate(0, len(shown) - 1, "testB")).text

    row = caption_row(say, "testB", 3)
    assert (row.split, row.true.mean, row.stands.mean, row.count) == ("testB", 1.0, 1.0, 3)
    assert shown == [(336, 336)] * 3


def test_no_scene_gives_no_figure():
    row = judge("val", [])
    assert row.count == 0
    assert row.true.mean != row.true.mean
