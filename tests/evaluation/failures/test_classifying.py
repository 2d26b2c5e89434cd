"""Every type of failure by a row made by hand, and the order in which the rules are asked."""

from __future__ import annotations

import pytest

from iterprime_xai.evaluation.failures import TYPES, classify
from iterprime_xai.evaluation.failures.classifying import COLUMNS
from iterprime_xai.evaluation.runs.schema import SCHEMA
from iterprime_xai.records import OptionError


def span(text):
    return {"text": text, "start": 0, "end": len(text)}


def row(**changed):
    """A right answer to "the left dog by the tree": 90 of 100 pixels, nothing beside it."""
    known = {
        "sample_id": "s",
        "image_id": "a",
        "tags": {"primary": "dog"},
        "words": [{"text": "dog", "content": True}],
        "primary": span("dog"),
        "primary_span": span("dog"),
        "context": [span("tree")],
        "cues": [],
        "category": "dog",
        "gold_area": 100,
        "no_target": False,
        "landed": "target",
        "best_iou": 0.9,
        "abstained": False,
        "chosen_area": 90,
        "intersection": 90,
        "union": 100,
        "iou": 0.9,
        "error": None,
    }
    return known | changed


WRONG = {"iou": 0.0, "intersection": 0, "union": 190}
LEFT = [{"text": "left"}]

CASES = {
    "unlabelled": row(gold_area=None, no_target=None, iou=None, intersection=None, union=None),
    "error": row(error={"kind": "ImageError", "message": "no picture"}, iou=0.0),
    "no_target_answered": row(gold_area=0, no_target=True, iou=0.0, intersection=0, union=90),
    "right": row(),
    "abstained": row(**WRONG, abstained=True, chosen_area=0),
    "unreadable_phrase": row(**WRONG, words=[{"text": "of", "content": False}]),
    "parser_error": row(**WRONG, primary=span("tree"), primary_span=span("tree")),
    "no_proposal_fits": row(**WRONG, best_iou=0.49),
    "part_only": row(iou=0.4, intersection=40, union=100, chosen_area=40),
    "too_much": row(iou=0.25, intersection=100, union=400, chosen_area=400),
    "selection_error": row(**WRONG),
    "position_ignored": row(**WRONG, landed="dog", cues=LEFT),
    "wrong_instance": row(**WRONG, landed="dog"),
    "context_taken": row(**WRONG, landed="tree"),
    "wrong_category": row(**WRONG, landed="bus"),
    "scattered": row(**WRONG, landed="background"),
}


@pytest.mark.parametrize("name", TYPES)
def test_each_type_has_its_row_and_says_so(name):
    found = classify(CASES[name])
    assert found.type == name
    assert found.sentence.endswith((".", "no picture"))


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"no_target": True, "gold_area": 0, "abstained": True, "iou": 0.0}, "right"),
        (dict(WRONG, abstained=True, words=[]), "abstained"),
        (dict(WRONG, best_iou=0.1, primary=span("tree"), primary_span=span("tree")), "parser_error"),
        ({**CASES["part_only"], "best_iou": 0.4}, "no_proposal_fits"),
        ({**CASES["part_only"], "landed": "dog"}, "part_only"),
        ({"iou": 0.3, "intersection": 60, "union": 200, "chosen_area": 160}, "selection_error"),
        (dict(WRONG, landed="blank", cues=LEFT), "scattered"),
        (dict(WRONG, landed=None), "scattered"),
        (dict(WRONG, landed="tree", context=[span("Trees")]), "context_taken"),
        (dict(WRONG, landed="dog", context=[span("puppy")], category="cat"), "context_taken"),
        (dict(WRONG, tags={}, primary=span("tree"), primary_span=span("tree")), "selection_error"),
        (dict(WRONG, tags={"primary": "bear"}, primary=span("teddy"), primary_span=span("Bear")), "selection_error"),
    ],
)
def test_the_first_rule_that_holds_decides(changed, name):
    assert classify(row(**changed)).type == name


def test_the_threshold_decides_what_is_right():
    assert classify(row(iou=0.6, intersection=60, union=100, chosen_area=60)).type == "right"
    assert classify(row(iou=0.6, intersection=60, union=100, chosen_area=60), threshold=0.7).type == "part_only"
    for wrong in (0, 1.1, -0.5, float("nan")):
        with pytest.raises(OptionError, match="threshold"):
            classify(row(), threshold=wrong)


def test_the_columns_that_decide_are_all_that_is_read():
    assert set(COLUMNS) <= set(SCHEMA.names)
    for case in CASES.values():
        assert set(case) == set(COLUMNS)
