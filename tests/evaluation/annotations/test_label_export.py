"""Labels leave as a data set that opens again, with the same pictures, phrases and masks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from run_stand_ins import ToySet, ToySystem, rectangle

import iterprime_xai as ix
from iterprime_xai.data.sources import open_data
from iterprime_xai.evaluation.annotations.label_export import export
from iterprime_xai.evaluation.annotations.labels import Labels
from iterprime_xai.evaluation.failures import failure_table, relabelled_table
from iterprime_xai.records import OptionError, StorageError

DOG, CAT = rectangle(2, 2, 6, 10), rectangle(10, 2, 14, 10)


@pytest.fixture
def run(tmp_path):
    """Three phrases about two pictures of one's own, without masks."""
    folder = tmp_path / "pictures"
    (folder / "zoo").mkdir(parents=True)
    for name, shade in (("a.png", 10), ("zoo/b.png", 200)):
        Image.new("RGB", (16, 12), (shade, 0, 0)).save(folder / name)
    lines = ["image,phrase,id,kind", "a.png,the dog é,one,plain", "a.png,left cat,,place", "zoo/b.png,the owl,three,"]
    (folder / "phrases.csv").write_text("\n".join(lines), encoding="utf-8")
    return ix.evaluate(ToySystem(), f"folder:{folder}", tmp_path / "run", detail="full")


@pytest.fixture
def labels(run):
    return Labels(run.path, run.key, "ann")


def test_what_is_written_opens_as_a_data_set_with_the_masks_and_only_labelled_phrases(run, labels, tmp_path):
    labels.write("three", CAT, "proposal 1")
    labels.write("one", CAT, "proposal 1")
    labels.write("a.png-1", DOG, "proposal 0")
    labels.write("one", DOG, "box [2, 2, 6, 10]")
    labels.take_back("three")
    Labels(run.path, run.key, "bob").write("three", DOG, "proposal 0")  # read by the export itself
    path = export(run, labels, tmp_path / "pictures" / "labelled.jsonl")
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [each["id"] for each in told] == ["a.png-1", "one", "three"]  # the oldest first
    assert told[1] == {
        "image": "a.png", "phrase": "the dog é", "mask": dict(labels.of("one").mask), "id": "one", "kind": "plain",
    }  # fmt: skip
    data = open_data(f"jsonl:{path}")
    found = {each.id: each for entry in data.pictures() for each in data.samples_of(entry)}
    assert {name: each.text for name, each in found.items()} == {
        "a.png-1": "left cat", "one": "the dog é", "three": "the owl",
    }  # fmt: skip
    assert all(np.array_equal(each.mask, DOG) for each in found.values())


def test_a_run_on_what_was_written_has_the_table_that_the_labels_give(run, labels, tmp_path):
    for name in ("one", "three"):
        labels.write(name, DOG, "box [2, 2, 6, 10]")
    path = export(run, labels, tmp_path / "out" / "some.jsonl", images=tmp_path / "pictures")
    images = {"images": str(tmp_path / "pictures")}
    again = ix.evaluate(ToySystem(), f"jsonl:{path}", tmp_path / "again", detail="full", data_options=images)
    columns = ["text", "type", "iou", "best_iou", "gain", "gold_area", "intersection", "union"]
    given = relabelled_table(run, failure_table(run), labels.masks()).rows
    wanted = [each for each in given.select(["sample_id", *columns]).to_pylist() if each["sample_id"] != "a.png-1"]
    assert failure_table(again).rows.select(["sample_id", *columns]).to_pylist() == wanted


def test_pictures_outside_the_folder_another_ending_and_no_labels_are_refused(run, labels, tmp_path):
    with pytest.raises(OptionError, match="There are no labels"):
        export(run, labels, tmp_path / "x.jsonl")
    labels.write("one", DOG, "proposal 0")
    with pytest.raises(OptionError, match=r"a\.png is not inside .*images="):
        export(run, labels, tmp_path / "elsewhere" / "x.jsonl")
    with pytest.raises(OptionError, match=r"as a \.jsonl file, but got 'x\.csv'"):
        export(run, labels, tmp_path / "x.csv")
    labels.write("two", DOG, "proposal 0")
    with pytest.raises(OptionError, match="'two', which the run does not have"):
        export(run, labels, tmp_path / "x.jsonl")
    assert not list(tmp_path.rglob("x.*"))


def test_pictures_from_memory_are_in_no_file(tmp_path):
    data = ToySet(1, missing=[0])
    ix.evaluate(ToySystem(), data, tmp_path / "run")
    run = ix.read_run(tmp_path / "run", data)
    labels = Labels(run.path, run.key, "ann")
    labels.write("0-0", DOG, "proposal 0")
    with pytest.raises(StorageError, match="from memory"):
        export(run, labels, tmp_path / "x.jsonl")
