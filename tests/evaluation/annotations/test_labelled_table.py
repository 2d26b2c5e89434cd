"""The table follows the labels: only new ones are read, and what was taken back is as it was."""

from __future__ import annotations

import pytest
from run_stand_ins import ToySet, ToySystem, rectangle

import iterprime_xai as ix
from iterprime_xai.evaluation.annotations import labelled_table as module
from iterprime_xai.evaluation.annotations.labelled_table import LabelledTable
from iterprime_xai.evaluation.annotations.labels import Labels
from iterprime_xai.evaluation.failures import failure_table, relabelled_table


@pytest.fixture
def run(tmp_path):
    ix.evaluate(ToySystem(), ToySet(3, missing=[0, 1, 2]), tmp_path / "run", detail="full")
    return ix.read_run(tmp_path / "run")


def test_a_new_label_makes_its_own_line_again_and_no_other(run, monkeypatch):
    made = []
    slow = module.relabelled_table
    monkeypatch.setattr(
        module, "relabelled_table", lambda run, table, masks: made.append(set(masks)) or slow(run, table, masks)
    )
    labels, plain = Labels(run.path, run.key, "Ann"), failure_table(run)
    followed = LabelledTable(run, plain, labels)
    assert set(followed.renewed().rows["type"].to_pylist()) == {"unlabelled"}
    gold = {"0-0": rectangle(2, 2, 6, 10), "1-1": rectangle(0, 0, 3, 3)}
    for name, mask in gold.items():
        labels.write(name, mask, "box [0, 0, 1, 1]")
        followed.renewed()
    assert made == [set(), {"0-0"}, {"1-1"}]
    assert followed.renewed().rows.equals(relabelled_table(run, plain, gold).rows)
    assert followed.gold("0-0").sum() == 32
    labels.write("0-0", rectangle(0, 0, 1, 1), "box [0, 0, 1, 1]")
    followed.renewed()
    assert made[-1] == {"0-0"}
    assert followed.gold("0-0").sum() == 1


def test_what_was_taken_back_is_as_it_was_and_others_stay(run):
    labels, plain = Labels(run.path, run.key, "Ann"), failure_table(run)
    followed = LabelledTable(run, plain, labels)
    labels.write("0-0", rectangle(2, 2, 6, 10), "proposal 1")
    labels.write("2-0", rectangle(2, 2, 6, 10), "proposal 1")
    followed.renewed()
    labels.take_back("0-0")
    assert followed.renewed().rows.equals(relabelled_table(run, plain, {"2-0": rectangle(2, 2, 6, 10)}).rows)
    assert followed.gold("0-0") is None


def test_a_label_of_another_person_is_seen_and_one_that_does_not_fit_is_told(run):
    labels = Labels(run.path, run.key, "Ann")
    followed = LabelledTable(run, failure_table(run), labels)
    followed.renewed()
    Labels(run.path, run.key, "Ben").write("0-1", rectangle(2, 2, 6, 10), "proposal 1")
    labels.write("1-0", rectangle(2, 2, 6, 10)[:4], "proposal 1")
    table = followed.renewed().rows.to_pylist()
    assert [each["sample_id"] for each in table if each["type"] != "unlabelled"] == ["0-1"]
    assert len(followed.problems) == 1
    assert followed.gold("1-0") is None
