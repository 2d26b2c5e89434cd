"""Gold masks that people give are on the disk at once, the newest holds, and what cannot be one is refused or named."""

from __future__ import annotations

import errno
import json
import os

import numpy as np
import pytest

from iterprime_xai.data import rle
from iterprime_xai.evaluation.annotations.labels import Label, Labels, box_mask
from iterprime_xai.evaluation.annotations.notes import Notes
from iterprime_xai.records import OptionError, StorageError


def mask_of(left, top, right, bottom, height=4, width=6):
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = True
    return mask


ONE, TWO = mask_of(0, 0, 2, 2), mask_of(3, 1, 6, 4)


def line(sample="a", at="2026-01-01T00:00:00.000000+00:00", author="ann", how="proposal 1", run_key="key", **more):
    values = {"sample_id": sample, "at": at, "author": author, "run_key": run_key, "how": how, "mask": rle.encode(ONE)}
    return (json.dumps(values | more) + "\n").encode()


def put(folder, name, content):
    (folder / "labels").mkdir(exist_ok=True)
    (folder / "labels" / name).write_bytes(content)


def test_a_label_is_one_line_that_says_all_of_it_and_is_found_again(tmp_path):
    labels = Labels(tmp_path, "key", "Ann Lee")
    assert not list(tmp_path.iterdir())  # reading makes nothing
    made = labels.write("val/3", TWO, "box [3, 1, 6, 4]")
    code = {"size": [4, 6], "counts": rle.encode(TWO)["counts"]}
    assert made == Label("val/3", made.at, "Ann Lee", "key", "box [3, 1, 6, 4]", code)
    (path,) = labels.folder.iterdir()
    assert (labels.folder.name, path.name.startswith("ann-lee-")) == ("labels", True)
    assert json.loads(path.read_text("utf-8")) == {
        "sample_id": "val/3", "at": made.at, "author": "Ann Lee", "run_key": "key",
        "how": "box [3, 1, 6, 4]", "mask": code,
    }  # fmt: skip
    for each in (labels, Labels(tmp_path, "key", "Bob")):
        assert each.of("val/3") == made
        assert each.all() == [made]
        assert np.array_equal(each.of("val/3").pixels, TWO)
        assert each.of("val/4") is None
        assert each.problems == ()


def test_the_newest_label_holds_whoever_gave_it_and_a_dispute_is_named(tmp_path):
    ann, bob = Labels(tmp_path, "key", "ann"), Labels(tmp_path, "key", "bob")
    ann.write("a", ONE, "proposal 0")
    ann.write("b", ONE, "proposal 0")
    bob.write("a", TWO, "proposal 1")
    bob.write("b", ONE, "box [0, 0, 2, 2]")  # the same mask by another way is no dispute
    assert ann.of("a").author == "ann"  # not read yet
    assert ann.refresh() == 2
    assert (ann.of("a").author, ann.of("b").author) == ("bob", "bob")
    assert ann.disputed == ("a",)
    assert ann.problems == ("Authors gave different masks to 1 samples (a); of each the newest holds.",)
    ann.write("a", ONE, "proposal 0")
    bob.refresh()
    for each in (ann, bob, Labels(tmp_path, "key")):
        assert np.array_equal(each.masks()["a"], ONE)
        assert [(label.sample_id, label.author) for label in each.all()] == [("b", "bob"), ("a", "ann")]


def test_two_writers_with_one_name_have_a_file_each_and_are_one_author(tmp_path):
    one, two = Labels(tmp_path, "key", "ann"), Labels(tmp_path, "key", "ann")
    one.write("a", ONE, "proposal 0")
    two.write("a", TWO, "proposal 1")
    assert len(list(one.folder.iterdir())) == 2
    one.refresh()
    assert one.of("a") == two.of("a") == Labels(tmp_path, "key").of("a")
    assert one.of("a").how == "proposal 1"
    assert one.disputed == ()


def test_taking_back_takes_ones_own_label_away_and_the_others_newest_holds_again(tmp_path):
    ann, bob = Labels(tmp_path, "key", "ann"), Labels(tmp_path, "key", "bob")
    bob.write("a", TWO, "proposal 1")
    ann.write("a", ONE, "proposal 0")
    taken = ann.take_back("a")
    assert (taken.how, taken.mask, taken.pixels) == ("taken back", None, None)
    assert ann.of("a").author == "bob"
    assert ann.disputed == ()
    bob.take_back("a")
    ann.refresh()
    for each in (ann, bob, Labels(tmp_path, "key")):
        assert each.of("a") is None
        assert (each.all(), each.masks()) == ([], {})
    ann.write("a", ONE, "proposal 0")
    assert ann.of("a").how == "proposal 0"


