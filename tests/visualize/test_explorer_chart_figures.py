from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import pytest
from made_failures import HOSTILE, against, line, many, small, state, table

pytest.importorskip("plotly")

from iterprime_xai.records.errors import OptionError
from iterprime_xai.visualize.explorer.charts.registry import (
    boxed,
    charts_of,
    drawing,
    figure,
    opened,
    option_of,
    picked,
)
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import Place, Rule
from iterprime_xai.visualize.explorer.state import ExplorerState


def told(name, rule=None, two=False, **options):
    made = state(two)
    if rule is not None:
        made.filter(rule)
    return drawing(made, name, **options)


def test_costs_are_points_of_miou_among_the_labelled_with_the_dearest_type_first():
    made = told("cost")
    bars = made.figure.data[0]
    assert list(bars.customdata) == ["position_ignored", "wrong_category"]
    # (0.9 + 0.9) / 9 and 0.8 / 9 of the nine phrases with a gold mask
    assert list(bars.x) == pytest.approx([20.0, 80 / 9], abs=1e-3)
    assert list(bars.text) == ["20.0 · 2", "8.9 · 1"]
    assert made.sentence == (
        "Position ignored costs most: 20.0 points of mIoU, 2 phrases. 6 of 10 phrases are right, 1 unlabelled."
    )


def test_costs_stay_when_types_are_chosen_and_the_chosen_are_marked():
    made = told("cost", Rule(types=("wrong_category",)))
    assert list(made.figure.data[0].customdata) == ["position_ignored", "wrong_category"]
    assert list(made.figure.layout.yaxis.ticktext) == ["position ignored", "<b>▸ wrong category</b>"]
    assert list(made.figure.data[0].marker.opacity) == [0.45, 1.0]


def test_clicks_on_bars_add_up_and_take_away():
    made = state()
    made.filter(picked(made, "cost", {"customdata": "scattered"}))
    made.filter(picked(made, "cost", {"customdata": "too_much"}))
    assert made.rule == Rule(types=("scattered", "too_much"))
    assert picked(made, "cost", {"customdata": "scattered"}) == Rule(types=("too_much",))
    assert picked(made, "cost", {}) == made.rule


def test_cells_count_a_tags_phrases_by_type_and_colour_their_share():
    cells = told("kinds").figure.data[0]
    rows = [line[0][0] for line in cells.customdata]
    assert rows == ["position", HOSTILE, "attribute"]
    assert [list(each) for each in cells.text] == [["2", ""], ["", "1"], ["", ""]]
    assert [list(each) for each in cells.z] == [[1.0, None], [None, 1.0], [None, None]]


def test_texts_of_people_are_escaped_wherever_plotly_would_take_them_for_html():
    made = told("kinds").figure
    assert made.layout.yaxis.ticktext[1] == '&lt;img src=x onerror="windo…  1 / 1'
    for each in (made, told("best").figure, told("words", None).figure):
        assert "<img" not in "".join(str(text) for trace in each.data for text in [trace.hovertext, trace.text])
    hovers = told("best").figure.data[2].hovertext[0]
    assert "&lt;b&gt;bold&lt;/b&gt; &#36;x^2&#36;" in hovers.replace("<br>", " ")


def test_a_cell_sets_tag_and_type_and_again_takes_both_away():
    made = state()
    rule = picked(made, "kinds", {"customdata": ["position", "position_ignored"]})
    assert rule == Rule(types=("position_ignored",), tags={"kind": ("position",)})
    made.filter(rule)
    assert len(made.places) == 2
    assert picked(made, "kinds", {"customdata": ["position", "position_ignored"]}) == Rule()
    assert picked(made, "kinds", {"customdata": ["attribute", "position_ignored"]}).tags == {"kind": ("attribute",)}


def test_another_tag_can_be_chosen_and_one_that_is_not_there_is_refused():
    phrases = Phrases(many())
    assert option_of(phrases, "kinds").choices == (("kind", "kind"), ("split", "split"))
    cells = figure(ExplorerState(phrases), "kinds", tag="split").data[0]
    assert {line[0][0] for line in cells.customdata} == {"one", "two"}
    with pytest.raises(OptionError, match="no tag 'kinds'"):
        figure(ExplorerState(phrases), "kinds", tag="kinds")


def test_words_are_those_that_fail_most_surely_and_rare_ones_are_left_out():
    often = [
        line(n, "scattered" if n < 6 else "right", 0.0 if n < 6 else 0.9, words=["left", "dog", "left"])
        for n in range(12)
    ]
    rare = [line(20 + n, "scattered", 0.0, words=["rare", "dog"]) for n in range(3)]
    cells = figure(ExplorerState(Phrases(table(*often, *rare))), "words").data[0]
    # dog: 9 of 15; left: 6 of 12, counted once a phrase; rare: in three phrases only
    assert [line[0] for line in cells.customdata] == [["dog", "scattered"], ["left", "scattered"]]
    assert [list(each) for each in cells.text] == [["9"], ["6"]]


def test_words_and_type_are_chosen_together():
    made = state()
    made.filter(picked(made, "words", {"customdata": ["left", "position_ignored"]}))
    assert made.rule == Rule(words=("left",), types=("position_ignored",))
    assert len(made.places) == 2
    assert picked(made, "words", {"customdata": ["left", "position_ignored"]}) == Rule()


