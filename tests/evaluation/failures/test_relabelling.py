"""A row with a gold mask that a person gave is the row of a data set that had it, as far as the run kept what that takes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from run_stand_ins import HEIGHT, WIDTH, ToySet, ToySystem, rectangle

import iterprime_xai as ix
from iterprime_xai.evaluation.failures import (
    FailureTable,
    classify,
    failure_table,
    open_case,
    priced,
    relabelled,
    relabelled_table,
    usable_masks,
)
from iterprime_xai.evaluation.failures.relabelling import ANSWER_ONLY, GIVEN, OTHERS_UNKNOWN, relabelled_failure
from iterprime_xai.records import OptionError

GOLD = rectangle(2, 2, 6, 10)
"""What `ToySet` gives where it is not missing: 32 pixels. The answers are (2, 2, 6, 8), 24 of them, or (10, 2, 14, 10), none."""


def evaluated(out, detail, **kinds):
    data = ToySet(10, bad=[1], **kinds)
    ix.evaluate(ToySystem(abstain_below=0.2), data, out, detail=detail, answer="may_abstain")
    return ix.read_run(out, data)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """By detail: the same phrases by a data set without gold masks, and by one with all of them."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        detail: (
            evaluated(folder / f"{detail}-bare", detail, missing=range(10)),
            evaluated(folder / f"{detail}-known", detail),
        )
        for detail in ("full", "light")
    }


@pytest.fixture(params=["full", "light"])
def pair(request, pairs):
    return pairs[request.param]


@pytest.fixture
def bare(pairs):
    return pairs["full"][0]


@pytest.fixture
def light(pairs):
    return pairs["light"][0]


def answered(run, box):
    """The row of the first phrase that was answered with a mask."""
    return next(
        row for row in run if row["chosen"] is not None and np.array_equal(run.mask(row["chosen"]), rectangle(*box))
    )


def without_timing(row, *others):
    return {name: value for name, value in row.items() if not name.startswith("seconds_") and name not in others}


def test_a_row_is_that_of_a_data_set_that_had_the_mask(pairs):
    bare, known = pairs["full"]
    seen = set()
    for row, wanted in zip(bare, known, strict=True):
        found = relabelled(row, GOLD)
        seen.add((classify(found).type, found["landed"], found["abstained"]))
        heat, exact = found.pop("heat_in_mask"), wanted.pop("heat_in_mask")
        assert heat == exact if exact is None else heat == pytest.approx(exact, rel=2e-3)
        assert found["notes"][-1] == GIVEN
        assert found.pop("notes")[:-1] == (wanted.pop("notes") or [])
        assert without_timing(found, "run_key") == without_timing(wanted, "run_key")
    assert {each[0] for each in seen} >= {"right", "error", "abstained"}
    assert len({each[1] for each in seen}) >= 3  # target, the other thing, background


def test_a_row_without_kept_masks_has_all_but_the_other_proposals(pair):
    bare, known = pair
    proposals = ("best_index", "best_iou", "proposals", "heat_in_mask", "notes", "run_key", "landed")
    for row, wanted in zip(bare, known, strict=True):
        found = relabelled(row, GOLD)
        assert without_timing(found, *proposals) == without_timing(wanted, *proposals)
        if OTHERS_UNKNOWN not in found["notes"]:
            assert found["landed"] == wanted["landed"]
        else:
            assert (found["landed"], wanted["landed"]) == ("background", "other thing")


def test_figures_by_hand(bare):
    found = relabelled(answered(bare, (2, 2, 6, 8)), rectangle(2, 2, 6, 5))  # 12 pixels of the 24 that were answered
    assert (found["gold_area"], found["no_target"], found["intersection"], found["union"]) == (12, False, 12, 24)
    assert (found["iou"], found["giou"]) == (0.5, 0.5)
    assert [each["iou"] for each in found["proposals"]] == [0.5, 0.0, 12 / 192]
    assert (found["best_index"], found["best_iou"]) == (0, 0.5)
    assert np.array_equal(bare.mask(found["gold"]), rectangle(2, 2, 6, 5))
    missed = relabelled(answered(bare, (10, 2, 14, 10)), GOLD)
    assert (missed["intersection"], missed["union"], missed["iou"], missed["best_iou"]) == (0, 64, 0.0, 0.75)
    heat = relabelled(answered(bare, (2, 2, 6, 8)), np.ones((HEIGHT, WIDTH), bool))
    assert (heat["heat_in_mask"], heat["peak_in_mask"], heat["landed"]) == (pytest.approx(1), True, "target")


