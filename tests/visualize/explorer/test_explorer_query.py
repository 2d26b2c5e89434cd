"""Every part of a rule finds what a plain loop over the lines finds, on random tables with gaps in every column."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest
from made_failures import line, small, table

from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.visualize.explorer.query import MOST_VALUES, Phrases
from iterprime_xai.visualize.explorer.rule import CHANGES, Place, Rule
from iterprime_xai.visualize.explorer.state import ExplorerState
from iterprime_xai.visualize.explorer.view import facets

KINDS = ("right", "scattered", "wrong_category", "unlabelled", "error")
WORDS = ("dog", "left", "straße", "ж")


def lines_of(lot: random.Random, count: int) -> list[dict]:
    found = []
    for number in range(count):
        kind = lot.choice(KINDS)
        iou = None if kind == "unlabelled" else lot.randrange(9) / 8
        gap = lot.random() < 0.2
        more = {
            "text": None if gap else lot.choice(("the Dog", "LEFT straße", "ж.*", "", "[dog")),
            "tags": [(name, lot.choice("abc")) for name in ("kind", "split") if lot.random() < 0.8],
            "words": lot.sample(WORDS, lot.randrange(4)),
            "margin": None if gap else lot.randrange(5) / 4,
            "probability": lot.choice((None, 0.25, 0.5)),
            "gold_x": None if iou is None else lot.randrange(5) / 4,
            "gold_y": None if iou is None else lot.randrange(5) / 4,
            "peak_x": None if gap else lot.randrange(5) / 4,
            "peak_y": None if gap else lot.randrange(5) / 4,
            "height": None if gap else 10,
            "width": None if gap else 20,
            "things": None if gap else lot.randrange(3),
            "seconds": lot.choice((None, 0.5)),
        }
        found.append(line(number, kind, iou, **more))
    return found


def figure_of(each: dict, name: str, other: dict | None) -> float:
    theirs = None if other is None else other["iou"]
    known = {
        "gold_share": (each["gold_area"] / (each["height"] * each["width"]))
        if each["gold_area"] is not None and each["height"]
        else None,
        "words": len(each["words"]),
        "against_iou": theirs,
        "delta": None if theirs is None or each["iou"] is None else each["iou"] - theirs,
    }
    value = known[name] if name in known else each[name]
    return math.nan if value is None else value


def change_of(each: dict, other: dict | None) -> str | None:
    if other is None or each["iou"] is None or other["iou"] is None:
        return None
    here, there = each["type"] == "right", other["type"] == "right"
    return {(1, 0): "fixed", (0, 1): "broken", (0, 0): "both_wrong", (1, 1): "both_right"}[here, there]


def meets(each: dict, rule: Rule, marks: dict, other: dict | None) -> bool:
    """The rule in the words of its documentation, for one line."""
    name, tags = each["sample_id"], dict(each["tags"])
    checks = [not rule.types or each["type"] in rule.types]
    checks += [tags.get(tag) in values for tag, values in rule.tags.items()]
    for figure, (low, high) in rule.ranges.items():
        value = figure_of(each, figure, other)
        checks.append(not math.isnan(value) and (low is None or value >= low) and (high is None or value <= high))
    held = rule.search.strip().lower()
    checks.append(held in (each["text"] or "").lower() or held in name.lower())
    checks += [word.casefold() in each["words"] for word in rule.words]
    if rule.place is not None:
        x, y = each[f"{rule.place.by}_x"], each[f"{rule.place.by}_y"]
        inside = x is not None and rule.place.left <= x <= rule.place.right
        checks.append(inside and y is not None and rule.place.top <= y <= rule.place.bottom)
    checks.append(not rule.change or change_of(each, other) == rule.change)
    checks.append(rule.ids is None or name in rule.ids)
    checks.append(not rule.noted or name in marks.get("", ()))
    checks.append(not rule.note_tags or any(name in marks.get(tag, ()) for tag in rule.note_tags))
    return all(checks)


def rule_from(lot: random.Random, two: bool) -> dict:
    """Every part with a value that leaves some phrases."""
    low = lot.choice((None, 0.25))
    figures = ["iou", "margin", "words", "gold_share", "things", *(["delta", "against_iou"] if two else [])]
    return {
        "types": tuple(lot.sample(KINDS, 2)),
        "tags": {lot.choice(("kind", "split", "none")): tuple(lot.sample("abcd", 2))},
        "ranges": {lot.choice(figures): (low, lot.choice((None, 1.0)))},
        "search": lot.choice((" dog", "STRASSE", "straße", "s1", ".*", "[", "Ж")),
        "words": tuple(lot.sample((*WORDS, "DOG"), 1)),
        "place": Place(lot.choice(("gold", "peak")), 0.0, 0.25, lot.choice((0.5, 1.0)), 1.0),
        "change": lot.choice(tuple(CHANGES)),
        "ids": tuple(lot.sample([f"s{number}" for number in range(45)], 20)),
        "note_tags": ("hard", "no such tag"),
        "noted": True,
    }


@pytest.mark.parametrize("seed", range(12))
def test_each_part_alone_pairs_of_parts_and_all_together_find_what_a_loop_finds(seed):
    lot = random.Random(seed)
    lines = lines_of(lot, 40)
    two = seed % 3 > 0
    there = {each["sample_id"]: each for each in lines_of(lot, 40) if lot.random() < 0.7} if two else {}
    phrases = Phrases(table(*lines), table(*reversed(there.values())) if two else None)
    ids = [each["sample_id"] for each in lines]
    marks = {"": {*lot.sample(ids, 9), "elsewhere"}, "hard": set(lot.sample(ids, 5))}
    everything = rule_from(lot, two)
    names = [each.name for each in fields(Rule)]
    assert set(everything) == set(names)
    for chosen in [[], *([name] for name in names), *(lot.sample(names, 2) for _ in range(20)), names]:
        rule = Rule(**{name: everything[name] for name in chosen})
        expected = [meets(each, rule, marks, there.get(each["sample_id"])) for each in lines]
        assert phrases.matching(rule, marks).tolist() == expected, rule
        for name in chosen:
            left = replace(rule, **{name: getattr(Rule(), name)})
            assert (phrases.matching(rule, marks, without=name) == phrases.matching(left, marks)).all()


@pytest.mark.parametrize("seed", range(6))
def test_counts_and_costs_are_those_of_a_loop(seed):
    lot = random.Random(100 + seed)
    lines = lines_of(lot, 60)
    there = {each["sample_id"]: each for each in lines_of(lot, 50)}
    phrases = Phrases(table(*lines), table(*there.values()))
    marks = {"": {"s1", "s2", "s3"}, "hard": {"s2"}}
    state = ExplorerState(phrases, lambda: marks)
    parts = rule_from(lot, True)
    parts["search"], parts["ids"], parts["words"] = "s", None, ()
    for chosen in ([], ["types"], ["tags"], ["types", "tags"], ["change"], ["types", "change"], ["noted"], ["place"]):
        rule = Rule(**{name: parts[name] for name in chosen})
        state.filter(rule)
        told = facets(state)

        def left(without, rule=rule):
            freed = replace(rule, **{name: getattr(Rule(), name) for name in without})
            return [each for each in lines if meets(each, freed, marks, there.get(each["sample_id"]))]

        among = left(["types"])
        counted = Counter(each["type"] for each in among)
        assert {each["name"]: each["count"] for each in told["types"] if each["count"]} == dict(counted)
        assert set(rule.types) <= {each["name"] for each in told["types"]}
        labelled = [each for each in among if each["gain"] is not None]
        for each in told["types"]:
            cost = sum(line["gain"] for line in labelled if line["type"] == each["name"])
            assert each["cost"] == pytest.approx(100 * cost / max(1, len(labelled)))
        costs = [each["cost"] for each in told["types"]]
        assert costs == sorted(costs, reverse=True)
        for tag in told["tags"]:
            others = {name: values for name, values in rule.tags.items() if name != tag["name"]}
            rest = [
                each for each in lines if meets(each, replace(rule, tags=others), marks, there.get(each["sample_id"]))
            ]
            found = Counter(dict(each["tags"]).get(tag["name"]) for each in rest)
            assert {each["value"]: each["count"] for each in tag["values"]} == {
                each["value"]: found[each["value"]] for each in tag["values"]
            }
        changes = Counter(change_of(each, there.get(each["sample_id"])) for each in left(["change"]))
        assert {each["name"]: each["count"] for each in told["changes"]} == {name: changes[name] for name in CHANGES}
        noted = left(["noted", "note_tags"])
        assert told["noted"] == sum(each["sample_id"] in marks[""] for each in noted)
        assert told["noteTags"] == [{"value": "hard", "count": sum(each["sample_id"] == "s2" for each in noted)}]
        kept = left([])
        figures = [each["iou"] for each in kept if each["iou"] is not None]
        assert told["summary"]["labelled"] == len(figures)
        assert told["summary"]["miou"] == (pytest.approx(100 * sum(figures) / len(figures)) if figures else None)
        union = sum(each["union"] or 0 for each in kept)
        common = sum(each["intersection"] or 0 for each in kept)
        assert told["summary"]["oiou"] == (pytest.approx(100 * common / union) if union else None)
        assert told["summary"]["right"] == sum(each["type"] == "right" and each["iou"] is not None for each in kept)


@pytest.mark.parametrize("descending", [True, False])
def test_what_has_no_figure_comes_last_both_ways_and_ties_keep_the_runs_order(descending):
    values = [0.5, None, 0.25, 0.5, None, 0.75]
    phrases = Phrases(table(*(line(number, margin=value) for number, value in enumerate(values))))
    found = phrases.ordered(np.ones(6, bool), "margin", descending).tolist()
    assert found == ([5, 0, 3, 2, 1, 4] if descending else [2, 0, 3, 5, 1, 4])
    keep = np.array([True, True, False, True, False, False])
    assert phrases.ordered(keep, "margin", descending).tolist() == [0, 3, 1]


def test_a_range_of_a_figure_that_needs_a_second_run_leaves_nothing_without_one():
    rule = Rule(ranges={"delta": (None, None)})
    assert not Phrases(small()).matching(rule, {}).any()
    assert Phrases(small(), small()).matching(rule, {}).sum() == 9  # not the one without a gold mask


def test_a_change_leaves_nothing_without_a_second_run():
    assert not Phrases(small()).matching(Rule(change="both_right"), {}).any()
    assert Phrases(small(), small()).matching(Rule(change="both_right"), {}).sum() == 6


def test_another_run_that_has_none_of_the_phrases_leaves_every_change_unknown():
    phrases = Phrases(small(), table(line(50), line(51)))
    assert phrases.changes.tolist() == [-1] * 10
    assert np.isnan(phrases.figures["delta"]).all()
    assert phrases.figure("delta", 0) is None
    assert set(phrases.change_counts(np.ones(10, bool)).values()) == {0}


def test_an_empty_table_answers_every_rule_with_nothing():
    phrases = Phrases(table(), table())
    for rule in (
        Rule(),
        Rule(types=("right",), tags={"kind": ("a",)}, search="x", words=("dog",), ids=("s1",), noted=True),
    ):
        assert phrases.matching(rule, {}).tolist() == []
    assert phrases.choices == [] == phrases.tag_names
    assert phrases.counts(np.zeros(0, bool)) == {} == phrases.costs(np.zeros(0, bool))


def test_a_tag_is_a_choice_with_two_to_sixty_values():
    def phrases(count):
        return Phrases(table(*(line(number, tags=[("kind", f"v{number % count}")]) for number in range(2 * count))))

    assert phrases(1).choices == []
    assert phrases(2).choices == ["kind"]
    assert phrases(MOST_VALUES).choices == ["kind"]
    many = phrases(MOST_VALUES + 1)
    assert many.choices == []
    assert many.matching(Rule(tags={"kind": ("v60",)}), {}).sum() == 2  # still to be filtered by


def test_values_of_a_tag_are_sorted_and_a_phrase_without_it_has_none():
    lines = [line(0, tags=[("kind", "b")]), line(1, tags=[]), line(2, tags=[("kind", "a"), ("x", "y")])]
    codes, values = Phrases(table(*lines)).tag("kind")
    assert values == ["a", "b"]
    assert codes.tolist() == [1, -1, 0]
    assert Phrases(table(*lines)).tag("nothing")[0].tolist() == [-1, -1, -1]


def test_a_table_cut_out_of_another_has_its_own_tags_and_words():
    rows = table(*(line(number, tags=[("kind", f"k{number}")], words=[f"w{number}"]) for number in range(6)))
    cut = Phrases(replace(rows, rows=rows.rows.slice(2, 3)))
    assert cut.tag("kind")[1] == ["k2", "k3", "k4"]
    assert cut.matching(Rule(tags={"kind": ("k3",)}), {}).tolist() == [False, True, False]
    assert cut.matching(Rule(words=("w4",)), {}).tolist() == [False, False, True]


def test_ids_that_no_table_could_hold_are_nobodys():
    assert not Phrases(small()).matching(Rule(ids=("half \ud83d",)), {}).any()
    assert Phrases(small()).matching(Rule(noted=True), {"": {"s1", "\udc80"}}).sum() == 1


def test_every_type_has_a_place_in_the_counts():
    phrases = Phrases(table(*(line(number, name) for number, name in enumerate(TYPES))))
    assert phrases.counts(np.ones(len(TYPES), bool)) == dict.fromkeys(TYPES, 1)
