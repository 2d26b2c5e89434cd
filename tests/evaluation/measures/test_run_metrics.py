"""Metrics by hand, their intervals, and what error rows and phrases that mean nothing do to them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from run_stand_ins import ToySet, ToySystem

from iterprime_xai.evaluation.bootstrap import interval, totals
from iterprime_xai.evaluation.measures.columns import Measured, measured
from iterprime_xai.evaluation.measures.metrics import figures, metric_names
from iterprime_xai.evaluation.measures.summing_up import summarise
from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.records import OptionError


def rows(intersection, union, *, pictures=None, no_target=None, abstained=None, error=None):
    count = len(union)
    inside, either = np.array(intersection, float), np.array(union, float)
    iou = np.divide(inside, either, out=np.zeros(count), where=either > 0)
    nothing = np.zeros(count, bool) if no_target is None else np.array(no_target)
    silent = np.zeros(count, bool) if abstained is None else np.array(abstained)
    failed = np.zeros(count, bool) if error is None else np.array(error)
    return Measured(
        sample_ids=np.array([str(place) for place in range(count)], object),
        pictures=np.arange(count) if pictures is None else np.array(pictures),
        texts=np.array([""] * count, object),
        hashes=np.array([""] * count, object),
        iou=iou,
        giou=np.where(nothing & silent & ~failed, 1.0, iou),
        intersection=inside,
        union=either,
        gold_area=np.ones(count, int),
        no_target=nothing,
        abstained=silent & ~failed,
        answered=~silent & ~failed,
        peak=np.zeros(count, bool),
        best_iou=iou,
        error=failed,
        tags={},
    )


def values(found):
    names = metric_names(found)
    (whole,) = figures(found, found.groups(None), names)
    return {name: value.mean for name, value in whole.metrics.items()}


def test_oiou_favours_large_objects_and_miou_does_not():
    found = values(rows([90, 1], [100, 10]))
    assert found["oiou"] == 91 / 110
    assert found["miou"] == pytest.approx(0.5)
    assert [found[f"p{level}"] for level in (50, 60, 70, 80, 90)] == [0.5] * 5
    assert values(rows([49, 50, 95], [100, 100, 100]))["p50"] == pytest.approx(2 / 3)
    assert not {"giou", "n_acc"} & set(found)


def test_phrases_that_mean_nothing_by_hand():
    # right silence, wrong answer of 30 px, right answer, silence where something is meant (20 px)
    found = values(
        rows([0, 0, 8, 0], [0, 30, 10, 20], no_target=[True, True, False, False], abstained=[True, False, False, True])
    )
    assert found["giou"] == pytest.approx((1 + 0 + 0.8 + 0) / 4)
    assert found["ciou"] == 8 / 60
    assert found["miou"] == pytest.approx(0.8 / 4)
    assert (found["n_acc"], found["t_acc"]) == (0.5, 0.5)


def test_an_error_row_is_never_right():
    found = values(rows([0, 8], [0, 10], no_target=[True, False], abstained=[True, False], error=[True, True]))
    assert (found["n_acc"], found["t_acc"], found["giou"]) == (0.0, 0.0, pytest.approx(0.4))


def test_intervals_are_those_of_the_bootstrap_over_pictures():
    random = np.random.default_rng(0)
    union = np.full(40, 100.0)
    inside, pictures = random.integers(0, 101, 40), np.repeat(np.arange(10), 4)
    found = rows(inside, union, pictures=pictures)
    (whole,) = figures(found, found.groups(None), ["miou"], seed=3)
    expected = interval((inside / 100).tolist(), pictures.tolist(), seed=3)
    assert (whole.metrics["miou"].low, whole.metrics["miou"].high) == pytest.approx((expected.low, expected.high))
    assert whole.metrics["miou"].low < whole.metrics["miou"].mean < whole.metrics["miou"].high


def test_sums_are_drawn_by_whole_pictures():
    columns = np.array([[1.0, 1.0], [2.0, 1.0], [10.0, 1.0]])
    found = totals(columns, ["a", "a", "b"], rounds=200)
    assert {tuple(each) for each in found.tolist()} == {(6.0, 4.0), (13.0, 3.0), (20.0, 2.0)}


def test_a_metric_without_rows_is_no_number():
    found = rows([1], [2])
    (whole, empty) = figures(found, {"all": np.ones(1, bool), "none": np.zeros(1, bool)}, ["miou"])
    assert whole.metrics["miou"].mean == 0.5
    assert math.isnan(empty.metrics["miou"].mean)
    assert empty.count == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    data = ToySet(8, 2, broken=[1], bad=[2], empty=[3], missing=[4])
    return evaluate(ToySystem(), data, tmp_path_factory.mktemp("runs") / "toy", threads=None, progress=False)


def test_a_run_is_summed_up_from_its_rows(made):
    found = summarise(made, "kind")
    assert (found.rows, found.expected, found.unmeasured) == (16, 16, 2)
    assert sum(found.errors.values()) == 3
    assert {kind.rpartition(".")[2]: count for kind, count in found.errors.items()} == {
        "PhraseError": 1,
        "StorageError": 2,
    }
    rows = [row for row in made if row["iou"] is not None]
    whole, *kinds = found.figures
    assert whole.count == len(rows) == 14
    assert whole.errors == 3
    assert whole.metrics["miou"].mean == pytest.approx(sum(row["iou"] for row in rows) / 14)
    assert whole.metrics["oiou"].mean == pytest.approx(
        sum(row["intersection"] for row in rows) / sum(row["union"] for row in rows)
    )
    assert whole.metrics["n_acc"].mean == 0.0
    assert whole.metrics["t_acc"].mean == pytest.approx(9 / 12)
    targets = [row for row in rows if not row["no_target"]]
    assert whole.metrics["peak"].mean == pytest.approx(sum(bool(row["peak_in_mask"]) for row in targets) / len(targets))
    # a picture that cannot be read has no tags
    assert [(each.group, each.count) for each in kinds] == [("(none)", 2), ("even", 6), ("odd", 6)]
    assert any("2 phrases have no gold mask" in note for note in found.notes)
    text = str(found)
    assert "16 of 16 phrases, 3 of them errors" in text
    assert "oIoU" in text
    assert "an error counts as IoU 0" in text


def test_json_holds_no_number_that_json_does_not_have(made):
    import json

    found = summarise(made, "kind").as_json()
    json.dumps(found, allow_nan=False)
    assert found["figures"][0]["metrics"]["miou"]["value"] == summarise(made).figures[0].metrics["miou"].mean


def test_an_unknown_tag_is_refused_with_the_nearest(made):
    with pytest.raises(OptionError, match="did you mean 'kind'"):
        summarise(made, "kinds")


def test_without_any_gold_mask_nothing_is_measured(tmp_path):
    made = evaluate(ToySystem(), ToySet(2, 1, missing=[0], broken=[1]), tmp_path / "run", threads=None, progress=False)
    found, counted = measured(made)
    assert (len(found), counted.unmeasured) == (0, 2)
    assert summarise(made).figures == ()


def test_a_run_that_is_not_done_says_so(made, tmp_path):
    data = ToySet(8)
    part = evaluate(ToySystem(), data, tmp_path / "run", threads=None, progress=False, shard_size=4)
    part.files[2].unlink()
    assert any("4 phrases are missing" in note for note in summarise(tmp_path / "run").notes)
