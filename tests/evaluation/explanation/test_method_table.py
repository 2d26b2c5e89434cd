"""The table of methods: every map measured, every check made, and the floors failing where they should."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.data import open_data
from iterprime_xai.evaluation.explanation.judged_tables import check_table, map_table, verdict
from iterprime_xai.evaluation.explanation.judging import CheckRow, MapRow, layers_of, meaning_something_else
from iterprime_xai.evaluation.explanation.method_table import judge_methods
from iterprime_xai.records import OptionError


@pytest.fixture(scope="module")
def judged():
    data = open_data("scenes:val", count=9)
    quick = ("gradcam", "attention", "uniform", "centre", "random", "edges")
    return judge_methods(data, quick, limit=9, checks=3, curves=True)


def row(method="gradcam", image="a", **figures):
    known = dict.fromkeys(("pointing", "energy", "rank", "iou", "deletion", "insertion"), 0.5) | figures
    return MapRow(sample="s", image=image, kind="", method=method, seconds=0.002, blank=False, **known)


def check(method, test, likeness, believed):
    return CheckRow("s", "a", method, test, likeness, 1.0, believed)


def test_every_phrase_is_measured_by_every_method(judged):
    assert len(judged.maps) == 9 * 6
    assert len({each.sample for each in judged.maps}) == 9
    assert all(0 <= each.deletion <= 1 and 0 <= each.insertion <= 1 for each in judged.maps)
    # One phrase a picture, of those that hold phrases for another thing: in one of the three all phrases mean the same.
    assert len({each.image for each in judged.checks}) == 2
    assert len(judged.checks) == 2 * 6 * 4


def test_the_model_points_and_the_floors_do_not(judged):
    def mean(method, name):
        return np.mean([getattr(each, name) for each in judged.maps if each.method == method])

    for name in ("pointing", "energy", "rank", "iou"):
        assert mean("gradcam", name) > mean("edges", name)
        assert mean("gradcam", name) > mean("random", name)
    assert mean("gradcam", "deletion") < mean("random", "deletion")
    assert all(each.blank for each in judged.maps if each.method == "uniform")
    assert mean("uniform", "pointing") == 0


def test_every_floor_fails_where_it_should_and_grad_cam_passes(judged):
    said = {
        method: verdict([each for each in judged.checks if each.method == method])
        for method in ("gradcam", "uniform", "centre", "edges", "random")
    }
    assert said["gradcam"] == "passes"
    for floor in ("uniform", "centre", "edges"):
        assert said[floor] == "fails random weights, another phrase"
    assert said["random"] == "fails random weights"  # it changes with the phrase, and not with the model


def test_the_model_is_left_as_it_was_by_the_checks(judged, matchers):
    again = judge_methods(open_data("scenes:val", count=3), ("gradcam",), limit=3, checks=0, curves=False)
    first = [each for each in judged.maps if each.method == "gradcam"][:3]
    assert [each.energy for each in again.maps] == pytest.approx([each.energy for each in first], rel=1e-5)
    assert again.checks == ()
    assert all(each.deletion is None for each in again.maps)


def test_two_processes_find_the_same(judged):
    both = judge_methods(
        open_data("scenes:val", count=9), ("gradcam", "random"), limit=9, checks=0, curves=False, workers=2
    )
    alone = [each for each in judged.maps if each.method in ("gradcam", "random")]
    assert [(each.sample, each.method) for each in both.maps] == [(each.sample, each.method) for each in alone]
    assert [each.energy for each in both.maps] == pytest.approx([each.energy for each in alone], rel=1e-5)


def test_tables_leave_out_what_is_not_a_number_and_say_what_was_not_asked():
    text = map_table([row(), row(pointing=float("nan"), deletion=None, insertion=None, image="b")])
    assert "0.500 [0.500, 0.500]" in text
    assert "| 2 |" in text  # milliseconds
    text = map_table([row(deletion=None)])
    assert "| - |" in text


def test_a_verdict_names_what_is_failed_for_most_phrases():
    weights, phrase, words = "randomised_weights", "wrong_phrase", "shuffled_words"
    good = [check("m", weights, 0.1, True), check("m", phrase, 0.2, True), check("m", words, 0.9, False)]
    assert verdict(good) == "passes"  # a bag of words may look at the same place
    assert verdict([*good, check("m", weights, 0.9, False), check("m", weights, 0.9, False)]) == "fails random weights"
    text = check_table([*good, check("m", phrase, float("nan"), False)])
    assert "0.20 (0.50)" in text
    assert "0.90 (0.00)" in text


@pytest.mark.parametrize("family", ["blip", "blip2", "albef"])
def test_a_randomisation_goes_from_the_text_to_the_picture(family, matchers):
    found = layers_of(matchers[family].model)
    assert len(found) == 2
    assert "vis" in found[-1]
    assert "vis" not in found[0]


def test_only_phrases_for_another_mask_mean_something_else():
    data = open_data("scenes:val", count=6)
    samples = [sample for entry in data.pictures() for sample in data.samples_of(entry)]
    first = samples[0]
    for other in meaning_something_else(first, samples[:3]):
        assert other != first.text
    assert meaning_something_else(first, [first]) == []


def test_a_sample_without_a_mask_is_refused():
    from dataclasses import replace

    from iterprime_xai.evaluation.explanation.judging import Judge
    from iterprime_xai.models import load_matcher
    from iterprime_xai.saliency import get_method

    data = open_data("scenes:val", count=3)
    sample = replace(data.samples_of(data.pictures()[0])[0], mask=None)
    judge = Judge(load_matcher("tiny"), [get_method("gradcam")])
    with pytest.raises(OptionError, match="no gold mask"):
        list(judge.maps([sample]))


def test_no_method_is_refused():
    with pytest.raises(OptionError, match="At least one method"):
        judge_methods(open_data("scenes:val", count=3), ())
