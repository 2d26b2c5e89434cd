"""REFER data sets: listed cheaply, one picture at a time, with several targets or none, and a missing picture harms nobody else."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import published_layouts as layouts
import pytest

from iterprime_xai.data import rle
from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.data.refer import read_refer
from iterprime_xai.data.refer_set import ReferSet
from iterprime_xai.data.sources import open_data
from iterprime_xai.records import ImageInputError, OptionError, StorageError


def test_a_refcoco_of_python_2_is_listed_by_picture_and_read_in_any_order(tmp_path: Path) -> None:
    data = open_data("refcoco:val", root=layouts.refcoco(tmp_path))
    assert data.name == "refcoco:val"
    assert list(data.pictures()) == [
        PictureEntry("7", ("refcoco-1-0", "refcoco-1-1", "refcoco-3-3")),
        PictureEntry("8", ("refcoco-2-2",)),
    ]
    taken = {entry.image_id: data.samples_of(entry) for entry in reversed(data.pictures())}
    first, second, third = taken["7"]
    assert [first.text, second.text, third.text] == ["left dog", "the dog", "cat café"]
    assert first.image == second.image == third.image
    np.testing.assert_array_equal(first.mask, layouts.box(2, 1, 7, 5))
    np.testing.assert_array_equal(third.mask, layouts.box(9, 6, 15, 11))
    assert first.other_categories == ("cat",)
    np.testing.assert_array_equal(first.others[0], third.mask)
    assert third.tags["category"] == "cat"
    assert first.tags["image_id"] == "7"
    assert "targets" not in first.tags


def test_one_picture_at_a_time_equals_the_whole_file(tmp_path: Path) -> None:
    layouts.refcoco(tmp_path)
    data = ReferSet(tmp_path, "refcoco", "unc")
    by_id = {sample.id: sample for entry in data.pictures() for sample in data.samples_of(entry)}
    whole = list(read_refer(tmp_path, "refcoco", "unc"))
    assert len(by_id) == len(whole) == 5
    for sample in whole:
        same = by_id[sample.id]
        assert (same.text, same.image, same.tags) == (sample.text, sample.image, sample.tags)
        np.testing.assert_array_equal(same.mask, sample.mask)


def test_an_entry_cut_down_by_a_limit_gives_what_is_left_of_it(tmp_path: Path) -> None:
    data = open_data("refcoco:val", root=layouts.refcoco(tmp_path))
    assert [each.text for each in data.samples_of(PictureEntry("7", ("refcoco-3-3", "refcoco-1-1")))] == [
        "cat café",
        "the dog",
    ]
    with pytest.raises(StorageError, match="no sample 'refcoco-2-2' of picture '7'"):
        data.samples_of(PictureEntry("7", ("refcoco-2-2",)))


def test_images_that_the_split_does_not_speak_of_are_forgotten(tmp_path: Path) -> None:
    data = ReferSet(layouts.refcoco(tmp_path), "refcoco", "unc", "testA")
    assert set(data.instances.images) == {9}
    assert set(data.instances.annotations) == {90, 91}


def test_the_raw_text_and_the_files_are_part_of_the_description(tmp_path: Path) -> None:
    layouts.refcoco(tmp_path)
    sent, raw = (open_data("refcoco@unc:val", root=tmp_path, text=text) for text in ("sent", "raw"))
    assert raw.samples_of(raw.pictures()[1])[0].text == "DOG"
    assert raw.describe() == sent.describe() | {"text": "raw"}
    before = sent.describe()["digest"]
    path = tmp_path / "refcoco" / "instances.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"dog"', '"hound"'), encoding="utf-8")
    assert open_data("refcoco:val", root=tmp_path).describe()["digest"] != before
    json.dumps(raw.describe())


@pytest.mark.parametrize("file", ["grefs(unc).json", "grefs(unc).p"])
def test_grefcoco_has_several_targets_and_none(tmp_path: Path, file: str) -> None:
    data = open_data("grefcoco:val", root=layouts.grefcoco(tmp_path, file))
    both, horse, cows, cat, *nobody = data.samples_of(data.pictures()[0])
    dog_mask, cat_mask = layouts.box(2, 1, 7, 5), layouts.box(9, 6, 15, 11)
    np.testing.assert_array_equal(both.mask, dog_mask | cat_mask)
    assert (both.tags["targets"], both.tags["category"], both.tags["ann_id"]) == ("2", "dog,cat", "70,71")
    assert both.others == ()
    for none in (horse, cows, *nobody):
        assert none.tags["targets"] == "0"
        assert none.mask.shape == (12, 16)
        assert not none.mask.any()
        assert len(none.others) == 2
    assert cat.tags["targets"] == "1"
    np.testing.assert_array_equal(cat.mask, cat_mask)


def test_refclef_has_lists_of_rle_and_a_picture_that_is_missing(tmp_path: Path) -> None:
    data = open_data("refclef:test", root=layouts.refclef(tmp_path))
    there, missing = data.pictures()
    (sample,) = data.samples_of(there)
    np.testing.assert_array_equal(sample.mask, layouts.box(0, 0, 4, 4) | layouts.box(3, 3, 6, 6))
    with pytest.raises(ImageInputError, match=r"no picture '8\.jpg' in .*saiapr_tc-12 \(did you mean '7\.jpg'"):
        data.samples_of(missing)


def test_pictures_may_lie_elsewhere(tmp_path: Path) -> None:
    layouts.refcoco(tmp_path)
    (tmp_path / "images/mscoco/images/train2014").rename(tmp_path / "coco")
    data = open_data("refcoco:val", root=tmp_path)
    with pytest.raises(ImageInputError, match=r"folder does not exist.*images="):
        data.samples_of(data.pictures()[0])
    data = open_data("refcoco:val", root=tmp_path, images=tmp_path / "coco")
    assert data.samples_of(data.pictures()[0])[0].image.parent == tmp_path / "coco"


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    layouts.refcoco(tmp_path)
    data = open_data("refcoco:val", root=tmp_path)
    layouts.picture(0, (8, 6)).save(data.images / "COCO_train2014_000000000007.jpg")
    with pytest.raises(ImageInputError, match="is 8 x 6, but the annotations are for 16 x 12"):
        data.samples_of(data.pictures()[0])
    assert data.samples_of(data.pictures()[1])


def test_a_broken_polygon_and_a_lost_annotation_harm_their_picture_alone(tmp_path: Path) -> None:
    content = layouts.instances(7, 8, 9)
    content["annotations"][0]["segmentation"] = [[1, 1, 5, 1, float("nan"), 5]]
    refs = [
        layouts.ref(1, 70, 7, "val", layouts.sentences("dog")),
        layouts.ref(2, 80, 8, "val", layouts.sentences("dog", first=1)),
        layouts.ref(3, 999, 9, "val", layouts.sentences("dog", first=2)),
    ]
    layouts.write_refer_layout(tmp_path, "refcoco", refs, content)
    data = open_data("refcoco:val", root=tmp_path)
    broken, fine, lost = data.pictures()
    assert len(data.samples_of(fine)) == 1
    with pytest.raises(StorageError, match=r"annotation 70 cannot be used: .*no number"):
        data.samples_of(broken)
    with pytest.raises(StorageError, match=r"annotation 999, which instances\.json does not have"):
        data.samples_of(lost)


def test_files_that_do_not_belong_together_are_refused_at_once(tmp_path: Path) -> None:
    refs = [layouts.ref(1, 5, 7, "val", layouts.sentences("dog"))]
    layouts.write_refer_layout(tmp_path, "refcoco", refs, layouts.instances(8))
    with pytest.raises(StorageError, match=r"No ref of refcoco fits its instances\.json: Ref 1 .* annotation 5"):
        open_data("refcoco:val", root=tmp_path)


def test_ids_that_come_twice_are_named(tmp_path: Path) -> None:
    refs = [
        layouts.ref(1, 70, 7, "val", layouts.sentences("dog")),
        layouts.ref(1, 71, 7, "val", layouts.sentences("cat")),
    ]
    layouts.write_refer_layout(tmp_path, "refcoco", refs, layouts.instances(7))
    with pytest.raises(StorageError, match="two samples with the id 'refcoco-1-0'"):
        open_data("refcoco:val", root=tmp_path).pictures()


def test_wrong_names_are_answered_with_the_nearest_right_one(tmp_path: Path) -> None:
    layouts.refcoco(tmp_path)
    for spec, error, message in [
        ("refcoco:testa", OptionError, r"no split 'testa' \(did you mean 'testA'"),
        ("refcoco@umc:val", StorageError, r"refs\(umc\)\.p \(did you mean 'unc'"),
        ("refcoco+:val", StorageError, r"did you mean 'refcoco'\?\); data sets in this folder: refcoco"),
        ("refcocoo:val", OptionError, "did you mean 'refcoco'"),
        ("refcoco", OptionError, r"Expected refcoco\[@unc\|@google\]:SPLIT"),
        ("refcoco:", OptionError, "Expected refcoco"),
    ]:
        with pytest.raises(error, match=message):
            open_data(spec, root=tmp_path)
    with pytest.raises(OptionError, match="needs root="):
        open_data("refcoco:val")
    with pytest.raises(StorageError, match="There is no folder"):
        open_data("refcoco:val", root=tmp_path / "gone")
    with pytest.raises(StorageError, match="has no picture 'x'"):
        open_data("refcoco:val", root=tmp_path).samples_of(PictureEntry("x", ()))


def test_scenes_on_disk_are_read_back_as_a_data_set(tmp_path: Path) -> None:
    from iterprime_xai.data.refer import write_refer
    from iterprime_xai.data.scenes import samples

    written = list(samples("val", 5, size=48))
    write_refer(tmp_path, "scenes", "iterprime", iter(written))
    data = open_data(f"refer:{tmp_path}/scenes@iterprime:val")
    found = [sample for entry in data.pictures() for sample in data.samples_of(entry)]
    assert {each.id for each in found} == {each.id for each in written}
    by_id = {each.id: each for each in written}
    for sample in found:
        np.testing.assert_array_equal(sample.mask, by_id[sample.id].mask)
        assert sample.tags["kind"] == by_id[sample.id].tags["kind"]
    for wrong in ("refer:scenes:val", "refer:@a:val", "refer:x/scenes@a"):
        with pytest.raises(OptionError, match="refer:out/scenes@iterprime:val"):
            open_data(wrong)


def test_ten_thousand_expressions_are_listed_without_decoding_a_mask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = range(1, 2001)
    refs = [
        layouts.ref(each, 10 * each, each, "val", layouts.sentences(*["dog"] * 5, first=5 * each)) for each in numbers
    ]
    folder = tmp_path / "refcoco"
    folder.mkdir()
    (folder / "refs(unc).p").write_bytes(layouts.python_2_pickle(refs))
    (folder / "instances.json").write_text(json.dumps(layouts.instances(*numbers)), encoding="utf-8")
    monkeypatch.setattr(rle, "segmentation", None)
    start = time.perf_counter()
    entries = open_data("refcoco:val", root=tmp_path).pictures()
    assert sum(len(entry.sample_ids) for entry in entries) == 10_000
    assert time.perf_counter() - start < 5
