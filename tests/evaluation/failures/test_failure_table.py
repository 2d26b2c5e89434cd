"""The table of a run's phrases: what its lines say, and when what was kept of it is made again."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from run_stand_ins import HEIGHT, WIDTH, ToySet, ToySystem

import iterprime_xai as ix
from iterprime_xai.evaluation.failures import classify, failure_table, open_case
from iterprime_xai.evaluation.failures import table as module
from iterprime_xai.evaluation.runs.regrounding import FINAL_ONLY
from iterprime_xai.records import OptionError, StorageError


@pytest.fixture
def run(tmp_path):
    data = ToySet(6, missing=[4], empty=[5], bad=[1])
    ix.evaluate(ToySystem(), data, tmp_path / "run", detail="full")
    return ix.read_run(tmp_path / "run", data)


def test_a_line_says_what_the_row_says_and_its_type(run):
    lines = failure_table(run).rows.to_pylist(maps_as_pydicts="strict")
    rows = list(run)
    assert [each["sample_id"] for each in lines] == [each["sample_id"] for each in rows]
    for line, row in zip(lines, rows, strict=True):
        found = classify(row)
        assert (line["type"], line["sentence"]) == (found.type, found.sentence)
        assert {line[name] == row[name] for name in ("text", "iou", "best_iou", "gold_area", "tags")} == {True}
        assert line["things"] == 1
    assert {each["type"] for each in lines} > {"unlabelled", "error"}


def test_places_are_shares_of_the_picture(run):
    line = failure_table(run).rows.slice(0, 1).to_pylist()[0]
    assert (line["gold_x"], line["gold_y"]) == pytest.approx((4 / WIDTH, 6 / HEIGHT))  # of x 2 to 6, y 2 to 10
    x, y = run.row(line["sample_id"])["peak"]
    assert (line["peak_x"], line["peak_y"]) == pytest.approx(((x + 0.5) / WIDTH, (y + 0.5) / HEIGHT))


def test_rivals_are_the_others_of_the_same_category_and_the_cue_is_the_first_in_lower_case(run):
    import pyarrow as pa

    part = next(iter(run.tables([*module.READ, *module.NESTED]))).slice(0, 5)
    part = part.drop_columns(["others", "category"])
    others = [["dog", "cat", "dog"], [], ["dog", None], None, ["cat"]]
    listed = pa.array(
        [None if each is None else [{"category": name} for name in each] for each in others],
        pa.list_(pa.struct([("category", pa.string())])),
    )
    part = part.append_column("others", listed)
    part = part.append_column("category", pa.array(["dog", "dog", "dog", "dog", None]))
    lines = module.lines_of(part, 0.5).to_pylist()
    assert [each["rivals"] for each in lines] == [2, 0, 1, 0, None]
    assert [each["things"] for each in lines] == [3, 0, 2, None, 1]
    # The error row of image 1 was never parsed: its cue is not known.
    assert [each["cue"] for each in lines] == ["left", "left", None, "left", "left"]


def test_rivals_of_a_part_that_begins_later_in_its_lists_are_counted_all_the_same(run):
    part = next(iter(run.tables([*module.READ, *module.NESTED])))
    whole = module.lines_of(part, 0.5)
    assert module.lines_of(part.slice(4, 3), 0.5).equals(whole.slice(4, 3))


def test_what_was_kept_is_read_and_made_again_for_other_parts_rules_or_thresholds(run, monkeypatch):
    first = failure_table(run).rows
    made = []
    slow = module._made
    monkeypatch.setattr(module, "_made", lambda *a: made.append(1) or slow(*a))
    assert failure_table(run).rows.equals(first)
    assert not made
    assert failure_table(run, 0.9).threshold == 0.9
    assert len(made) == 1
    os.utime(run.files[0], ns=(1, 1))
    failure_table(run)
    assert len(made) == 2
    monkeypatch.setattr(module, "TABLE_FORMAT", 99)
    failure_table(run)
    assert len(made) == 3
    kept = run.path / "failures" / "table-0.5.arrow"
    kept.write_bytes(kept.read_bytes()[:100])
    assert failure_table(run).rows.equals(first)
    assert len(made) == 4


def test_a_run_that_can_only_be_read_is_classified_all_the_same(run, monkeypatch):
    def refused(path):
        raise StorageError("read-only")

    shutil.rmtree(run.path / "failures")
    monkeypatch.setattr(module, "whole_file", refused)
    assert len(failure_table(run)) == 12
    assert not (run.path / "failures" / "table-0.5.arrow").exists()
    with pytest.raises(OptionError, match="above 0"):
        failure_table(run, 0)


def test_a_case_of_a_full_row_holds_the_grounding_that_made_it(run):
    case = open_case(run, "0-0")
    found = ToySystem().segment(case.image, case.text)
    assert np.array_equal(case.grounding.mask, found.mask)
    assert case.grounding.heatmap == pytest.approx(found.heatmap, rel=2e-3, abs=1e-3 * float(found.heatmap.max()))
    assert case.grounding.expression == found.expression
    assert np.array_equal(case.grounding.proposals.masks, found.proposals.masks)
    assert case.grounding.selection == found.selection
    assert [each.probability for each in case.grounding.passes] == [each.probability for each in found.passes]
    assert [word.text for word in case.grounding.words] == [word.text for word in found.words]


def test_a_case_of_a_light_row_says_what_was_not_kept(tmp_path):
    ix.evaluate(ToySystem(), ToySet(1), tmp_path / "light")
    case = open_case(ix.read_run(tmp_path / "light", ToySet(1)), "0-0")
    assert case.grounding.proposals is None
    assert len(case.grounding.passes) == 1
    assert case.grounding.trace[-1] == FINAL_ONLY


def test_a_case_without_a_result_or_a_picture_says_why(run):
    failed = open_case(run, "1-0")
    assert failed.failure.type == "error"
    assert failed.grounding is None
    assert failed.image is not None
    lost = open_case(ix.read_run(run.path), "0-0")
    assert "given from memory" in lost.problem
    assert (lost.image, lost.grounding) == (None, None)
    assert lost.gold.sum() == 32


def test_a_run_that_is_done_has_its_table_and_one_that_was_stopped_has_none(tmp_path, monkeypatch):
    run = ix.evaluate(ToySystem(), ToySet(2), tmp_path / "done")
    assert (run.path / "failures" / "table-0.5.arrow").exists()
    monkeypatch.setattr(module, "_made", lambda *_: pytest.fail("it was made when the run was done"))
    assert len(failure_table(run)) == 4
