"""What the report on explanations says, from rows made by hand."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.explanation.beliefs import Belief, Floor, beliefs
from iterprime_xai.evaluation.explanation.judging import CheckRow, MapRow
from iterprime_xai.evaluation.explanation.method_table import Judged
from iterprime_xai.records import OptionError, Sample
from iterprime_xai.reports.sections import method_pictures, quality_exhibits
from iterprime_xai.saliency.methods import FLOORS


def map_row(method: str, number: int, pointing: float, **others: float) -> MapRow:
    given = {"energy": 0.4, "rank": 0.5, "iou": 0.5, "deletion": 0.2, "insertion": 0.8} | others
    return MapRow(f"s{number}", f"i{number}", "", method, 0.01, False, pointing, **given)


def check_row(method: str, test: str, number: int, believed: bool) -> CheckRow:
    return CheckRow(f"s{number}", f"i{number}", method, test, 0.1, 1.0, believed)


@pytest.fixture
def judged() -> Judged:
    """gradcam points and passes, rollout points and is deaf, edges point seldom and fail all."""
    maps, checks = [], []
    for method, points, energy, heard in (
        ("gradcam", 1, 0.5, True),
        ("rollout", 1, 0.3, False),
        ("edges", 0, 0.1, False),
    ):
        maps += [map_row(method, number, points, energy=energy) for number in range(8)]
        for test, believed in (("randomised_weights", method != "edges"), ("wrong_phrase", heard)):
            checks += [check_row(method, test, number, believed) for number in range(6)]
    return Judged(tuple(maps), tuple(checks))


def test_floors_are_always_among_the_methods():
    assert quality_exhibits.chosen_methods([]) == [*quality_exhibits.QUICK, *FLOORS]
    assert quality_exhibits.chosen_methods(["edges", "legrad", "legrad"]) == ["legrad", *FLOORS]
    everything = quality_exhibits.chosen_methods(["all"])
    assert "rise" in everything
    assert "contrast" not in everything


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["gradcan"], "Did you mean 'gradcam'"),
        (["edges"], "At least one method that is no floor"),
        (["contrast"], "needs another phrase"),
        ([3], "a list of names, but one is 3"),
    ],
)
def test_methods_that_cannot_be_judged_are_refused(names, said):
    with pytest.raises(OptionError, match=said):
        quality_exhibits.chosen_methods(names)


def test_the_headline_counts_what_is_believed_and_what_fails(judged):
    found = beliefs(judged.maps, judged.checks, FLOORS)
    said = repr(quality_exhibits.headline(found, "tiny", "scenes:val", 8))
    assert said == (
        "Of 2 methods, gradcam is shown to point at the thing that is meant, none is shown to find what the match needs, 1 fails a "
        "sanity check. tiny on 8 phrases of scenes:val."
    )


def test_every_method_says_what_speaks_against_it(judged):
    html = quality_exhibits.believed(beliefs(judged.maps, judged.checks, FLOORS)).html
    gradcam, rollout = html.split("<tr>")[2:]
    assert "<b>believed</b>" in gradcam
    assert "deletion: not surely better than edges; insertion: not surely better than edges" in gradcam
    assert "believed" not in rollout
    assert "fails another phrase" in rollout


def test_worse_than_a_floor_is_said_as_that():
    worse = Belief("m", 3, 4, (), {"energy": Floor("edges", Interval(-0.3, -0.4, -0.2))})
    said = repr(quality_exhibits.believed([worse]))
    assert "too few to believe anything: pictures 3, checked 4, at least 6 of both are needed" in said
    assert "pointing game not measured; energy in mask: worse than edges" in said


def test_who_fails_which_check_is_a_sentence(judged):
    said = repr(quality_exhibits.failures(judged.checks, FLOORS))
    assert "Random weights: no method fails; of the floors: edges (0 of 6)." in said
    assert "Another phrase: rollout (0 of 6) fails; of the floors: edges (0 of 6)." in said
    assert "No sanity check was made" in repr(quality_exhibits.failures([], FLOORS))


def test_a_floor_that_passes_and_few_phrases_are_caveats(judged):
    said = repr(quality_exhibits.caveats(judged, FLOORS))
    assert "Checked on 6 phrases only" in said
    assert "8 phrases make wide intervals" in said
    assert "edges passes" not in said
    passing = tuple(check_row("edges", test, 0, True) for test in ("randomised_weights", "wrong_phrase"))
    assert "The floor edges passes the checks" in repr(quality_exhibits.caveats(Judged(judged.maps, passing), FLOORS))
    assert "no map is believed" in repr(quality_exhibits.caveats(Judged(judged.maps, ()), FLOORS))


def test_without_steadiness_the_costs_are_told_and_that_it_was_not_measured(judged):
    said = repr(quality_exhibits.steadiness(judged, ["gradcam", "edges"]))
    assert "Steadiness was not measured" in said
    assert "backward pass" in said


def test_the_chart_names_every_method_with_its_figures_floors_last(judged):
    chart = method_pictures.metric_chart(judged.maps, beliefs(judged.maps, judged.checks, FLOORS), FLOORS)
    assert "gradcam: pointing game 1.00, energy in mask 0.50, deletion 0.20, insertion 0.80" in chart.alt
    assert chart.alt.index("rollout") < chart.alt.index("edges: pointing game 0.00")
    assert np.asarray(Image.open(io.BytesIO(chart.content))).std() > 5


def test_what_was_not_measured_has_no_column(judged):
    rows = [map_row(name, 0, 1.0, deletion=None, insertion=None) for name in ("gradcam", "edges")]
    alt = method_pictures.metric_chart(rows, [], FLOORS).alt
    assert "deletion" not in alt
    assert "pointing game" in alt


def test_the_sheet_says_of_every_map_where_it_peaks(matchers, picture):
    mask = np.ones((96, 128), bool)
    sample = Sample("x", picture, "red square", mask=mask)
    alt = method_pictures.maps_sheet(matchers["blip"], sample, ["gradcam", "uniform", "centre"]).alt
    assert "gradcam: peak on the thing" in alt
    assert "uniform: blank" in alt
    empty = Sample("x", picture, "red square", mask=~mask)
    assert "centre: peak elsewhere" in method_pictures.maps_sheet(matchers["blip"], empty, ["centre"]).alt


def test_two_samples_are_of_two_pictures_and_two_kinds_where_there_are_any():
    one, other = method_pictures.two_samples("scenes:val")
    assert (one.tags["kind"], other.tags["kind"]) == ("position", "attribute")
    assert one.tags["image_id"] != other.tags["image_id"]
    assert len(method_pictures.two_samples("scenes:val", ("no such kind", "neither"))) == 2
