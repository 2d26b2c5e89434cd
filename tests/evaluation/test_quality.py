"""The quality table: means, paired differences and the choice, on rows that can be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iterprime_xai.evaluation.looking import LookRow
from iterprime_xai.evaluation.quality import blind_rows, choose, difference_rows, quality_rows
from iterprime_xai.records import OptionError


def make_row(sample: str, image: str, kind: str, way: str, peak: float, heat: float, gold: float, iou: float | None):
    return LookRow(
        sample=sample,
        image=image,
        split="val",
        kind=kind,
        text="x",
        way=way,
        layer=1,
        peak=peak,
        heat=heat,
        gold=gold,
        iou=iou,
        best_iou=None if iou is None else 0.95,
        landed="target" if peak else "blank",
        area=0.1,
        things=4,
        pass_peak=(peak,),
        pass_heat=(heat,),
        pass_probability=(0.5,),
        pass_taken=(True,),
        stopped="",
    )


ROWS = [
    make_row("1", "a", "position", "plain", 1, 0.5, 1, 0.5),
    make_row("2", "a", "position", "plain", 0, 0.1, 0, 0.4),
    make_row("3", "b", "relation", "plain", 0, 0.3, 0, 0.0),
    make_row("1", "a", "position", "better", 1, 0.6, 1, 0.9),
    make_row("2", "a", "position", "better", 1, 0.2, 0, 0.6),
    make_row("3", "b", "relation", "better", 0, 0.4, 1, 0.3),
]


def test_means_by_way_and_kind():
    rows = {(row.way, row.kind): row for row in quality_rows(ROWS)}
    assert list(rows) == [(way, kind) for way in ("plain", "better") for kind in ("all", "position", "relation")]
    everything = rows["plain", "all"]
    assert everything.measures["peak"].mean == pytest.approx(1 / 3)
    assert everything.measures["heat"].mean == pytest.approx(0.3)
    assert everything.measures["iou"].mean == pytest.approx(0.3)
    assert everything.measures["half"].mean == pytest.approx(1 / 3)  # an IoU of exactly 0.5 counts
    assert (everything.blank, everything.count) == (2, 3)
    assert rows["better", "position"].measures["peak"].mean == 1.0


def test_intervals_are_over_pictures():
    row = next(row for row in quality_rows(ROWS) if (row.way, row.kind) == ("plain", "position"))
    assert (row.measures["peak"].low, row.measures["peak"].high) == (0.5, 0.5)  # one picture, drawn whole


def test_without_classical_proposals_there_is_no_iou():
    rows = quality_rows([replace(row, iou=None) for row in ROWS])
    assert set(rows[0].measures) == {"peak", "heat", "gold"}


def test_differences_are_paired_by_expression():
    shuffled = [ROWS[i] for i in (5, 0, 4, 2, 1, 3)]
    rows = {row.kind: row for row in difference_rows(shuffled, [("better", "plain")])}
    assert rows["all"].measures["heat"].mean == pytest.approx(0.1)
    assert rows["all"].measures["heat"].low == pytest.approx(0.1)
    assert rows["all"].measures["heat"].high == pytest.approx(0.1)
    assert rows["all"].measures["gold"].mean == pytest.approx(1 / 3)
    assert rows["position"].measures["peak"].mean == 0.5
    assert rows["relation"].count == 1


def test_ways_on_different_expressions_are_not_compared():
    with pytest.raises(OptionError, match="2 of them shared"):
        difference_rows(ROWS[:-1], [("better", "plain")])
    with pytest.raises(OptionError, match="'none'"):
        difference_rows(ROWS, [("none", "plain")])


def test_blind_rules_count_every_expression_once():
    rows = {row.kind: row for row in blind_rows(ROWS)}
    assert (rows["all"].area, rows["all"].guess, rows["all"].count) == (pytest.approx(0.1), 0.25, 3)
    assert rows["all"].iou == pytest.approx(0.95)
    assert blind_rows([replace(row, best_iou=None) for row in ROWS])[0].iou is None
    with pytest.raises(OptionError, match="at least one"):
        blind_rows([])


def test_choice_is_by_peak_and_gold_and_simpler_where_equal():
    ranked = choose(ROWS)
    assert [name for name, _, _ in ranked] == ["better", "plain"]
    assert ranked[0][1].mean == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert ranked[0][2].mean == 0.0
    assert ranked[1][2].mean == pytest.approx(-1 / 3)
    same = [replace(row, way="simple") for row in ROWS[:3]] + [replace(row, way="complex") for row in ROWS[:3]]
    assert choose(same)[0][0] == "simple"
