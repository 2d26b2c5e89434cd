"""What refinement did, on rows that can be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_quality import ROWS

from iterprime_xai.evaluation.passes import pass_rows, passes_markdown


def _twice(row, second_peak: float, second_heat: float, taken: bool, stopped: str):
    return replace(
        row,
        way="refined",
        pass_peak=(row.peak, second_peak),
        pass_heat=(row.heat, second_heat),
        pass_probability=(0.5, 0.4),
        pass_taken=(True, taken),
        stopped=stopped,
    )


FELL = "the match probability fell"
REFINED = [
    _twice(ROWS[0], 0, 0.7, False, FELL),  # peak lost, 0.2 more heat
    _twice(ROWS[1], 1, 0.3, True, "the last pass asked for"),  # peak won, 0.2 more heat
    replace(ROWS[2], way="refined", stopped="the map is blank"),  # looked at once
]


def test_second_looks_are_compared_with_the_first_ones_they_follow():
    (row,) = pass_rows(ROWS + REFINED)
    assert (row.way, row.count, row.second) == ("refined", 3, 2)
    assert row.passes == pytest.approx(5 / 3)
    assert row.taken.mean == 0.5
    assert row.peak.mean == 0.0
    assert row.heat.mean == pytest.approx(0.2)
    assert row.stopped == {FELL: 1, "the last pass asked for": 1, "the map is blank": 1}


def test_table_says_how_often_and_why():
    text = passes_markdown(pass_rows(REFINED))
    assert "| refined | 1.67 | 0.667 | 0.500 [0.500, 0.500] |" in text
    assert "**+0.200 [+0.200, +0.200]**" in text
    assert "the match probability fell 33%" in text


def test_ways_that_look_once_have_no_row():
    assert pass_rows(ROWS) == []
