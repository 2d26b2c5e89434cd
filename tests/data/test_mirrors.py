"""The hub's mirrors, as Parquet in their published layout: grouped by picture, with their quirks said."""

from __future__ import annotations

import builtins
import json
from pathlib import Path

import numpy as np
import published_layouts as layouts
import pytest
from PIL import Image

from iterprime_xai.data.sources import open_data
from iterprime_xai.records import ImageInputError, MissingExtraError, OptionError, StorageError

LMMS, JXU, MOON = "lmms-lab/RefCOCO", "jxu124/refcoco", "moondream/refcoco-m"


@pytest.fixture
def mirrors(tmp_path: Path) -> Path:
    rows = layouts.lmms_rows()
    layouts.write_parquet(tmp_path / LMMS / "data" / "val-00000-of-00002.parquet", rows[:3])
    layouts.write_parquet(tmp_path / LMMS / "data" / "val-00001-of-00002.parquet", rows[3:])
    layouts.write_parquet(tmp_path / JXU / "data" / "test-00000-of-00001-1a2b.parquet", layouts.jxu_rows())
    layouts.write_parquet(tmp_path / MOON / "data" / "validation-00000-of-00001.parquet", layouts.moondream_rows())
    where = tmp_path / "images/mscoco/images/train2014"
    where.mkdir(parents=True)
    layouts.picture(7).save(where / "COCO_train2014_000000000007.jpg")
    return tmp_path


def test_lmms_rows_are_put_together_by_picture_and_ids_are_their_own(mirrors: Path) -> None:
    data = open_data(f"hub:{LMMS}:val", root=mirrors)
    seven, eight = data.pictures()
    assert seven.sample_ids == ("row-00000-0", "row-00000-1", "row-00002-0", "row-00003-0")
    assert eight.sample_ids == ("row-00001-0",)
    (cat,) = data.samples_of(eight)
    first, _, third, again = data.samples_of(seven)
    np.testing.assert_array_equal(np.asarray(first.image), np.asarray(layouts.picture(7)))
    np.testing.assert_array_equal(np.asarray(cat.image), np.asarray(layouts.picture(8)))
    assert [first.text, third.text, again.text] == ["left dog", "the cat", "dog again"]
    np.testing.assert_array_equal(first.mask, layouts.box(2, 1, 7, 5))
    np.testing.assert_array_equal(third.mask, layouts.box(9, 6, 15, 11))
    assert len(first.others) == 1  # the same dog in another row is not another thing
    np.testing.assert_array_equal(first.others[0], third.mask)
    assert len(third.others) == 1
    assert first.tags["image_id"] == "COCO_train2014_000000000007.jpg"
    assert "mixes the val splits of unc and google" in data.describe()["notes"]
    json.dumps(data.describe())


def test_pictures_are_taken_from_any_part_in_any_order(mirrors: Path) -> None:
    data = open_data(f"hub:{LMMS}:val", root=mirrors)
    for row, image_id in ((3, 7), (0, 7), (1, 8), (2, 7), (1, 8)):
        np.testing.assert_array_equal(np.asarray(data._table.picture(row)), np.asarray(layouts.picture(image_id)))


def test_jxu_has_json_texts_and_cocos_pictures_and_its_test_is_test_a(mirrors: Path) -> None:
    data = open_data(f"hub:{JXU}:testA", root=mirrors)
    (entry,) = data.pictures()
    assert entry.sample_ids == ("ref-1-0", "ref-1-1", "ref-2-0")
    first, _, cat = data.samples_of(entry)
    assert (first.text, cat.text) == ("left dog", "cat")
    assert first.image == mirrors / "images/mscoco/images/train2014/COCO_train2014_000000000007.jpg"
    np.testing.assert_array_equal(first.mask, layouts.box(2, 1, 7, 5))
    assert (first.tags["split"], first.tags["text"]) == ("testA", "sent")
    assert data.describe() == open_data(f"hub:{JXU}:test", root=mirrors).describe()
    assert "what is published as test is testA" in data.describe()["notes"]
    raw = open_data(f"hub:{JXU}:test", root=mirrors, text="raw")
    assert raw.samples_of(entry)[0].text == "LEFT DOG"
    first.image.unlink()
    with pytest.raises(ImageInputError, match="no picture"):
        data.samples_of(entry)


