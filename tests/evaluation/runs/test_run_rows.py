"""What a row holds, by hand, for a picture of 12 x 16 pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from run_stand_ins import HEIGHT, WIDTH, ToySet, ToySystem, rectangle

from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.evaluation.runs.order import Order
from iterprime_xai.evaluation.runs.row import CodedProposals
from iterprime_xai.evaluation.runs.shards import asked_pictures
from iterprime_xai.evaluation.runs.work import Worker
from iterprime_xai.records import Proposals
from iterprime_xai.records.characters import check_characters


def rows(data=None, system=None, picture=0, **options):
    worker = Worker(Order(system or ToySystem(), data or ToySet(), threads=None, **options))
    return worker.rows(asked_pictures(worker.data.pictures())[picture])


def test_the_answer_is_measured_in_pixels():
    found = {row["chosen_index"]: row for number in range(4) for row in rows(picture=number)}
    right, wrong = found[0], found[1]
    # gold 4 x 8, proposal 0 is 4 x 6 of it; proposal 1 lies elsewhere, 4 x 8
    assert (right["intersection"], right["union"], right["iou"], right["giou"]) == (24, 32, 0.75, 0.75)
    assert (wrong["intersection"], wrong["union"], wrong["iou"]) == (0, 64, 0.0)
    assert right["box"] == [2, 2, 6, 8]
    assert right["chosen_area"] == 24
    assert not right["abstained"]
    for row in (right, wrong):
        assert (row["gold_area"], row["no_target"]) == (32, False)
        assert (row["best_index"], row["best_iou"]) == (0, 0.75)
        assert row["proposal_count"] == 3
        assert (row["height"], row["width"]) == (HEIGHT, WIDTH)


def test_every_proposal_has_its_rank_and_every_term():
    (first, *_) = rows()
    items = first["proposals"]
    assert [each["index"] for each in items] == [0, 1, 2]
    assert [each["iou"] for each in items] == [0.75, 0.0, 32 / 192]
    assert [each["area"] for each in items] == [24, 32, 192]
    assert items[0]["proposer_score"] == pytest.approx(0.9)
    ranked = {each["rank"]: each for each in items}
    assert set(ranked) == {0, 1, None}
    assert ranked[0]["terms"] == {"heat": 0.5, "prior": 2.0}
    assert ranked[0]["index"] == first["chosen_index"]
    assert (ranked[1]["score"], ranked[None]["score"], ranked[None]["terms"]) == (0.75, None, {})
    assert all(each["mask"] is None for each in items)


def test_language_is_kept_with_its_spans():
    (first, *_) = rows()
    assert first["text"] == "left thing 0"
    assert first["primary"] == {"text": "0", "start": 11, "end": 12}
    assert [each["text"] for each in first["context"]] == ["left", "thing"]
    assert first["cues"] == [
        {"text": "left", "start": 0, "end": 4, "kind": "absolute", "direction": "left", "context": None}
    ]
    assert (first["parser"], first["parser_confidence"], first["category"]) == ("stand-in", 0.5, "thing")


def test_only_full_detail_keeps_maps_of_passes_and_masks_of_proposals():
    (light, *_), (full, *_) = rows(), rows(detail="full")
    assert light["passes"][0]["map"] is light["passes"][0]["words"] is light["others"][0]["mask"] is None
    look = full["passes"][0]
    assert [each["text"] for each in look["words"]] == ["left", "thing", "0"]
    assert 0 < look["words"][2]["map"]["scale"] < 1e-9
    assert look["stopped"] == "one look"
    assert full["others"][0] == light["others"][0] | {"mask": full["others"][0]["mask"]}
    assert light["others"][0]["box"] == [10, 2, 14, 10]
    assert all(each["mask"] is not None for each in full["proposals"])
    assert light["heatmap"] == full["heatmap"]


def test_a_right_no_target_counts_one_and_a_wrong_one_zero():
    data = ToySet(1, 1, empty=[0])
    (answered,) = rows(data)
    assert (answered["no_target"], answered["iou"], answered["giou"], answered["union"]) == (
        True,
        0.0,
        0.0,
        answered["chosen_area"],
    )
    assert answered.get("peak_in_mask") is None
    (silent,) = rows(data, ToySystem(abstain_below=2.0), answer="may_abstain")
    assert (silent["abstained"], silent["iou"], silent["giou"], silent["union"]) == (True, 0.0, 1.0, 0)
    assert silent["chosen"] is None


def test_where_the_peak_fell_is_named():
    for row in [row for number in range(6) for row in rows(picture=number)]:
        x, y = row["peak"]
        inside, other = rectangle(2, 2, 6, 10)[y, x], rectangle(10, 2, 14, 10)[y, x]
        assert row["peak_in_mask"] == inside
        assert row["landed"] == ("target" if inside else "other thing" if other else "background")


def test_a_sample_without_gold_is_not_measured():
    (row, _) = rows(ToySet(missing=[0]))
    for name in ("iou", "giou", "intersection", "union", "gold_area", "no_target", "best_iou", "landed"):
        assert row.get(name) is None
    assert row["chosen_area"] > 0


def test_a_bad_phrase_is_an_error_row_and_its_neighbour_is_not():
    bad, good = rows(ToySet(bad=[0]))
    assert bad["error"]["kind"] == "iterprime_xai.records.errors.PhraseError"
    assert bad["error"]["message"] == "That is a bad phrase."
    assert bad["error"]["trace"][-1].startswith("run_stand_ins.py:")
    assert (bad["iou"], bad["intersection"], bad["union"], bad["gold_area"]) == (0.0, 0, 32, 32)
    assert "error" not in good
    assert good["iou"] == rows()[1]["iou"]


def test_half_a_character_is_an_error_row_that_a_file_can_hold(tmp_path):
    class Halved(ToySet):
        def samples_of(self, entry):
            return [
                replace(each, text="a \ud800 thing", tags={"k\udfff": each.id}) for each in super().samples_of(entry)
            ]

    class Reads(ToySystem):
        def segment_many(self, image, texts, **options):
            for text in texts:
                check_characters(text)
            return super().segment_many(image, texts, **options)

    run = evaluate(Reads(), Halved(2, 1), tmp_path / "run", threads=None, progress=False)
    for row in run:
        assert row["text"] == r"a \ud800 thing"
        assert row["error"]["kind"].endswith("PhraseError")
        assert set(row["tags"]) >= {r"k\udfff"}


def test_a_picture_that_cannot_be_read_gives_an_error_row_a_sample():
    first, second = rows(ToySet(broken=[0]))
    assert [first["sample_id"], second["sample_id"]] == ["0-0", "0-1"]
    assert first["error"]["kind"].endswith("StorageError")
    assert first["iou"] == 0.0


def test_masks_of_another_size_are_an_error_row():
    class Turned(ToySet):
        def samples_of(self, entry):
            found = super().samples_of(entry)
            object.__setattr__(found[0], "mask", np.ones((WIDTH, HEIGHT), bool))
            return found

    bad, good = rows(Turned())
    assert "16 x 12, but its upright picture is 12 x 16" in bad["error"]["message"]
    assert "error" not in good


def test_gold_proposals_come_from_the_sample_and_hold_no_empty_mask():
    (row, _) = rows(proposals="gold")
    assert row["proposal_source"] == "gold"
    assert (row["best_iou"], row["proposal_count"]) == (1.0, 2)
    (row, _) = rows(ToySet(empty=[0]), proposals="gold")
    assert row["proposal_count"] == 1
    (row, _) = rows(ToySet(missing=[0]), proposals="gold")
    assert row["error"]["kind"].endswith("ProposalError")


def test_a_proposer_is_asked_once_a_picture():
    class Counting:
        name, asked = "counting", 0

        def describe(self):
            return {"proposer": "counting"}

        def propose(self, image):
            self.asked += 1
            return Proposals(rectangle(0, 0, 4, 4)[None], np.ones(1, np.float32), "counted")

    proposer = Counting()
    found = rows(proposals=proposer)
    assert proposer.asked == 1
    assert {row["proposal_source"] for row in found} == {"counted"}


def test_overlaps_equal_those_of_the_pixels():
    random = np.random.default_rng(3)
    masks = random.random((5, HEIGHT, WIDTH)) > 0.6
    masks[2] = False
    gold = random.random((HEIGHT, WIDTH)) > 0.5
    from iterprime_xai.evaluation.runs.coding import write_mask

    coded = CodedProposals(Proposals(masks, np.ones(5, np.float32), "random"))
    expected = [(mask & gold).sum() / (mask | gold).sum() for mask in masks]
    assert coded.overlaps(write_mask(gold)) == pytest.approx(expected, abs=1e-12)
    assert coded.overlaps(write_mask(np.zeros_like(gold))) == [0.0] * 5