def test_places_show_the_share_that_failed_and_leave_cells_without_phrases_blank():
    made = told("places").figure
    shares = made.data[0].z
    assert shares[0][0] == 0.0  # six right ones at (0.1, 0.1)
    assert shares[4][7] == 1.0  # two at (0.9, 0.6)
    assert shares[4][4] == 1.0  # the wrong category in the middle; what has no gold mask lies nowhere
    assert sum(each is not None for row in shares for each in row) == 3
    assert made.layout.yaxis.range == (7.5, -0.5)  # downwards
    assert made.layout.yaxis.scaleratio == 0.75  # 60 by 80 pixels


def test_a_place_is_chosen_by_what_the_chart_goes_by():
    made = state()
    made.filter(picked(made, "places", {"customdata": [7, 4]}))
    assert made.rule == Rule(place=Place("gold", 0.875, 0.5, 1.0, 0.625))
    assert len(made.places) == 2
    assert picked(made, "places", {"customdata": [7, 4]}) == Rule()
    assert picked(made, "places", {"customdata": [0, 0]}, by="peak").place.by == "peak"
    with pytest.raises(OptionError, match="by"):
        figure(made, "places", by="heat")


def test_points_are_grouped_by_what_could_have_been():
    traces = told("best").figure.data
    assert [(each.name, len(each.x)) for each in traces] == [
        ("right 6", 6),
        ("a better mask was there 2", 2),
        ("no mask fits 1", 1),
    ]
    assert traces[2].x[0] == 0.4
    assert traces[2].y[0] == 0.2


def test_of_very_many_points_three_thousand_are_drawn_and_the_title_says_so():
    made = figure(ExplorerState(Phrases(table(*(line(n) for n in range(3100))))), "best")
    assert sum(len(each.x) for each in made.data) == 3000
    assert made.layout.title.text.startswith("3,000 of 3,100 phrases drawn, by lot")
    assert made.data[0].name == "right 3,100"
    again = figure(ExplorerState(Phrases(table(*(line(n) for n in range(3100))))), "best")
    assert list(made.data[0].customdata) == list(again.data[0].customdata)


def test_a_box_sets_both_ranges_and_leaves_the_rest_of_the_rule():
    made = state()
    made.filter(Rule(search="dog"))
    rule = boxed(made, "best", (0.35, 0.4501), (-0.1, 0.3))
    assert rule == Rule(search="dog", ranges={"best_iou": (0.35, 0.451), "iou": (None, 0.3)})
    made.filter(rule)
    assert boxed(made, "best", None, None) == Rule(search="dog")
    assert boxed(made, "best", (-0.1, 1.1), (0.0, 1.0)) == Rule(search="dog")
    assert boxed(made, "cost", (0, 1), (0, 1)) == made.rule


def test_a_point_is_a_sample_to_look_at():
    assert opened(state(), "best", {"customdata": 8}) == "s8"
    assert opened(state(), "cost", {"customdata": "scattered"}) is None
    assert picked(state(), "best", {"customdata": 8}) == Rule()


def test_two_runs_count_what_became_of_phrases_in_four_corners():
    made = told("runs", two=True)
    assert list(made.figure.data[-1].text) == ["fixed 1", "both right 5", "both wrong 1", "broken 2"]
    assert [len(each.x) for each in made.figure.data[:-1]] == [1, 2, 1, 5]
    assert made.sentence == "Against the other run, of 9 phrases: 1 fixed, 2 broken, 1 both wrong, 5 both right."


def test_a_corner_or_a_point_chooses_what_became_of_its_phrases():
    made = state(two=True)
    assert picked(made, "runs", {"customdata": "broken"}) == Rule(change="broken")
    made.filter(picked(made, "runs", {"customdata": 6}))
    assert made.rule == Rule(change="broken")
    assert picked(made, "runs", {"customdata": "broken"}) == Rule()
    assert boxed(made, "runs", (0, 0.5), (0.5, 1)).ranges == {"against_iou": (None, 0.5), "iou": (0.5, None)}


def test_a_second_run_is_needed_to_compare_two():
    assert charts_of(Phrases(small())) == ["cost", "kinds", "words", "places", "best"]
    assert charts_of(Phrases(small(), against()))[-1] == "runs"
    with pytest.raises(OptionError, match="second one"):
        figure(state(), "runs")
    with pytest.raises(OptionError, match="Did you mean 'kinds'"):
        figure(state(), "kind")


@pytest.mark.parametrize("name", ["cost", "kinds", "words", "places", "best", "runs"])
@pytest.mark.parametrize("rule", [Rule(search="nowhere"), Rule(types=("right",))])
def test_every_chart_of_a_rule_that_leaves_nothing_says_so_with_the_traces_in_their_places(name, rule):
    empty, full = told(name, rule, two=True), told(name, two=True)
    assert empty.sentence
    assert [each.type for each in empty.figure.data] == [each.type for each in full.figure.data]


@pytest.mark.parametrize("name", ["cost", "kinds", "words", "places", "best"])
def test_a_run_without_phrases_has_charts_that_say_so(name):
    assert drawing(ExplorerState(Phrases(table())), name).sentence


def test_charts_count_among_what_the_rest_of_the_rule_leaves():
    rule = Rule(types=("wrong_category",), ranges={"iou": (None, 0.15)})
    assert list(told("cost", rule).figure.data[0].customdata) == ["position_ignored"]
    assert len(told("best", replace(rule, types=())).figure.data[0].x) == 6


def test_a_chart_of_many_phrases_takes_moments():
    made = ExplorerState(Phrases(many(2000)))
    for name in charts_of(made.phrases):
        drawing(made, name)
        started = perf_counter()
        drawing(made, name)
        assert perf_counter() - started < 0.5, name
