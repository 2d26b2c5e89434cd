"""The state stays whole: the page exists, the sample that is looked at is told right, and what fails changes nothing."""

from __future__ import annotations

import pytest
from made_failures import line, small, table

from iterprime_xai.records import OptionError
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Rule
from iterprime_xai.visualize.explorer.state import PAGE, ExplorerState


def state(count: int = 40, marks=dict) -> ExplorerState:
    """Phrase number n costs n hundredths less than one, so that the list is in the run's order."""
    lines = (line(number, "scattered", number / 100) for number in range(count))
    return ExplorerState(Phrases(table(*lines)), marks)


def test_it_begins_with_the_costliest_phrase_on_the_first_page():
    found = state()
    assert (found.primary, found.position, found.page, found.pages) == ("s0", 0, 0, 3)
    assert found.on_page.tolist() == list(range(PAGE))
    assert found.listed_ids()[:2] == ["s0", "s1"]


@pytest.mark.parametrize(("asked", "there"), [(1, 1), (2, 2), (3, 2), (10**9, 2), (-1, 0), (0, 0)])
def test_a_page_beyond_the_ends_is_the_first_or_the_last(asked, there):
    found = state()
    found.turn(asked)
    assert found.page == there
    assert len(found.on_page) == (8 if there == 2 else PAGE)
    assert found.primary == "s0"  # turning looks at nothing else


def test_a_full_last_page_is_not_followed_by_an_empty_one():
    assert state(2 * PAGE).pages == 2
    assert state(2 * PAGE + 1).pages == 3
    assert state(1).pages == 1


def test_a_step_goes_on_over_pages_and_stops_at_the_ends():
    found = state()
    found.step(-1)
    assert found.primary == "s0"
    found.step(PAGE)
    assert (found.primary, found.page) == ("s16", 1)
    found.step(-1)
    assert (found.primary, found.page) == ("s15", 0)
    found.step(1000)
    assert (found.primary, found.position, found.page) == ("s39", 39, 2)
    found.step(1)
    assert found.primary == "s39"


def test_a_sample_that_the_rule_leaves_out_can_be_opened_and_a_step_goes_to_the_list():
    found = state()
    found.filter(Rule(ids=tuple(f"s{number}" for number in range(20, 40))))
    found.turn(1)
    found.open("s3")
    assert (found.primary, found.position, found.page) == ("s3", None, 1)
    found.step(1)
    assert (found.primary, found.position, found.page) == ("s20", 0, 0)


def test_a_filter_keeps_the_sample_where_it_can_and_its_page():
    found = state()
    found.open("s30")
    found.filter(Rule(ranges={"iou": (0.10, None)}))
    assert (found.primary, found.position, found.page) == ("s30", 20, 1)
    found.filter(Rule(ranges={"iou": (None, 0.05)}))
    assert (found.primary, found.position, found.page) == ("s0", 0, 0)


def test_a_rule_that_leaves_nothing_has_one_empty_page_and_no_sample_and_can_be_left_again():
    found = state()
    found.filter(Rule(search="no such phrase"))
    assert (found.primary, found.position, found.page, found.pages) == (None, None, 0, 1)
    assert found.on_page.tolist() == [] == found.listed_ids()
    found.step(1)
    found.turn(3)
    assert found.primary is None
    found.select_all()
    assert found.selected == {}
    found.filter(Rule())
    assert found.primary == "s0"


def test_sorting_keeps_the_sample_and_turns_to_its_page():
    found = state()
    found.sort("iou", True)
    assert (found.primary, found.position, found.page) == ("s0", 39, 2)
    found.sort("iou", False)
    assert (found.position, found.page) == (0, 0)


def test_sorting_by_what_the_run_does_not_have_changes_nothing():
    found = state()
    with pytest.raises(OptionError, match="sorted by gain"):
        found.sort("delta", True)
    assert (found.by, found.descending) == ("gain", True)


def test_opening_what_the_run_does_not_have_changes_nothing():
    found = state()
    with pytest.raises(OptionError, match="no sample 's99'"):
        found.open("s99")
    assert found.primary == "s0"


def test_the_selection_outlives_filters_and_holds_only_samples_of_the_run():
    found = state()
    found.select(["s1", "s2", "nobody", "s1"])
    found.filter(Rule(ids=("s30", "s31")))
    assert list(found.selected) == ["s1", "s2"]
    found.select(["s30"])
    found.select(["s1", "nobody"], on=False)
    assert list(found.selected) == ["s2", "s30"]
    found.select_all()
    assert list(found.selected) == ["s30", "s31"]  # what is listed, in its order
    found.clear_selection()
    assert found.selected == {}


def test_what_was_kept_is_taken_back_after_every_kind_of_change():
    found = state()
    found.select(["s5"])
    found.open("s20")
    before = found.kept()
    told = (found.primary, found.page, found.rule, found.by, dict(found.selected), found.places.tolist())
    found.select(["s6"])
    found.select(["s5"], on=False)
    found.sort("iou", True)
    found.filter(Rule(ids=("s1",)))
    found.turn(5)
    found.take_back(before)
    assert told == (found.primary, found.page, found.rule, found.by, found.selected, found.places.tolist())
    assert found.keep.all()


def test_a_note_of_somebody_else_is_taken_up_where_the_rule_asks_for_notes():
    marks = {"": {"s1"}, "hard": {"s1"}}
    found = state(marks=lambda: marks)
    found.filter(Rule(noted=True))
    assert found.listed_ids() == ["s1"]
    marks[""].add("s7")
    found.refresh()
    assert found.listed_ids() == ["s1", "s7"]
    marks[""].clear()
    found.refresh()
    assert found.listed_ids() == []
    assert found.primary == "s1"  # whoever writes goes on looking at it
    assert found.position is None
    found.filter(Rule(note_tags=("hard",)))
    assert found.listed_ids() == ["s1"]


def test_a_refresh_asks_nobody_where_the_rule_does_not():
    asked = []
    found = state(marks=lambda: asked.append(1) or {})
    before = len(asked)
    found.refresh()
    assert len(asked) == before


def test_a_run_without_gold_masks_is_listed_in_its_order():
    found = ExplorerState(Phrases(table(*(line(number, "unlabelled", None) for number in range(3)))))
    assert found.listed_ids() == ["s0", "s1", "s2"]
    assert ExplorerState(Phrases(small())).primary == "s6"
