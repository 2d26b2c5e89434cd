"""``failures --labels``: what people marked counts as gold, and what of it cannot is told."""

from __future__ import annotations

import json

import pytest
from run_stand_ins import ToySet, ToySystem, rectangle
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai import cli
from iterprime_xai.evaluation.annotations.labels import Labels


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["failures", *(str(each) for each in arguments)])


@pytest.fixture
def run(tmp_path):
    ix.evaluate(ToySystem(), ToySet(3, missing=range(3)), tmp_path / "toy", detail="full")
    return ix.read_run(tmp_path / "toy")


def test_without_labels_nothing_is_known_with_or_without_the_option(run):
    for more in ([], ["--labels"]):
        found = invoke(run.path, *more)
        assert found.exit_code == 0, found.output
        assert "No phrase has a gold mask, without which nobody knows what failed (6 without" in found.output
    assert "0 of 6 phrases have a label" in found.output


def test_labels_are_counted_and_priced_and_only_when_asked_for(run, tmp_path):
    labels = Labels(run.path, run.key, "ann")
    answers = {row["sample_id"]: run.mask(row["chosen"]) for row in run}
    labels.write("0-0", answers["0-0"], "proposal 0")
    labels.write("1-0", ~answers["1-0"], "box [0, 0, 16, 12]")
    found = invoke(run.path, "--labels", "--rows", tmp_path / "rows.jsonl", "--slices", "tag:kind")
    assert found.exit_code == 0, found.output
    assert found.output.startswith("2 of 6 phrases have a label in ")
    assert "2 phrases (4 without a gold mask left out), oIoU" in found.output
    assert "mIoU 50.0" in found.output
    assert "| odd | 1 |" in found.output
    told = {each["sample_id"]: each for each in map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())}
    assert (told["0-0"]["type"], told["0-0"]["iou"]) == ("right", 1.0)
    assert told["1-0"]["iou"] == 0.0
    assert told["2-0"]["type"] == "unlabelled"
    assert "No phrase has a gold mask" in invoke(run.path).output


def test_one_sample_is_explained_by_its_label(run):
    Labels(run.path, run.key, "ann").write("0-0", rectangle(0, 0, 1, 1), "box [0, 0, 1, 1]")
    assert invoke(run.path, "--sample", "0-0").output.startswith("Unlabelled")
    found = invoke(run.path, "--sample", "0-0", "--labels").output
    assert not found.startswith("Unlabelled")
    assert "The gold mask was given by a person" in found
    assert invoke(run.path, "--sample", "0-1", "--labels").output.startswith("Unlabelled")


def test_labels_that_fit_no_sample_are_told_and_the_others_count(run):
    labels = Labels(run.path, "another run", "ann")
    labels.write("0-0", rectangle(2, 2, 6, 10), "proposal 0")
    labels.write("9-9", rectangle(2, 2, 6, 10), "proposal 0")
    labels.write("0-1", rectangle(2, 2, 6, 10).T, "proposal 0")
    found = invoke(run.path, "--labels")
    assert found.exit_code == 0, found.output
    assert "3 labels were written about another run" in found.stderr
    assert "'9-9', which the run does not have" in found.stderr
    assert "'0-1' is 16 x 12" in found.stderr
    assert "1 of 6 phrases have a label" in found.stdout
