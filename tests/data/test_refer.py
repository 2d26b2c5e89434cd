"""Samples survive the REFER layout, and files from others are joined as the layout means it."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from iterprime_xai.data.refer import image_folder, read_refer, write_refer
from iterprime_xai.records import OptionError, Sample, StorageError

HEIGHT, WIDTH = 12, 16


def _mask(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


DOG, CAT, RING = _mask(1, 2, 5, 7), _mask(6, 9, 11, 15), _mask(0, 0, 8, 8) & ~_mask(2, 2, 6, 6)


def _picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))


def _samples() -> list[Sample]:
    tags = {
        "split": "val",
        "kind": "position",
        "domain": "scenes",
        "primary": "dog",
        "context": "",
        "image_id": "val-0-1",
    }
    first, second = _picture(1), _picture(2)
    return [
        Sample("a-0", first, "the left dog", DOG, (CAT,), ("cat",), tags | {"category": "dog"}),
        Sample("a-1", first, "Chien à gauche!", DOG, (CAT,), ("cat",), tags | {"category": "dog", "kind": "other"}),
        Sample("a-2", first, "the cat", CAT, (DOG,), ("dog",), tags | {"category": "cat", "primary": "cat"}),
        Sample("b-0", second, "ring", RING, (), (), {"split": "testA", "category": "ring", "image_id": "odd/../name"}),
    ]


def test_samples_come_back_as_they_were(tmp_path: Path) -> None:
    samples = _samples()
    folder = write_refer(tmp_path, "scenes", "own", iter(samples))
    assert folder == tmp_path / "scenes"

    read = list(read_refer(tmp_path, "scenes", "own"))

    assert [each.id for each in read] == [each.id for each in samples]
    for new, old in zip(read, samples, strict=True):
        assert new.text == old.text
        np.testing.assert_array_equal(np.asarray(Image.open(new.image)), np.asarray(old.image))
        assert new.mask is not None
        np.testing.assert_array_equal(new.mask, old.mask)
        assert len(new.others) == len(old.others)
        for one, other in zip(new.others, old.others, strict=True):
            np.testing.assert_array_equal(one, other)
        assert new.other_categories == old.other_categories
        assert old.tags.items() <= new.tags.items()
        assert new.tags["text"] == "sent"


def test_the_layout_is_that_of_refer(tmp_path: Path) -> None:
    write_refer(tmp_path, "scenes", "own", _samples())
    refs = pickle.loads((tmp_path / "scenes" / "refs(own).p").read_bytes())
    instances = json.loads((tmp_path / "scenes" / "instances.json").read_text(encoding="utf-8"))

    assert [(ref["split"], [each["sent"] for each in ref["sentences"]]) for ref in refs] == [
        ("val", ["the left dog", "Chien à gauche!"]),
        ("val", ["the cat"]),
        ("testA", ["ring"]),
    ]
    for ref in refs:
        assert {"ref_id", "ann_id", "category_id", "file_name", "image_id", "split", "sent_ids"} <= set(ref)
        assert ref["sent_ids"] == [each["sent_id"] for each in ref["sentences"]]
        assert all({"raw", "sent", "sent_id", "tokens"} <= set(each) for each in ref["sentences"])
    assert refs[0]["sentences"][1]["kind"] == "other"
    assert refs[0]["sentences"][0]["tokens"] == ["the", "left", "dog"]
    assert len(instances["images"]) == 2
    assert len(instances["annotations"]) == 3
    assert instances["annotations"][0]["bbox"] == [2, 1, 5, 4]
    assert instances["annotations"][0]["area"] == 20
    names = {each["file_name"] for each in instances["images"]}
    assert names == {"val-0-1.png", "000000000002.png"}
    assert {each.name for each in (tmp_path / "images" / "scenes").iterdir()} == names
    assert {each.name for each in (tmp_path / "scenes").iterdir()} == {"instances.json", "refs(own).p"}


def test_pycocotools_reads_the_annotations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_refer(tmp_path, "scenes", "own", _samples())
    coco = COCO(str(tmp_path / "scenes" / "instances.json"))
    capsys.readouterr()
    for ann_id, mask in ((1, DOG), (2, CAT), (3, RING)):
        np.testing.assert_array_equal(coco.annToMask(coco.anns[ann_id]) > 0, mask)


def test_one_split_is_read_alone(tmp_path: Path) -> None:
    write_refer(tmp_path, "scenes", "own", _samples())
    assert [each.text for each in read_refer(tmp_path, "scenes", "own", "testA")] == ["ring"]


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_an_upright_file_is_copied_as_it_is(tmp_path: Path, suffix: str) -> None:
    _picture(3).save(tmp_path / f"photo{suffix}")
    sample = Sample("p", tmp_path / f"photo{suffix}", "dog", DOG, tags={"split": "val"})
    write_refer(tmp_path / "out", "mine", "own", [sample])
    (read,) = read_refer(tmp_path / "out", "mine", "own")
    assert isinstance(read.image, Path)
    assert read.image.read_bytes() == (tmp_path / f"photo{suffix}").read_bytes()


def test_a_turned_photo_is_stored_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(np.asarray(_picture(3))))).save(tmp_path / "a.png", exif=exif)
    write_refer(tmp_path / "out", "mine", "own", [Sample("p", tmp_path / "a.png", "dog", DOG, tags={"split": "val"})])
    (read,) = read_refer(tmp_path / "out", "mine", "own")
    stored = Image.open(read.image)
    assert stored.getexif().get(0x0112) is None
    np.testing.assert_array_equal(np.asarray(stored), np.asarray(_picture(3)))


def test_samples_that_do_not_fit_the_layout_are_refused(tmp_path: Path) -> None:
    for sample, message in [
        (Sample("x", _picture(1), "dog", None, tags={"split": "val"}), "'x' needs a mask"),
        (Sample("x", _picture(1), "dog", DOG), "tag 'split'"),
        (Sample("x", _picture(1), "dog", DOG[:5], tags={"split": "val"}), r"\(12, 16\).*\(5, 16\)"),
        (Sample("x", _picture(1), "dog", DOG, tags={"split": "val", "sent": "x"}), "'sent'"),
    ]:
        with pytest.raises(StorageError, match=message):
            write_refer(tmp_path, "scenes", "own", [sample])
    assert not (tmp_path / "scenes" / "refs(own).p").exists()


def test_a_data_set_is_not_replaced_unasked(tmp_path: Path) -> None:
    write_refer(tmp_path, "scenes", "own", _samples())
    with pytest.raises(StorageError, match="overwrite=True"):
        write_refer(tmp_path, "scenes", "own", _samples()[:1])
    write_refer(tmp_path, "scenes", "own", _samples()[:1], overwrite=True)
    assert len(list(read_refer(tmp_path, "scenes", "own"))) == 1
    with pytest.raises(StorageError, match=r"holds refs\(own\)\.p"):
        write_refer(tmp_path, "scenes", "another", _samples())


@pytest.fixture
def refcoco(tmp_path: Path) -> Path:
    """A hand-made RefCOCO: polygons that overlap, a ref that names a file which is not there, raw unlike sent."""
    folder, images = tmp_path / "refcoco", tmp_path / "images" / "mscoco" / "images" / "train2014"
    folder.mkdir()
    images.mkdir(parents=True)
    _picture(5).save(images / "COCO_train2014_000000000007.jpg")
    square, shifted = [1, 1, 7, 1, 7, 7, 1, 7], [4, 4, 10, 4, 10, 10, 4, 10]
    instances = {
        "images": [{"id": 7, "file_name": "COCO_train2014_000000000007.jpg", "height": HEIGHT, "width": WIDTH}],
        "annotations": [
            {"id": 70, "image_id": 7, "category_id": 2, "segmentation": [[12, 1, 15, 1, 15, 4, 12, 4]]},
            {"id": 71, "image_id": 7, "category_id": 1, "segmentation": [square, shifted]},
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
    }
    sentences = [
        {"raw": "Guy, left!", "sent": "guy left", "sent_id": 0, "tokens": ["guy", "left"]},
        {"raw": "man", "sent": "man", "sent_id": 1, "tokens": ["man"]},
    ]
    ref = {
        "ref_id": 3,
        "ann_id": 71,
        "category_id": 1,
        "image_id": 7,
        "file_name": "COCO_train2014_000000000007_3.jpg",
        "split": "testA",
        "sent_ids": [0, 1],
        "sentences": sentences,
    }
    (folder / "instances.json").write_text(json.dumps(instances), encoding="utf-8")
    (folder / "refs(unc).p").write_bytes(pickle.dumps([ref], protocol=2))
    return tmp_path


def test_refcoco_is_joined_by_the_annotation_and_the_images_own_name(refcoco: Path) -> None:
    first, second = read_refer(refcoco, "refcoco", "unc")
    assert (first.id, second.id) == ("refcoco-3-0", "refcoco-3-1")
    assert (first.text, second.text) == ("guy left", "man")
    assert first.image == image_folder(refcoco, "refcoco") / "COCO_train2014_000000000007.jpg"
    assert first.mask is not None
    assert first.mask[5, 5]  # in both polygons
    assert first.mask[2, 2]
    assert first.mask[9, 9]
    assert first.mask.sum() == 36 + 36 - 9
    assert first.other_categories == ("dog",)
    assert first.others[0].sum() == 9
    assert first.tags == {
        "split": "testA",
        "domain": "refcoco",
        "category": "person",
        "image_id": "7",
        "ref_id": "3",
        "ann_id": "71",
        "text": "sent",
    }


def test_the_raw_text_is_an_option_and_is_recorded(refcoco: Path) -> None:
    first, _ = read_refer(refcoco, "refcoco", "unc", text="raw")
    assert first.text == "Guy, left!"
    assert first.tags["text"] == "raw"
    with pytest.raises(OptionError, match="sent, raw"):
        read_refer(refcoco, "refcoco", "unc", text="clean")  # type: ignore[arg-type]


def test_wrong_names_are_answered_with_the_nearest_right_one(refcoco: Path) -> None:
    for call, error, message in [
        (("refcoco", "unc", "testa"), OptionError, r"no split 'testa' \(did you mean 'testA'.*it has testA"),
        (("refcoco", "umc"), StorageError, "did you mean 'unc'"),
        (("refcoc", "unc"), StorageError, "did you mean 'refcoco'"),
    ]:
        with pytest.raises(error, match=message):
            read_refer(refcoco, *call)
    with pytest.raises(StorageError, match="There is no folder"):
        read_refer(refcoco / "nowhere", "refcoco", "unc")


def test_a_missing_image_is_named_at_once(refcoco: Path, tmp_path: Path) -> None:
    (image_folder(refcoco, "refcoco") / "COCO_train2014_000000000007.jpg").rename(
        tmp_path / "COCO_train2014_000000000007.jpg"
    )
    with pytest.raises(StorageError, match=r"1 of 1 images are missing, the first is .*000000000007\.jpg.*images="):
        read_refer(refcoco, "refcoco", "unc")
    first, _ = read_refer(refcoco, "refcoco", "unc", images=tmp_path)
    assert first.image == tmp_path / "COCO_train2014_000000000007.jpg"


def test_a_malicious_refs_file_is_refused_and_not_run(refcoco: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(refcoco / "ran"),)

    (refcoco / "refcoco" / "refs(unc).p").write_bytes(pickle.dumps([Bomb()]))
    with pytest.raises(StorageError, match=r"refs\(unc\)\.p is not read, because it asks for .*mkdir"):
        read_refer(refcoco, "refcoco", "unc")
    assert not (refcoco / "ran").exists()


def _change_ref(root: Path, **changes: object) -> None:
    path = root / "refcoco" / "refs(unc).p"
    (ref,) = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps([{key: each for key, each in (ref | changes).items() if each is not None}]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ann_id": 99}, "annotation 99, which instances.json does not have"),
        ({"image_id": 8}, "do not name the same known image"),
        ({"ann_id": [70, 99]}, "annotation 99, which instances.json does not have"),
        ({"split": None}, "list of dicts"),
        ({"sentences": [{"sent": "a"}]}, "lacks sent, raw or sent_id"),
        ({"sentences": [{"sent": 5, "raw": "a", "sent_id": 1}]}, "lacks sent, raw or sent_id"),
        ({"image_id": [7]}, "should be numbers"),
    ],
)
def test_refs_that_do_not_fit_are_named(refcoco: Path, changes: dict[str, object], message: str) -> None:
    _change_ref(refcoco, **changes)
    with pytest.raises(StorageError, match=message):
        read_refer(refcoco, "refcoco", "unc")


@pytest.mark.parametrize(
    ("find", "put", "message"),
    [
        ('"images"', '"pictures"', "COCO's JSON"),
        ("{", "", "damaged"),
        ("COCO_train2014_000000000007.jpg", "../../../secret.jpg", "outside its folder"),
    ],
)
def test_broken_instances_are_named(refcoco: Path, find: str, put: str, message: str) -> None:
    path = refcoco / "refcoco" / "instances.json"
    path.write_text(path.read_text(encoding="utf-8").replace(find, put, 1), encoding="utf-8")
    with pytest.raises(StorageError, match=message):
        read_refer(refcoco, "refcoco", "unc")


def test_a_broken_segmentation_names_its_annotation(refcoco: Path) -> None:
    path = refcoco / "refcoco" / "instances.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["annotations"][1]["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": [3]}
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(StorageError, match="annotation 71 cannot be used: its runs cover 3 of 192"):
        next(read_refer(refcoco, "refcoco", "unc"))
