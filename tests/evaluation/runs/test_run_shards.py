"""Whole pictures, always cut in the same way."""

from __future__ import annotations

import pytest
from run_stand_ins import ToySet

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.evaluation.runs.shards import asked_pictures, cut, digest, usual_size
from iterprime_xai.records import OptionError


def entries(*counts):
    return [PictureEntry(f"p{n}", tuple(f"p{n}-{k}" for k in range(count))) for n, count in enumerate(counts)]


def test_a_shard_is_closed_by_the_picture_that_fills_it():
    shards = list(cut(asked_pictures(entries(2, 3, 1, 1, 4)), 3))
    assert [[each.entry.image_id for each in shard.pictures] for shard in shards] == [["p0", "p1"], ["p2", "p3", "p4"]]
    assert [(shard.number, shard.first, shard.samples) for shard in shards] == [(0, 0, 5), (1, 5, 6)]


def test_a_limit_cuts_inside_a_picture_and_its_entry_stays_whole():
    asked = asked_pictures(entries(2, 3, 1), 4)
    assert [each.sample_ids for each in asked] == [("p0-0", "p0-1"), ("p1-0", "p1-1")]
    assert asked[1].entry.sample_ids == ("p1-0", "p1-1", "p1-2")
    assert len(asked_pictures(entries(2, 3), 99)) == 2


def test_pictures_without_samples_are_left_out():
    assert [each.entry.image_id for each in asked_pictures(entries(0, 1, 0, 2))] == ["p1", "p3"]


@pytest.mark.parametrize("limit", [0, -1, True, 1.5])
def test_a_limit_below_one_is_refused(limit):
    with pytest.raises(OptionError, match="limit"):
        asked_pictures(entries(1), limit)


def test_ids_that_come_twice_and_empty_sets_are_refused():
    with pytest.raises(OptionError, match="'p0' comes twice"):
        asked_pictures(entries(1) + entries(1))
    with pytest.raises(OptionError, match="'x' comes twice"):
        asked_pictures([PictureEntry("a", ("x",)), PictureEntry("b", ("x",))])
    with pytest.raises(OptionError, match="no sample"):
        asked_pictures(entries(0))


def test_the_usual_size_gives_about_400_parts_within_bounds():
    assert [usual_size(count) for count in (1, 6400, 10_000, 100_000, 10_000_000)] == [16, 16, 25, 250, 256]


def test_the_digest_changes_with_any_id_and_with_the_order():
    whole = asked_pictures(ToySet(3).pictures())
    assert digest(whole) == digest(asked_pictures(ToySet(3).pictures()))
    assert (
        len({digest(whole), digest(whole[::-1]), digest(whole[:2]), digest(asked_pictures(ToySet(3, 3).pictures()))})
        == 4
    )
