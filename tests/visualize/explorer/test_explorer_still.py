"""Where no widget runs: small tables and pictures, escaped, and small enough for a notebook."""

from __future__ import annotations

import re

from page_reader import read
from toy_explored import HostileSet, session

import iterprime_xai as ix
from iterprime_xai.evaluation.failures.case import open_case
from iterprime_xai.visualize.explorer.session import Session
from iterprime_xai.visualize.explorer.still import MOST, small_picture, still_html


def test_it_says_what_fails_and_shows_the_costliest_phrases(explored):
    page = still_html(explored)
    found = read(page)
    told = " ".join(" ".join(found.text).split())
    assert "toy: toy on toy:val" in told
    assert "8 of 14 wrong, mIoU 32.1" in told
    assert "points of mIoU" in told
    assert len(found.all("table")) == 2
    assert len(found.all("img")) == MOST
    assert "script" not in {tag for tag, _ in found.found}
    assert "IoU" in told
    first = explored.state.listed_ids()[0]
    assert open_case(explored.run, first).failure.sentence in told


def test_the_number_of_phrases_can_be_chosen(explored):
    assert len(read(still_html(explored, 2)).all("img")) == 2


def test_hostile_texts_stay_texts(hostile_run):
    page = still_html(session(hostile_run, HostileSet(8, 2)), 16)
    found = read(page)
    assert len(found.all("img")) == 16
    assert all(each["src"].startswith("data:image/jpeg;base64,") for each in found.all("img"))
    assert {tag for tag, _ in found.found} <= {
        "p",
        "b",
        "bdi",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "img",
    }
    assert not [name for _, attributes in found.found for name in attributes if name.startswith("on")]
    assert "\u202e" not in page
    assert "\x00" not in page
    assert len(re.sub(r"data:[^\"]*", "", page)) < 20_000  # phrases of 10,000 characters are cut


def test_a_picture_that_cannot_be_shown_says_why(explored):
    explored.act({"do": "filter", "rule": {"ids": ["2-0", "1-0"]}})
    found = read(still_html(explored))
    assert len(found.all("img")) == 1
    assert any("There is no picture 2." in each for each in found.text)


def test_a_rule_that_leaves_nothing_has_a_still_too(explored):
    explored.act({"do": "filter", "rule": {"search": "nothing like this"}})
    assert "no gold masks" in still_html(explored)


def test_a_second_run_is_named(toy_run, other_run):
    assert "against other" in still_html(Session(toy_run, other_run, author="ann"), 0)


def test_a_picture_has_both_outlines_and_at_most_the_size(explored):
    case = open_case(explored.run, "5-0")
    assert small_picture(case)[:2] == b"\xff\xd8"
    assert small_picture(open_case(explored.run, "2-0")) == b""


def test_four_phrases_of_scenes_are_less_than_a_tenth_of_a_megabyte(tmp_path):
    ix.evaluate("largest", "scenes:val", tmp_path / "run", limit=6, data_options={"count": 20})
    page = still_html(Session(tmp_path / "run", author="ann"))
    assert len(read(page).all("img")) == 4
    assert len(page.encode()) < 100_000