@pytest.mark.parametrize("form", ["dict", "json", "counts", "record of lists"])
def test_refcoco_m_has_one_row_a_picture_and_rle_in_any_form(mirrors: Path, form: str) -> None:
    rows = layouts.moondream_rows()
    for row in rows:
        for each in row["samples"]:
            if form == "json":
                each["mask"] = json.dumps(each["mask"])
            if form == "counts":
                each["mask"] = each["mask"]["counts"]
        if form == "record of lists":
            row["samples"] = {key: [each[key] for each in row["samples"]] for key in row["samples"][0]}
    layouts.write_parquet(mirrors / MOON / "data" / "validation-00000-of-00001.parquet", rows)
    data = open_data(f"hub:{MOON}:val", root=mirrors)
    assert [entry.image_id for entry in data.pictures()] == ["row-00000", "row-00001"]
    dog, _, cat = data.samples_of(data.pictures()[0])
    np.testing.assert_array_equal(dog.mask, layouts.box(2, 1, 7, 5))
    np.testing.assert_array_equal(dog.others[0], cat.mask)
    assert (cat.id, cat.tags["split"]) == ("row-00000-1-0", "val")


def test_json_lines_with_picture_files_are_read_without_pyarrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "RefCOCO"
    folder.mkdir()
    rows = layouts.lmms_rows()[:2]
    for number, row in enumerate(rows):
        row["image"] = f"{number}.png"
        layouts.picture(number).save(folder / row["image"])
    (folder / "val.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    data = open_data(f"hub:{LMMS}:val", root=tmp_path)
    (cat,) = data.samples_of(data.pictures()[1])
    np.testing.assert_array_equal(np.asarray(cat.image), np.asarray(layouts.picture(1)))


def test_parquet_without_pyarrow_names_it(mirrors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match="pip install pyarrow"):
        open_data(f"hub:{LMMS}:val", root=mirrors)


def test_what_is_wrong_is_said(mirrors: Path) -> None:
    for spec, error, message in [
        ("hub:lmms-lab/RefCOCOg:val", OptionError, "did you mean 'lmms-lab/RefCOCO'"),
        ("hub:lmms-lab/RefCOCO", OptionError, "Expected hub:OWNER/NAME:SPLIT"),
        (f"hub:{LMMS}:vall", OptionError, r"no split 'vall' \(did you mean 'val'"),
        (f"hub:{LMMS}:testA", OptionError, "no split 'testA'"),
    ]:
        with pytest.raises(error, match=message):
            open_data(spec, root=mirrors)
    with pytest.raises(OptionError, match="one of sent for moondream"):
        open_data(f"hub:{MOON}:val", root=mirrors, text="raw")
    with pytest.raises(StorageError, match="no copy of jxu124/refcoco"):
        open_data(f"hub:{JXU}:val", root=mirrors / "images")
    with pytest.raises(StorageError, match=r"no column 'image'.*another mirror"):
        open_data(f"hub:{MOON}:test", root=mirrors / JXU)
    path = mirrors / JXU / "data" / "test-00000-of-00001-1a2b.parquet"
    path.write_bytes(b"PAR1 no")
    with pytest.raises(StorageError, match="no Parquet file, or is damaged"):
        open_data(f"hub:{JXU}:test", root=mirrors)


def test_a_hub_cache_is_found(mirrors: Path) -> None:
    cache = mirrors / "datasets--lmms-lab--RefCOCO" / "snapshots"
    cache.mkdir(parents=True)
    (mirrors / LMMS).rename(cache / "0abc")
    assert len(open_data(f"hub:{LMMS}:val", root=mirrors).pictures()) == 2


def test_a_damaged_picture_or_row_is_named(mirrors: Path) -> None:
    rows = layouts.lmms_rows()
    rows[1]["image"]["bytes"] = b"no picture"
    layouts.write_parquet(mirrors / LMMS / "data" / "testA-0.parquet", rows)
    data = open_data(f"hub:{LMMS}:testA", root=mirrors)
    assert isinstance(data.samples_of(data.pictures()[0])[0].image, Image.Image)
    with pytest.raises(ImageInputError, match=r"picture of row 1 .* is damaged"):
        data.samples_of(data.pictures()[1])
    broken = layouts.jxu_rows()
    broken[1]["raw_anns"] = "{"
    layouts.write_parquet(mirrors / JXU / "data" / "testB-0.parquet", broken)
    with pytest.raises(StorageError, match="Row 1 of hub:jxu124/refcoco:testB is not as the mirror publishes it"):
        open_data(f"hub:{JXU}:testB", root=mirrors).pictures()