def test_the_run_s_own_row_is_left_as_it_was(bare):
    row = bare.row("0-0")
    before = repr(row)
    relabelled(row, GOLD)
    assert repr(row) == before


def test_a_mask_takes_the_place_of_one_that_the_data_set_had(pair):
    _, known = pair
    row = answered(known, (2, 2, 6, 8))
    found = relabelled(row, rectangle(10, 2, 14, 10))
    assert (found["gold_area"], found["iou"]) == (32, 0.0)
    full = known.manifest.decides["detail"] == "full"
    assert [each["iou"] for each in found["proposals"]] == ([0.0, 1.0, 32 / 192] if full else [0.0, None, None])
    again = relabelled(found, GOLD)
    assert (again["iou"], again["best_iou"]) == (row["iou"], row["best_iou"])


def test_the_peak_on_another_thing_is_known_from_what_the_row_said_before(pair):
    _, known = pair
    for row in known:
        if row["error"] is None and row["landed"] != "target":
            x, y = row["peak"]
            gold = rectangle(0, 0, 2, 2) if (x, y) > (1, 1) else rectangle(3, 3, 4, 4)
            assert relabelled(row, gold)["landed"] == row["landed"]


def test_detail_light_says_what_it_cannot_know(light):
    row = answered(light, (10, 2, 14, 10))
    found = relabelled(row, GOLD)
    assert [each["iou"] for each in found["proposals"]] == [None, 0.0, None]
    assert (found["best_index"], found["best_iou"]) == (1, 0.0)
    assert ANSWER_ONLY in found["notes"]
    told = relabelled_failure(found)
    assert told.type == "no_proposal_fits"
    assert told.sentence.endswith(ANSWER_ONLY)
    right = relabelled(answered(light, (2, 2, 6, 8)), GOLD)
    assert ANSWER_ONLY not in relabelled_failure(right).sentence
    nothing = relabelled(next(row for row in light if row["chosen"] is None and row["error"] is None), GOLD)
    assert (nothing["best_index"], nothing["best_iou"], nothing["iou"], nothing["union"]) == (None, 0.0, 0.0, 32)


def test_a_peak_in_another_thing_s_box_counts_as_background_and_that_is_noted(light):
    row = dict(answered(light, (2, 2, 6, 8)))
    row["peak"] = [11, 3]  # in the box (10, 2, 14, 10) of the other thing
    found = relabelled(row, GOLD)
    assert (found["landed"], OTHERS_UNKNOWN in found["notes"]) == ("background", True)
    row["peak"] = [14, 3]  # just outside it
    found = relabelled(row, GOLD)
    assert (found["landed"], OTHERS_UNKNOWN in found["notes"]) == ("background", False)


def test_a_blank_map_has_no_peak_and_no_heat(bare):
    row = {**answered(bare, (2, 2, 6, 8)), "blank": True, "peak": None}
    found = relabelled(row, GOLD)
    assert (found["landed"], found["peak_in_mask"], found["heat_in_mask"]) == ("blank", False, 0.0)


def test_things_without_a_category_are_other(bare):
    row = dict(answered(bare, (2, 2, 6, 8)))
    row |= {"peak": [11, 3], "others": [{**row["others"][0], "category": None}]}
    assert relabelled(row, GOLD)["landed"] == "other"


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones((WIDTH, HEIGHT), bool), "is 16 x 12, but its upright picture is 12 x 16"),
        (np.zeros((HEIGHT, WIDTH), bool), "is empty"),
        (np.ones((HEIGHT, WIDTH), np.uint8), "must be a bool array.*uint8"),
        (np.ones((1, HEIGHT, WIDTH), bool), "must be a bool array"),
        ([[True]], "got list"),
    ],
)
def test_masks_that_cannot_be_gold_are_refused(bare, mask, message):
    with pytest.raises(OptionError, match=message):
        relabelled(bare.row("0-0"), mask)


