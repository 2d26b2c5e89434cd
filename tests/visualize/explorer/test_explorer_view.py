"""What the state becomes on the screen: lines, choices, and tags that no page may show as they are."""

from __future__ import annotations

import json

import pytest
from made_failures import HOSTILE, against, line, small, state, table

from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Rule, rule_of
from iterprime_xai.visualize.explorer.rule_shown import meant_rule, shown_rule
from iterprime_xai.visualize.explorer.state import PAGE, ExplorerState
from iterprime_xai.visualize.explorer.view import LONGEST_PHRASE, facets, listing


def whole_json(value):
    """As the kernel sends it: no NaN, no half characters."""
    return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8"))


def test_the_list_says_where_it_stands_and_every_line_what_it_is():
    found = state(two=True)
    found.select(["s7"])
    told = whole_json(listing(found))
    assert {name: told[name] for name in ("total", "matching", "page", "pages", "size", "position", "primary")} == {
        "total": 10, "matching": 10, "page": 0, "pages": 1, "size": PAGE, "position": 0, "primary": "s6",
    }  # fmt: skip
    assert told["selected"] == 1
    first, second = told["rows"][:2]
    assert first == {
        "id": "s6", "text": "the dog", "type": "position_ignored", "title": "position ignored",
        "figures": {"iou": 0.1, "gain": 0.9, "delta": pytest.approx(-0.7)}, "selected": False, "noted": False,
        "change": "broken",
    }  # fmt: skip
    assert second["selected"] is True
    assert {row["id"]: row.get("change") for row in told["rows"]}["s0"] == "fixed"
    unlabelled = told["rows"][-1]
    assert unlabelled["id"] == "s9"
    assert unlabelled["figures"] == {"iou": None, "gain": None, "delta": None}
    assert "change" not in unlabelled


def test_a_long_phrase_is_cut_and_an_unreadable_pictures_line_has_none():
    exact, longer = "x" * LONGEST_PHRASE, "y" * (LONGEST_PHRASE + 1)
    found = ExplorerState(Phrases(table(line(0, text=exact), line(1, text=longer), line(2, "error", None, text=None))))
    texts = [row["text"] for row in listing(found)["rows"]]
    assert texts == [exact, f"{longer[:-1]}…", ""]


def test_the_figure_that_the_list_is_sorted_by_is_in_every_line():
    found = state()
    found.sort("things", False)
    assert all(row["figures"]["things"] == 1.0 for row in listing(found)["rows"])
    assert "delta" not in [each["name"] for each in facets(found)["metrics"]]


def test_what_is_chosen_stays_among_the_choices_where_nothing_is_left_of_it():
    found = state()
    found.filter(Rule(types=("parser_error",), tags={"kind": ("gone", "position"), "nothing": ("x",)}))
    told = facets(found)
    chosen = next(each for each in told["types"] if each["name"] == "parser_error")
    assert (chosen["count"], chosen["cost"]) == (0, 0.0)
    assert [each["name"] for each in told["tags"]] == ["kind", "nothing"]
    assert told["tags"][1]["values"] == []
    assert told["summary"] == {"labelled": 0, "right": 0, "miou": None, "oiou": None}


def test_the_summary_of_ten_phrases_by_hand():
    told = facets(state())["summary"]
    assert told == {
        "labelled": 9,
        "right": 6,
        "miou": pytest.approx(100 * (6 * 0.9 + 2 * 0.1 + 0.2) / 9),
        "oiou": pytest.approx(100 * (6 * 90 + 2 * 10 + 20) / 900),
    }


def test_costs_of_ten_phrases_by_hand_the_costliest_first():
    told = [(each["name"], each["count"], round(each["cost"], 3)) for each in facets(state())["types"]]
    assert told[:2] == [("position_ignored", 2, 20.0), ("wrong_category", 1, 8.889)]
    assert {each[0]: each[1:] for each in told[2:]} == {"right": (6, 0.0), "unlabelled": (1, 0.0)}


def test_noted_phrases_are_counted_among_those_that_the_rest_of_the_rule_leaves():
    marks = {"": {"s0", "s6", "elsewhere"}, "hard": {"s6"}, "<b>\u202e": {"s0"}}
    found = ExplorerState(Phrases(small()), lambda: marks)
    told = facets(found)
    assert told["noted"] == 2
    assert told["noteTags"] == [{"value": "<b>", "count": 1}, {"value": "hard", "count": 1}]
    found.filter(Rule(types=("right",), noted=True))
    told = facets(found)
    assert (told["noted"], [each["count"] for each in told["noteTags"]]) == (1, [1, 0])
    assert [row["noted"] for row in listing(found)["rows"]] == [True]


def test_without_a_second_run_there_are_no_changes_to_choose():
    assert facets(state())["changes"] == []
    assert {each["name"]: each["count"] for each in facets(state(two=True))["changes"]} == {
        "fixed": 1, "broken": 2, "both_wrong": 1, "both_right": 5,
    }  # fmt: skip


NASTY = ("tab\tand\nbreak", "\u202eright to left", HOSTILE, "plain", "")


def nasty() -> ExplorerState:
    lines = [line(number, tags=[("na\nme", value)]) for number, value in enumerate(NASTY)]
    marks = {"": {"s0", "s1"}, "half \ud83d": {"s0"}, "\u202ex": {"s1"}}
    return ExplorerState(Phrases(table(*lines)), lambda: marks)


def test_every_tag_that_is_shown_is_found_again_when_it_is_chosen():
    found = nasty()
    told = whole_json(facets(found))
    (tag,) = told["tags"]
    assert len(tag["values"]) == len(NASTY)
    for each in tag["values"]:
        rule = meant_rule(rule_of({"tags": {tag["name"]: [each["value"]]}}), found.phrases, found.marks())
        found.filter(rule)
        assert len(found.places) == each["count"] == 1
        assert whole_json(facets(found))["rule"] == {"tags": {tag["name"]: [each["value"]]}}
    for each in told["noteTags"]:
        found.filter(meant_rule(rule_of({"note_tags": [each["value"]]}), found.phrases, found.marks()))
        assert len(found.places) == each["count"] == 1
        assert whole_json(facets(found))["rule"] == {"note_tags": [each["value"]]}


def test_a_rule_that_means_nothing_shown_stays_as_it_is():
    found = nasty()
    rule = Rule(tags={"other": ("x",), "na\nme": ("plain", "x")}, note_tags=("y",), search="dog")
    assert meant_rule(rule, found.phrases, found.marks()) == rule
    assert shown_rule(Rule(search="dog")) == {"search": "dog"}


def test_two_values_that_look_the_same_are_chosen_together():
    phrases = Phrases(table(line(0, tags=[("kind", "a\tb")]), line(1, tags=[("kind", "a\nb")]), line(2)))
    rule = meant_rule(Rule(tags={"kind": ("a b",)}), phrases, {})
    assert phrases.matching(rule, {}).tolist() == [True, True, False]


def test_lines_of_another_run_are_lined_up_by_their_ids_in_any_order():
    backwards = table(*reversed(against().rows.to_pylist()))
    found = ExplorerState(Phrases(small(), backwards))
    assert [each.get("change") for each in listing(found)["rows"]] == [
        each.get("change") for each in listing(state(two=True))["rows"]
    ]
