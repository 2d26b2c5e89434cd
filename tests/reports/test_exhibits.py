"""What a report says in words and tables, on a grounding made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from iterprime_xai.records import Sample
from iterprime_xai.reports import exhibits
from iterprime_xai.reports.colophon import colophon


def test_the_headline_says_the_finding_in_one_line(grounding):
    g = grounding()
    said = repr(exhibits.headline(g, Sample("x", g.image, g.expression.text, mask=g.mask)))
    assert said.startswith(
        "“the red ball left of the tree” : match probability 0.94; primary word “ball”; 3 looks (1 left out"
    )
    assert "the mask covers 3.6 % of the picture" in said
    assert said.endswith("overlap with the gold mask (IoU) 1.00.")


def test_the_headline_says_that_there_is_no_evidence(grounding):
    blank = grounding(heatmap=np.zeros((14, 14), np.float32), point=None)
    assert "No evidence: the map is blank." in repr(exhibits.headline(blank))


def test_what_limits_the_finding_stands_at_the_top(grounding):
    said = repr(exhibits.caveats(grounding()))
    assert said == "⚠ layer 2, two thirds of the depth: not validated for this checkpoint"
    assert repr(exhibits.caveats(grounding(trace=("2 proposals",)))) == ""


def test_a_phrase_is_shown_as_text_whatever_it_contains(grounding):
    g = grounding(text="the <script>alert(1)</script> ball & co")
    for exhibit in (exhibits.headline(g), exhibits.phrase(g)):
        assert "<script" not in exhibit.html
        assert "&lt;script&gt;" in exhibit.html


def test_the_primary_word_and_its_context_are_named(grounding):
    said = exhibits.phrase(grounding()).html
    row = next(line for line in said.split("<tr>") if ">ball<" in line and ">primary<" in line)
    assert "28 %" in row
    assert "font-weight: 700" in row
    assert said.count(">context<") == 3


def test_every_pass_says_what_it_saw_and_why_it_stopped(grounding):
    said = exhibits.passes(grounding()).html
    assert said.count("<tr>") == 4
    assert ">0.9400<" in said
    assert ">left out<" in said
    assert ">the match probability fell<" in said


def test_the_selection_shows_every_term_and_marks_the_answer(grounding):
    g = grounding()
    said = exhibits.selection(g).html
    for word in ("heat inside", "heat outside", "position", "0.83", "0.34", "Margin 0.59"):
        assert word in said
    assert said.index("font-weight: 700") < said.index("0.83") < said.index("0.34")
    assert "1 more proposals ranked lower" in repr(exhibits.selection(g, most=1))
    assert "saliency only" in repr(exhibits.selection(grounding(mask=False)))


def test_groundings_are_compared_with_the_first(grounding):
    g = grounding()
    other = replace(g, mask=~g.mask, heatmap=-g.heatmap)
    rows = exhibits.comparison([("on", g), ("off", other)], Sample("x", g.image, "x", mask=g.mask)).html.split("<tr>")
    assert ">−1.00<" in rows[3] or ">-1.00<" in rows[3]
    assert ">0.00<" in rows[3]
    assert ">1.00<" in rows[2]


def test_caveats_of_the_trace_stand_out(grounding):
    lines = exhibits.trace(grounding()).html.split("<li")
    assert "⚠" in next(line for line in lines if "not validated" in line)
    assert "⚠" not in next(line for line in lines if "2 proposals" in line)


def test_the_foot_holds_every_setting_and_version(grounding):
    said = repr(colophon(grounding().parameters))
    for name in (
        "recipe.blend 0.2",
        "model.name handmade",
        "image.path meadow.png",
        "torch",
        "python",
        "iterprime-xai",
    ):
        assert name in said


def test_overlap_is_intersection_over_union():
    left, both = np.array([[True, False]]), np.array([[True, True]])
    assert exhibits.overlap(left, both) == 0.5
    assert exhibits.overlap(None, both) == 0.0
    assert exhibits.overlap(~both, ~both) == 0.0


@pytest.mark.parametrize("scale", [1.0, 1e-30])
def test_correlation_compares_shapes_at_any_magnitude(scale):
    ramp = np.arange(6, dtype=np.float32).reshape(2, 3) * np.float32(scale)
    assert exhibits.correlation(ramp, 5 * ramp + np.float32(scale)) == pytest.approx(1)
    assert exhibits.correlation(ramp, -ramp) == pytest.approx(-1)
    assert np.isnan(exhibits.correlation(ramp, np.zeros((2, 3), np.float32)))
