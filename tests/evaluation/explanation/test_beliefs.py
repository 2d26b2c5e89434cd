"""What may be believed of a method, from rows made by hand."""

from __future__ import annotations

import math

import pytest

from iterprime_xai.evaluation.explanation.beliefs import beliefs, best_floor, failed_checks, mean_of
from iterprime_xai.evaluation.explanation.judging import CheckRow, MapRow

FLOORS = ("edges", "random")


def maps(method: str, pointing, energy=0.5, deletion=0.2, insertion=0.8) -> list[MapRow]:
    """One row a picture; numbers stand for every picture."""
    return [
        MapRow(f"s{n}", f"i{n}", "", method, 0.01, False, each, energy, 0.5, 0.5, deletion, insertion)
        for n, each in enumerate(pointing)
    ]


def checks(method: str, weights: list[bool], phrase: list[bool]) -> list[CheckRow]:
    return [
        CheckRow(f"s{n}", f"i{n}", method, test, 0.1, 1.0, each)
        for test, found in (("randomised_weights", weights), ("wrong_phrase", phrase))
        for n, each in enumerate(found)
    ]


FLOOR_ROWS = [*maps("edges", [0.0] * 6, 0.1, 0.1, 0.9), *maps("random", [0, 0, 0, 0, 0, 1], 0.05, 0.6, 0.6)]


def test_the_best_floor_is_that_of_each_metric_and_lower_is_better_in_deletion():
    assert best_floor(FLOOR_ROWS, FLOORS, "pointing") == "random"
    assert best_floor(FLOOR_ROWS, FLOORS, "energy") == "edges"
    assert best_floor(FLOOR_ROWS, FLOORS, "deletion") == "edges"
    assert best_floor(FLOOR_ROWS, (), "energy") is None


def test_a_method_is_believed_where_it_passes_the_checks_and_beats_every_floor():
    rows = [*maps("good", [1.0] * 6), *FLOOR_ROWS]
    (found,) = beliefs(rows, checks("good", [True] * 6, [True, True, True, False, False, False]), FLOORS)
    assert found.failed == ()
    assert found.shows_place
    assert not found.shows_need  # edges have the lower deletion and the higher insertion
    assert found.floors["deletion"].name == "edges"
    assert found.floors["deletion"].better.mean == pytest.approx(-0.1)
    assert found.floors["insertion"].better.mean == pytest.approx(-0.1)
    assert found.floors["energy"].better.mean == pytest.approx(0.4)


def test_who_fails_a_check_is_not_believed_however_well_it_points():
    rows = [*maps("deaf", [1.0] * 6, 0.9, 0.0, 1.0), *FLOOR_ROWS]
    (found,) = beliefs(rows, checks("deaf", [True] * 6, [False] * 5 + [True]), FLOORS)
    assert found.failed == ("another phrase",)
    assert found.floors["pointing"].beaten
    assert not found.shows_place
    assert not found.shows_need


def test_without_checks_nothing_is_believed():
    (found,) = beliefs([*maps("good", [1.0] * 6, 0.9, 0.0, 1.0), *FLOOR_ROWS], [], FLOORS)
    assert not found.depends
    assert not found.shows_place


def test_of_few_pictures_or_checks_nothing_is_believed():
    rows = [*maps("good", [1.0] * 6, 0.9, 0.0, 1.0), *FLOOR_ROWS]
    assert beliefs(rows, checks("good", [True] * 6, [True] * 6), FLOORS)[0].shows_place
    assert not beliefs(rows, checks("good", [True] * 5, [True] * 5), FLOORS)[0].shows_place
    few = [row for row in rows if row.image != "i5"]
    (found,) = beliefs(few, checks("good", [True] * 6, [True] * 6), FLOORS)
    assert found.floors["pointing"].beaten
    assert not found.shows_place
    assert not found.shows_need


def test_what_was_not_measured_is_left_out():
    rows = [*maps("good", [1.0] * 6, deletion=None, insertion=None), *maps("edges", [0.0] * 6, 0.1, None, None)]
    (found,) = beliefs(rows, checks("good", [True] * 6, [True] * 6), FLOORS)
    assert set(found.floors) == {"pointing", "energy"}
    assert found.shows_place
    assert not found.shows_need
    assert math.isnan(mean_of(rows, "good", "deletion").mean)


def test_half_of_the_phrases_is_enough_and_less_is_not():
    assert failed_checks(checks("m", [True, False], [True, True])) == ()
    assert failed_checks(checks("m", [True, False, False], [False])) == ("random weights", "another phrase")