def test_what_is_not_ones_own_cannot_be_taken_back(tmp_path):
    ann, bob = Labels(tmp_path, "key", "ann"), Labels(tmp_path, "key", "bob")
    with pytest.raises(OptionError, match=r"ann has no label on sample 'a' to take back\. Only"):
        ann.take_back("a")
    assert not list(tmp_path.iterdir())
    bob.write("a", ONE, "proposal 0")
    with pytest.raises(OptionError, match="the one that holds is bob's"):
        ann.take_back("a")
    assert Labels(tmp_path, "key").of("a").author == "bob"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", ONE.astype(np.uint8), "proposal 0"), "sample 'a' must be a bool array .* but got uint8"),
        (("a", ONE[None], "proposal 0"), "must be a bool array"),
        (("a", None, "proposal 0"), "got NoneType"),
        (("a", np.zeros((4, 6), bool), "proposal 0"), "is empty"),
        (("a", np.zeros((0, 6), bool), "proposal 0"), "is empty"),
        (("", ONE, "proposal 0"), "by its id"),
        ((3, ONE, "proposal 0"), "by its id"),
        (("a", ONE, ""), "where the mask comes from"),
        (("a", ONE, 3), "where the mask comes from"),
        (("a", ONE, "x" * 201), "where the mask comes from"),
        (("a", ONE, "taken back"), "where the mask comes from"),
    ],
)
def test_a_label_that_cannot_be_kept_is_refused_and_nothing_is_written(tmp_path, arguments, message):
    with pytest.raises(OptionError, match=message):
        Labels(tmp_path, "key", "ann").write(*arguments)
    assert not list(tmp_path.iterdir())


def test_lines_that_are_no_labels_are_named_and_the_rest_is_read(tmp_path):
    empty = rle.encode(np.zeros((4, 6), bool))
    bad = [
        b"not json\n",
        line(how=7),
        line(at="yesterday"),
        line(mask=empty),
        line(mask={"size": [4, 7], "counts": empty["counts"]}),
        line(mask={"size": [4, 6]}),
        line(mask={"size": [float("inf"), 6], "counts": "x"}),
        line(mask=[1, 2]),
        line().replace(b'"mask"', b'"shape"'),
    ]
    put(tmp_path, "x.jsonl", line("before") + b"".join(bad) + line("after", added_by_a_newer_program=1))
    labels = Labels(tmp_path, "key")
    assert [each.sample_id for each in labels.all()] == ["after", "before"]  # of one time: by their ids
    (problem,) = labels.problems
    assert f"{len(bad)} lines are no labels and are left out (line 2, 3, 4, 5, 6, ...; the first: JSON" in problem


def test_labels_about_another_run_hold_and_are_named(tmp_path):
    put(tmp_path, "x.jsonl", line(run_key="old") + line("b"))
    labels = Labels(tmp_path, "key")
    assert len(labels.all()) == 2
    assert labels.problems == ("1 labels were written about another run than key: its pictures may differ.",)


def test_a_label_that_did_not_reach_the_disk_is_not_there(tmp_path, monkeypatch):
    labels = Labels(tmp_path, "key", "ann")
    labels.write("a", ONE, "proposal 0")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match=r"The label was not saved.*No space left"):
            labels.write("a", TWO, "proposal 1")
        with pytest.raises(StorageError, match="The label was not saved"):
            labels.take_back("a")
    assert labels.of("a").how == Labels(tmp_path, "key").of("a").how == "proposal 0"


def test_labels_and_notes_of_one_run_lie_side_by_side(tmp_path):
    Notes(tmp_path, "key", "ann").write("a", "text")
    Labels(tmp_path, "key", "ann").write("a", ONE, "proposal 0")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["labels", "notes"]
    assert (len(Notes(tmp_path, "key").all()), len(Labels(tmp_path, "key").all())) == (1, 1)


@pytest.mark.parametrize(
    ("box", "covered"),
    [
        ([1, 1, 3, 4], (1, 1, 3, 4)),
        ([3, 4, 1, 1], (1, 1, 3, 4)),  # drawn from the lower right corner
        ([-5, -5, 2, 2], (0, 0, 2, 2)),
        ([0.4, 0.6, 2.4, 2.6], (0, 1, 2, 3)),
        ([4, 2, 100, 100], (4, 2, 6, 4)),
    ],
)
def test_a_box_covers_its_pixels_of_the_picture(box, covered):
    assert np.array_equal(box_mask(box, 4, 6), mask_of(*covered))


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([1, 1, 1.2, 3], "covers no pixel"),
        ([7, 0, 9, 4], "covers no pixel"),
        ([1, 2, 3], "left, top, right, bottom"),
        ([0, 0, float("nan"), 2], "left, top, right, bottom"),
    ],
)
def test_a_box_without_a_pixel_is_refused(box, message):
    with pytest.raises(OptionError, match=message):
        box_mask(box, 4, 6)
