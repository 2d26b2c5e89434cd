"""Spatial cues: what they say, whether they point to another thing, and to which."""

from __future__ import annotations

import pytest

from iterprime_xai.language import parse


def cues(text: str) -> list[tuple[str, str, str, str | None]]:
    found = parse(text, pipeline="rules")
    return [
        (cue.text, cue.kind, cue.direction, None if cue.context is None else found.words[cue.context].text)
        for cue in found.cues
    ]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("left dog", [("left", "absolute", "left", None)]),
        ("dog on the right", [("right", "absolute", "right", None)]),
        ("second zebra from left", [("left", "absolute", "left", None)]),
        ("lft chair btm", [("lft", "absolute", "left", None), ("btm", "absolute", "bottom", None)]),
        ("upper right cup", [("upper", "absolute", "top", None), ("right", "absolute", "right", None)]),
        ("left most bear", [("left most", "absolute", "left", None)]),
        ("topleft cup", [("topleft", "absolute", "top", None)]),
        ("man in the background", [("background", "absolute", "behind", None)]),
        ("dog in front", [("front", "absolute", "front", None)]),
        ("far zebra", [("far", "absolute", "far", None)]),
        ("pizza slice closest to camera", [("closest to", "absolute", "near", None)]),
        ("left side of the picture", [("left", "absolute", "left", None)]),
    ],
)
def test_a_word_about_the_picture_is_absolute(phrase: str, expected: list) -> None:
    assert cues(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("the bike left of the tree", [("left of", "relative", "left", "tree")]),
        ("man to the right of the woman with the dog", [("to the right of", "relative", "right", "woman")]),
        ("men next to the car", [("next to", "relative", "near", "car")]),
        ("girl in front of the old bus", [("in front of", "relative", "front", "bus")]),
        ("a zebra standing behind another zebra", [("behind", "relative", "behind", "zebra")]),
        ("the one behind", [("behind", "relative", "behind", None)]),
        ("truck parked between the two buses", [("between", "relative", "between", "buses")]),
        ("couch under the painting", [("under", "relative", "under", "painting")]),
        ("cup on top of the book", [("on top of", "relative", "on", "book")]),
        ("clock above the door", [("above", "relative", "above", "door")]),
        ("boat far from the dock", [("far from", "relative", "far", "dock")]),
        ("bench by the lake", [("by", "relative", "near", "lake")]),
        ("dog in the basket", [("in", "relative", "in", "basket")]),
        ("donut next to the pink one", [("next to", "relative", "near", "one")]),
    ],
)
def test_a_word_that_points_to_another_thing_is_relative_and_names_it(phrase: str, expected: list) -> None:
    assert cues(phrase) == expected


@pytest.mark.parametrize(
    "phrase",
    [
        "cow facing left",
        "man looking to the right",
        "racket in left hand",
        "man in red",
        "lady in a blue hat",
        "the umbrella held by the woman",
        "girl whose back is to us",
        "girl in pink top",
    ],
)
def test_gaze_body_clothes_and_doers_are_no_places(phrase: str) -> None:
    assert cues(phrase) == []


def test_spans_of_cues_index_the_text() -> None:
    text = "cup,  in front  of the LEFT plate"
    found = parse(text, pipeline="rules")
    assert [text[slice(*cue.span)] for cue in found.cues] == ["in front  of", "LEFT"]
