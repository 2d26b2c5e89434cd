"""Two runs phrase by phrase, on failure tables made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from iterprime_xai.evaluation.failures.two_runs import (
    RightWrong,
    Turn,
    by_tag,
    by_word,
    counted,
    farthest,
    turns,
    two_runs,
)
from iterprime_xai.records.errors import OptionError


def lines(*phrases: tuple[str, str, float | None, str, str], threshold: float = 0.5) -> SimpleNamespace:
    """Phrases as (id, type, IoU, kind, words with blanks), two of them a picture."""
    rows = pa.table(
        {
            "sample_id": [each[0] for each in phrases],
            "image_id": [each[0][:1] for each in phrases],
            "text": [each[4] for each in phrases],
            "type": [each[1] for each in phrases],
            "iou": pa.array([each[2] for each in phrases], pa.float64()),
            "tags": pa.array([[("kind", each[3])] for each in phrases], pa.map_(pa.string(), pa.string())),
            "words": pa.array([each[4].split() for each in phrases], pa.list_(pa.string())),
        }
    )
    return SimpleNamespace(rows=rows, threshold=threshold)


@pytest.fixture
def pair():
    mine = lines(
        ("a1", "right", 0.9, "place", "left dog"),
        ("a2", "right", 0.8, "place", "dog"),
        ("b1", "scattered", 0.0, "colour", "red dog"),
        ("b2", "right", 0.6, "colour", "red cat"),
        ("c1", "part_only", 0.3, "colour", "cat"),
        ("c2", "unlabelled", None, "colour", "cat"),
        ("d1", "right", 1.0, "place", "cat"),
    )
    # In another order, without d1.
    theirs = lines(
        ("c1", "part_only", 0.3, "colour", "cat"),
        ("b2", "scattered", 0.1, "colour", "red cat"),
        ("b1", "right", 0.7, "colour", "red dog"),
        ("a2", "scattered", 0.0, "place", "dog"),
        ("a1", "right", 0.9, "place", "left dog"),
        ("c2", "unlabelled", None, "colour", "cat"),
    )
    return two_runs(mine, theirs, "one", "other")


def test_phrases_are_lined_up_by_their_ids_and_those_without_gold_are_left_out(pair):
    assert pair.rows["sample_id"].to_pylist() == pair.others["sample_id"].to_pylist() == ["a1", "a2", "b1", "b2", "c1"]
    assert pair.ious[1].tolist() == [0.9, 0.0, 0.7, 0.1, 0.3]


def test_right_and_wrong_are_counted_two_by_two(pair):
    found = counted(pair)
    assert found == RightWrong(both=1, gained=2, lost=1, neither=1)
    assert found.count == 5
    assert found.chance == 1.0
    assert RightWrong(10, 5, 0, 3).chance == 2 / 32
    assert counted(pair, np.array([2, 3])) == RightWrong(0, 1, 1, 0)


def test_a_turn_has_the_type_of_the_run_that_fails(pair):
    assert turns(pair) == [Turn("scattered", gained=2, lost=1)]


def test_tags_come_with_their_paired_difference_the_best_first(pair):
    place, colour = by_tag(pair, "kind")
    assert (place.name, place.counts.count, colour.name, colour.counts.count) == ("place", 2, "colour", 3)
    assert place.difference.mean == pytest.approx(0.4)
    assert place.iou - place.against_iou == pytest.approx(0.4)
    assert colour.difference.mean == pytest.approx((-0.7 + 0.5 + 0.0) / 3)
    assert [each.name for each in by_tag(pair, "kind", most=1)] == ["colour"]
    with pytest.raises(OptionError, match=r"No phrase has a tag 'kin'\. There are: kind"):
        by_tag(pair, "kin")


def test_words_are_those_that_occur_often_enough_and_the_surest_come_first(pair):
    found = by_word(pair, at_least=2)
    assert {each.name for each in found.rows} == {"dog", "red", "cat"}
    assert found.words == 3
    assert found.clear == sum(each.clear for each in found.rows)
    assert len(by_word(pair, at_least=2, most=1).rows) == 1
    assert by_word(pair, at_least=9).rows == ()


def test_the_surest_word_is_not_the_one_with_the_largest_mean():
    sure = [(f"{letter}{n}", "right", 0.9, "", "sure") for letter in "abcdef" for n in (1, 2)]
    wild = [(f"{letter}{n}", "right", 0.9, "", "wild") for letter in "ghijkl" for n in (1, 2)]
    theirs = [(name, kind, 0.8, tag, words) for name, kind, _, tag, words in sure]
    theirs += [
        (name, kind, iou, tag, words)
        for (name, kind, _, tag, words), iou in zip(wild, [0.0, 0.0, *[0.95] * 10], strict=True)
    ]
    first, second = by_word(two_runs(lines(*sure, *wild), lines(*theirs), "a", "b"), at_least=2).rows
    assert (first.name, first.clear, second.name, second.clear) == ("sure", True, "wild", False)
    assert second.difference.mean > first.difference.mean
    few = two_runs(lines(*sure[:10]), lines(*theirs[:10]), "a", "b")
    (five,) = by_word(few, at_least=2).rows
    assert (five.pictures, five.difference.low > 0, five.clear) == (5, True, False)


def test_the_farthest_phrases_are_those_that_only_one_gets_right_each_picture_once(pair):
    ahead, behind = farthest(pair)
    assert [each.sample_id for each in ahead] == ["a2", "b2"]
    assert [(each.sample_id, each.iou, each.against_iou) for each in behind] == [("b1", 0.0, 0.7)]
    many = lines(*((name, "right", iou, "", "x") for name, iou in (("a1", 0.9), ("a2", 0.8), ("b1", 0.7))))
    none = lines(*((name, "scattered", 0.0, "", "x") for name in ("a1", "a2", "b1")))
    assert [each.sample_id for each in farthest(two_runs(many, none, "a", "b"), 2)[0]] == ["a1", "b1"]


def test_what_cannot_be_compared_is_refused(pair):
    one, other = lines(("a1", "right", 0.9, "", "x")), lines(("z1", "right", 0.9, "", "x"))
    with pytest.raises(OptionError, match="no phrase with a gold mask in common"):
        two_runs(one, other, "one", "other")
    with pytest.raises(OptionError, match=r"one threshold, but one was by 0\.5 and other by 0\.7"):
        two_runs(one, lines(("a1", "right", 0.9, "", "x"), threshold=0.7), "one", "other")