def test_a_picture_that_could_not_be_read_takes_no_mask(tmp_path):
    data = ToySet(1, broken=[0])
    ix.evaluate(ToySystem(), data, tmp_path / "run")
    with pytest.raises(OptionError, match="could not be read"):
        relabelled(ix.read_run(tmp_path / "run", data).row("0-0"), GOLD)


def test_a_table_is_that_of_the_data_set_that_had_the_masks(pair):
    bare, known = pair
    table, wanted = failure_table(bare), failure_table(known)
    chosen = ["5-1", "0-0", "1-0", "2-1", "3-0"]
    found = relabelled_table(bare, table, dict.fromkeys(chosen, GOLD))
    assert found.rows.schema == wanted.rows.schema
    assert found.rows["sample_id"].to_pylist() == table.rows["sample_id"].to_pylist()
    lines = zip(found.rows.to_pylist(), table.rows.to_pylist(), wanted.rows.to_pylist(), strict=True)
    full = bare.manifest.decides["detail"] == "full"
    for line, before, after in lines:
        if line["sample_id"] not in chosen:
            assert without_timing(line) == without_timing(before)
            assert line["type"] in ("unlabelled", "error")
            continue
        assert line["gold_x"] == after["gold_x"] == 4 / WIDTH
        if full or line["type"] == "right":
            inexact = (
                "seconds",
                "heat_in_mask",
                *(() if full else ("best_iou", "gain", "repaired_intersection", "repaired_union")),
            )
            assert without_timing(line, *inexact) == without_timing(after, *inexact)
    if full:
        everything = relabelled_table(bare, table, dict.fromkeys(table.rows["sample_id"].to_pylist(), GOLD))
        assert str(priced(everything)) == str(priced(known))


def test_lines_that_nobody_labelled_are_shared_and_not_copied(bare):
    table = failure_table(bare)
    found = relabelled_table(bare, table, {"2-0": GOLD})
    old, new = table.rows["iou"].chunk(0), found.rows["iou"].chunk(0)
    assert old.buffers()[1].address == new.buffers()[1].address
    assert found.rows.schema.metadata is None
    assert relabelled_table(bare, table, {}) is table


def test_a_few_labels_among_many_rows_touch_no_other_row(bare, monkeypatch):
    table = failure_table(bare)
    asked = []
    row = type(bare).row
    monkeypatch.setattr(type(bare), "row", lambda run, name, *more: asked.append(name) or row(run, name, *more))
    found = relabelled_table(bare, table, {"4-1": GOLD, "0-1": GOLD})
    assert asked == ["4-1", "0-1"]
    assert found.rows.filter(pa.compute.field("gold_area") == 32)["sample_id"].to_pylist() == ["0-1", "4-1"]


def test_masks_that_do_not_fit_are_refused_in_a_table_and_can_be_sorted_out_before(bare):
    table = failure_table(bare)
    masks = {"9-9": GOLD, "0-0": GOLD, "0-1": GOLD.T, "\ud83d": GOLD}
    good, problems = usable_masks(table, masks)
    assert list(good) == ["0-0"]
    assert len(problems) == 3
    assert "'9-9', which the run does not have" in problems[0]
    assert "'0-1' is 16 x 12" in problems[1]
    for name in ("9-9", "0-1"):
        with pytest.raises(OptionError, match=name):
            relabelled_table(bare, table, {name: masks[name]})


def test_a_table_is_priced_with_its_own_threshold(bare):
    table = relabelled_table(bare, failure_table(bare, 0.9), {"0-0": GOLD})
    assert isinstance(table, FailureTable)
    assert table.threshold == 0.9
    found = priced(table)
    assert (found.rows, found.unlabelled) == (1, 19)


def test_a_case_is_opened_with_a_mask_in_place_of_the_row_s(bare):
    case = open_case(bare, "0-0", gold=GOLD)
    assert np.array_equal(case.gold, GOLD)
    assert case.row["gold_area"] == 32
    assert case.failure == classify(case.row)
    assert case.failure.type != "unlabelled"
    assert case.grounding.trace[-1] == GIVEN
    assert open_case(bare, "0-0").failure.type == "unlabelled"
    with pytest.raises(OptionError, match="16 x 12"):
        open_case(bare, "0-0", gold=GOLD.T)
