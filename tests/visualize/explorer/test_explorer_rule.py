"""A rule says what it asks for, checks it, and comes back from JSON as it was."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from iterprime_xai.records import OptionError
from iterprime_xai.visualize.explorer.rule import Place, Rule, rule_of

PARTS = {
    "types": ("scattered", "right"),
    "tags": {"kind": ("position", "a;b"), "": ("",)},
    "ranges": {"iou": (0.25, None), "gain": (None, 0.5), "words": (1.0, 3.0)},
    "search": "  Dog ",
    "words": ("left", "dog"),
    "place": Place("peak", 0.0, 0.25, 1 / 3, 1.0),
    "change": "fixed",
    "ids": ("a", "b"),
    "note_tags": ("hard", "half \ud83d"),
    "noted": True,
}


@pytest.mark.parametrize("name", PARTS)
def test_each_part_alone_goes_to_json_and_back(name):
    rule = Rule(**{name: PARTS[name]})
    said = rule.as_json()
    assert list(said) == [name]
    assert rule_of(json.loads(json.dumps(said))) == rule


def test_all_parts_together_go_to_json_and_back_and_no_part_says_nothing():
    rule = Rule(**PARTS)
    assert set(rule.as_json()) == set(PARTS)
    assert rule_of(json.loads(json.dumps(rule.as_json()))) == rule
    assert Rule().as_json() == {}
    assert rule_of({}) == Rule()


def test_no_samples_are_another_rule_than_any_samples():
    assert rule_of({"ids": []}) == Rule(ids=())
    assert rule_of({"ids": None}) == Rule(ids=None)


def test_numbers_of_numpy_become_numbers_of_json():
    said = Rule(ranges={"iou": (np.float32(0.5), np.float64(0.75)), "words": (np.int64(1), 2)}).as_json()
    assert json.loads(json.dumps(said, allow_nan=False)) == {"ranges": {"iou": [0.5, 0.75], "words": [1.0, 2]}}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"types": ["scatered"]}, "Did you mean 'scattered'"),
        ({"ranges": {"ioo": [0, 1]}}, "Did you mean 'iou'"),
        ({"ranges": {"iou": [0]}}, "two numbers"),
        ({"ranges": {"iou": [0, True]}}, "two numbers"),
        ({"ranges": {"iou": ["0", 1]}}, "two numbers"),
        ({"ranges": {"iou": 3}}, "cannot be read"),
        ({"ranges": {"iou": [math.nan, 1]}}, "not a number"),
        ({"ranges": [1]}, "cannot be read"),
        ({"change": "fixd"}, "Did you mean 'fixed'"),
        ({"typos": []}, "typos"),
        ({"types": "right"}, "one text"),
        ({"types": [3]}, "expected a text, but got 3"),
        ({"tags": {"kind": "position"}}, "one text"),
        ({"tags": "kind"}, "cannot be read"),
        ({"search": ["dog"]}, "expected a text"),
        ({"search": "half \ud83d"}, "lone surrogate"),
        ({"words": ["\udc00"]}, "lone surrogate"),
        ({"noted": "false"}, "true or false"),
        ({"ids": 7}, "cannot be read"),
        ({"place": {"by": "nose", "left": 0, "top": 0, "right": 1, "bottom": 1}}, '"gold" or by "peak"'),
        ({"place": {"by": "gold", "left": 0, "top": 0, "right": 1}}, "bottom"),
        ({"place": {"by": "gold", "left": "x", "top": 0, "right": 1, "bottom": 1}}, "cannot be read"),
        ({"place": 3}, "cannot be read"),
        (["types"], "A rule has the parts"),
        (None, "A rule has the parts"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_reason(said, told):
    with pytest.raises(OptionError, match=told):
        rule_of(said)
