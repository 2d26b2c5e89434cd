"""Runs are read back: rows, columns, queries, maps, masks and pictures."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from PIL import Image
from run_stand_ins import ToySet, ToySystem, rectangle

from iterprime_xai.data import rle
from iterprime_xai.evaluation.runs import evaluate, read_run
from iterprime_xai.records import MissingExtraError, OptionError, Sample, StorageError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "toy"
    return evaluate(
        ToySystem(), ToySet(bad=[1]), out, detail="full", threads=None, progress=False, shard_size=4, proposals=None
    )


def test_rows_come_in_the_order_of_the_data_set_and_by_id(made):
    ids = [f"{picture}-{place}" for picture in range(6) for place in range(2)]
    assert [row["sample_id"] for row in made] == ids
    for row in made:
        assert made.row(row["sample_id"]) == row
    with pytest.raises(OptionError, match="did you mean '5-1'"):
        made.row("5-11")


def test_a_row_has_only_the_columns_that_are_asked_for(made):
    whole = made.row("2-1")
    assert made.row("2-1", ["text", "peak"]) == {each: whole[each] for each in ("text", "peak")}
    with pytest.raises(OptionError, match="did you mean 'peak'"):
        made.row("2-1", ["peek"])


def test_tags_and_terms_come_back_as_dicts(made):
    row = made.row("2-0")
    assert row["tags"] == {"split": "val", "kind": "even", "category": "thing"}
    assert row["proposals"][row["chosen_index"]]["terms"] == {"heat": 0.5, "prior": 2.0}


def test_maps_and_masks_of_a_row_are_those_of_the_system(made):
    row, data = made.row("3-1"), ToySet()
    sample = data.samples_of(data.pictures()[3])[1]
    found = ToySystem().segment(sample.image, sample.text)
    peak = float(found.heatmap.max())
    assert np.allclose(made.heatmap(row["heatmap"]), found.heatmap, rtol=0, atol=0.0005 * peak)
    assert peak < 1e-9
    word = made.heatmap(row["passes"][0]["words"][1]["map"])
    assert np.allclose(word, 2 * found.heatmap, rtol=0, atol=0.001 * peak)
    assert np.array_equal(made.mask(row["chosen"]), found.mask)
    assert np.array_equal(made.mask(row["gold"]), rectangle(2, 2, 6, 10))
    assert made.bits(row["passes"][0]["keep"]).all()
    assert [made.mask(each["mask"]).sum() for each in row["proposals"]] == [24, 32, 192]
    assert rle.decode(row["chosen"], (12, 16)).sum() == row["chosen_area"]


def test_a_table_holds_the_columns_that_are_asked_for(made):
    table = made.table(["iou", "sample_id"])
    assert table.column_names == ["iou", "sample_id"]
    assert table["iou"].to_pylist() == [row["iou"] for row in made]
    with pytest.raises(OptionError, match="did you mean 'iou'"):
        made.table(["ious"])
    assert list(next(made.rows(["text"]))) == ["text"]


def test_duckdb_answers_queries(made):
    pytest.importorskip("duckdb")
    found = made.sql(
        "select tags['kind'] as kind, count(*) from rows where error is null group by kind order by kind"
    ).fetchall()
    assert found == [("even", 6), ("odd", 5)]


def test_queries_without_duckdb_name_the_extra(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtraError, match=r"iterprime-xai\[runs\]"):
        made.sql("select 1")


def test_a_picture_from_memory_is_drawn_again_by_its_data_set(tmp_path, monkeypatch):
    from iterprime_xai.data import sources

    monkeypatch.setattr(sources, "open_data", lambda spec, **options: ToySet(count=options["count"]))
    made = evaluate(ToySystem(), "toy:val", tmp_path / "a", data_options={"count": 3}, threads=None, progress=False)
    data = ToySet()
    shown = read_run(made.path).image(made.row("2-0"))
    assert np.array_equal(np.asarray(shown), np.asarray(data.samples_of(data.pictures()[2])[0].image))
    with pytest.raises(StorageError, match="pixels have changed"):
        made.image({**made.row("2-0"), "image_id": "image-1"})
    own = evaluate(ToySystem(), ToySet(), tmp_path / "b", threads=None, progress=False)
    with pytest.raises(StorageError, match="from memory"):
        own.image(own.row("0-0"))


def test_a_picture_from_a_file_is_read_again_and_checked(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (16, 12), (9, 8, 7)).save(path)

    class Filed(ToySet):
        def samples_of(self, entry):
            return [Sample(name, path, "left thing", rectangle(0, 0, 2, 2)) for name in entry.sample_ids]

    made = evaluate(ToySystem(), Filed(1, 1), tmp_path / "run", threads=None, progress=False)
    (row,) = made
    assert row["image_path"] == str(path)
    assert made.image(row).size == (16, 12)
    Image.new("RGB", (16, 12)).save(path)
    with pytest.raises(StorageError, match="not the one that was evaluated"):
        made.image(row)


def test_a_run_that_is_not_done_can_be_read(made, tmp_path):
    import shutil

    shutil.copytree(made.path, tmp_path / "part")
    part = read_run(tmp_path / "part")
    part.files[1].unlink()
    part = read_run(tmp_path / "part")
    assert not part.complete
    assert len(part) == len(list(part)) == 8
    assert "2 of 3 parts" in repr(part)


def test_what_is_no_run_is_said(tmp_path):
    with pytest.raises(StorageError, match="no folder"):
        read_run(tmp_path / "nothing")
    with pytest.raises(StorageError, match=r"no manifest\.json"):
        read_run(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(StorageError, match="cannot be read"):
        read_run(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "iterprime-xai run", "version": 99}))
    with pytest.raises(StorageError, match="version 99"):
        read_run(tmp_path)


def test_a_row_is_found_by_remembered_ids_without_reading_them_from_the_parts(made, monkeypatch):
    import pyarrow as pa

    from iterprime_xai.evaluation.runs import reading

    ids = [row["sample_id"] for row in made]
    opened = read_run(made.path)
    opened.remember(pa.chunked_array([ids[:1], ids[1:]]))
    read = []
    real = reading._open
    monkeypatch.setattr(reading, "_open", lambda path: read.append(path) or real(path))
    assert [opened.row(name)["sample_id"] for name in ids] == ids
    assert len(read) == len(ids)  # the part with the row, and no other


def test_ids_that_are_not_the_runs_are_refused_or_found_out(made):
    import pyarrow as pa

    ids = [row["sample_id"] for row in made]
    opened = read_run(made.path)
    with pytest.raises(StorageError, match="ids were remembered"):
        opened.remember(pa.chunked_array([ids[1:]]))
    opened.remember(pa.chunked_array([ids[::-1]]))
    with pytest.raises(StorageError, match="changed while it was read"):
        opened.row(ids[0])
