"""PhraseCut in the layout of its release: regions are unions, filled as the released evaluation fills them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import published_layouts as layouts
import pytest

from iterprime_xai.data.sources import open_data
from iterprime_xai.records import ImageInputError, OptionError, StorageError


@pytest.mark.parametrize("sizes", ["image_data_split.json", "image_data_split3000.json", None])
def test_regions_are_the_union_of_overlapping_instances_and_holes_are_filled(tmp_path: Path, sizes: str | None) -> None:
    data = open_data("phrasecut:val", root=layouts.phrasecut(tmp_path, sizes))
    seven, eight = data.pictures()
    assert (seven.image_id, seven.sample_ids) == ("7", ("7__1", "7__2", "7__3"))
    dogs, ring, one = data.samples_of(seven)
    np.testing.assert_array_equal(dogs.mask, layouts.box(1, 1, 7, 7) | layouts.box(4, 4, 10, 10))  # edges belong to it
    np.testing.assert_array_equal(ring.mask, layouts.box(10, 1, 16, 7))
    np.testing.assert_array_equal(one.mask, layouts.box(1, 1, 7, 7))
    (cat,) = data.samples_of(eight)
    np.testing.assert_array_equal(cat.mask, layouts.box(2, 2, 6, 6))  # cut to whole pixels; a single point is nothing


def test_tags_tell_targets_kind_and_category_and_others_share_no_instance(tmp_path: Path) -> None:
    data = open_data("phrasecut:val", root=layouts.phrasecut(tmp_path))
    dogs, ring, _ = data.samples_of(data.pictures()[0])
    assert dogs.tags == {
        "split": "val",
        "domain": "phrasecut",
        "category": "dogs",
        "kind": "attribute",
        "targets": "2",
        "attributes": "brown",
        "image_id": "7",
    }
    assert dogs.other_categories == ("ring",)  # "dogs" speaks of one of the same dogs
    np.testing.assert_array_equal(dogs.others[0], ring.mask)
    assert ring.other_categories == ("dogs", "dogs")


def test_the_whole_validation_set_is_val_and_miniv(tmp_path: Path) -> None:
    layouts.phrasecut(tmp_path)
    data = open_data("phrasecut:val_miniv", root=tmp_path)
    assert [entry.image_id for entry in data.pictures()] == ["7", "8", "9"]
    assert data.samples_of(data.pictures()[2])[0].tags["split"] == "miniv"
    assert data.describe()["digest"] != open_data("phrasecut:val", root=tmp_path).describe()["digest"]


def test_what_is_wrong_is_said_with_the_nearest_right_name(tmp_path: Path) -> None:
    layouts.phrasecut(tmp_path)
    for split, error, message in [
        ("mini", OptionError, "did you mean 'miniv'"),
        ("val_val", OptionError, "several joined by '_'"),
        ("test", StorageError, "refer_test.json; here are refer_miniv.json, refer_val.json"),
    ]:
        with pytest.raises(error, match=message):
            open_data(f"phrasecut:{split}", root=tmp_path)
    with pytest.raises(StorageError, match="no PhraseCut in"):
        open_data("phrasecut:val", root=tmp_path / "VGPhraseCut_v0" / "images")
    with pytest.raises(OptionError, match="one wording only"):
        open_data("phrasecut:val", root=tmp_path, text="raw")


def test_a_broken_polygon_or_a_missing_picture_harms_its_picture_alone(tmp_path: Path) -> None:
    layouts.phrasecut(tmp_path)
    folder = tmp_path / "VGPhraseCut_v0"
    tasks = json.loads((folder / "refer_val.json").read_text(encoding="utf-8"))
    tasks[0]["Polygons"] = [[[1, 2, 3, 4]]]
    (folder / "refer_val.json").write_text(json.dumps(tasks), encoding="utf-8")
    data = open_data("phrasecut:val", root=tmp_path)
    with pytest.raises(StorageError, match="polygons of task 7__1 cannot be used"):
        data.samples_of(data.pictures()[0])
    assert data.samples_of(data.pictures()[1])
    (folder / "images" / "8.jpg").unlink()
    with pytest.raises(ImageInputError, match=r"no picture '8\.jpg'"):
        data.samples_of(data.pictures()[1])


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "not JSON"), ("[]", "holds no expressions"), ('[{"task_id": 1}]', "list of tasks, each with Polygons"),
     ('[{"task_id": 1, "image_id": "../x", "phrase": "a", "Polygons": []}]', "names an image '../x'"),
     ('[{"task_id": 1, "image_id": 7, "phrase": "a", "Polygons": [], "ann_ids": 5}]', "ann_ids of task 1 should be a list")],
)  # fmt: skip
def test_malformed_files_are_one_sentence(tmp_path: Path, content: str, message: str) -> None:
    layouts.phrasecut(tmp_path)
    (tmp_path / "VGPhraseCut_v0" / "refer_val.json").write_text(content, encoding="utf-8")
    with pytest.raises(StorageError, match=message):
        open_data("phrasecut:val", root=tmp_path).pictures()
