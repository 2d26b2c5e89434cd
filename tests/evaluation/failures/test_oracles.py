"""What a type costs, by rows made by hand and on a run that was really made."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai.cli import app
from iterprime_xai.evaluation.failures import TYPES, priced
from iterprime_xai.evaluation.failures.oracles import _gains
from iterprime_xai.evaluation.failures.repairing import repaired_overlap
from iterprime_xai.records import OptionError


def test_gains_are_those_of_the_repaired_type_alone():
    types = np.array(["right", "part_only", "no_proposal_fits", "no_target_answered"])
    before = np.array([[80, 100, 0.8], [40, 100, 0.4], [0, 100, 0.0], [0, 100, 0.0]])
    after = np.array([[80, 100, 0.8], [90, 100, 0.9], [50, 50, 1.0], [0, 0, 0.0]])
    found = _gains(types, before, after, ["a", "b", "c", "d"], 0)
    assert (found.rows, found.oiou, found.miou) == (4, pytest.approx(30.0), pytest.approx(30.0))
    gains = {each.type: (each.oiou.mean, each.miou.mean) for each in found.prices}
    assert gains["part_only"] == pytest.approx((100 * 170 / 400 - 30, 12.5))
    assert gains["no_proposal_fits"] == pytest.approx((100 * 170 / 350 - 30, 25.0))
    assert gains["no_target_answered"] == pytest.approx((100 * 120 / 300 - 30, 0.0))
    assert [each.type for each in found.prices] == ["no_proposal_fits", "part_only", "no_target_answered"]
    assert all(each.miou.low <= each.miou.mean <= each.miou.high for each in found.prices)


def test_a_run_without_gold_or_without_a_failure_says_so():
    nothing = _gains(np.array([]), np.zeros((0, 3)), np.zeros((0, 3)), [], 0)
    assert "No phrase has a gold mask" in str(nothing)
    assert "(7 without a gold mask left out)" in str(replace(nothing, unlabelled=7))
    fine = _gains(np.array(["right"]), np.array([[8, 10, 0.8]]), np.array([[8, 10, 0.8]]), ["a"], 0)
    assert str(fine) == "Of 1 phrases none failed: oIoU 80.0, mIoU 80.0.\n"


def test_an_oracle_answers_with_the_best_proposal_and_its_overlap_follows_from_the_areas():
    row = {"gold_area": 100, "best_iou": 60 / 120, "intersection": 0, "union": 190}
    assert repaired_overlap(row, "best proposal", 80) == (60, 120)
    assert repaired_overlap(row, "gold mask", 80) == (100, 100)
    assert repaired_overlap(row, "no answer", 80) == (0, 0)
    assert repaired_overlap(row, "none", 80) == (0, 190)
    assert repaired_overlap(row, "best proposal", None) == (0, 190)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The largest of all masks: mostly wrong, at no cost."""
    return ix.evaluate("largest", "scenes:val", tmp_path_factory.mktemp("runs") / "a", limit=30)


def test_a_run_has_one_type_a_phrase_and_repairing_all_reaches_the_ceiling(run):
    found = priced(run)
    assert found.rows == 30
    rows = list(run.rows(["iou", "best_iou"]))
    assert found.miou == pytest.approx(100 * np.mean([each["iou"] for each in rows]))
    wrong = [each for each in rows if each["iou"] < 0.5]
    assert sum(each.count for each in found.prices) == len(wrong) > 10
    # mIoU is a mean, so what the types gain adds up: to the best proposals, or to the gold mask where none fits.
    ceiling = sum((each["best_iou"] if each["best_iou"] >= 0.5 else 1.0) - each["iou"] for each in wrong) / 30
    assert sum(each.miou.mean for each in found.prices) == pytest.approx(100 * ceiling, abs=0.05)


def test_the_command_prints_the_table_and_writes_the_rows(run, tmp_path):
    out = tmp_path / "types.jsonl"
    found = CliRunner().invoke(app, ["failures", str(run.path), "--rows", str(out)])
    assert found.exit_code == 0, found.output
    assert "30 phrases, oIoU" in found.stdout
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(lines) == 30
    assert {each["type"] for each in lines} <= set(TYPES)


def test_a_threshold_that_is_none_is_refused(run):
    found = CliRunner().invoke(app, ["failures", str(run.path), "--threshold", "2"])
    assert isinstance(found.exception, OptionError)
