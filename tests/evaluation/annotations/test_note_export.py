"""Notes leave the program with what they are about, in three kinds of file that other programs read."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow.parquet as pq
import pytest
from pycocotools.coco import COCO
from run_stand_ins import ToySet, ToySystem, rectangle, rows_of

import iterprime_xai as ix
from iterprime_xai.evaluation.annotations.note_export import FIELDS, NO_SAMPLE, export
from iterprime_xai.evaluation.annotations.notes import Notes
from iterprime_xai.evaluation.annotations.slices import save_slice
from iterprime_xai.evaluation.failures import classify
from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.records import OptionError, StorageError

FORMULA = '=HYPERLINK("http://example.org"; "x") <b>'
HOSTILE = 'say "hi", 🦊\nשלום;\r\nnext \udc80 \u2028 end'


class HostileSet(ToySet):
    """The phrase of sample 4-1 begins like a formula."""

    def samples_of(self, entry):
        found = super().samples_of(entry)
        return [replace(each, text=FORMULA) if each.id == "4-1" else each for each in found]


def run_of(folder, **options):
    data = HostileSet(count=7, broken=[6], missing=[3], empty=[5], bad=[1])
    options = {"threads": None, "progress": False, "shard_size": 4, **options}
    return evaluate(ToySystem(abstain_below=0.4), data, folder, answer="may_abstain", **options)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("runs") / "toy")


@pytest.fixture
def notes(run, tmp_path):
    """In another folder than the run's, so that tests do not meet."""
    found = Notes(tmp_path, run.key, "ann")
    for name in (row["sample_id"] for row in run):
        found.write(name, f"about {name}", ["seen", name])
    other = Notes(tmp_path, run.key, "@bob")
    other.write("0-0", HOSTILE, ["b", "=1+1"])
    other.write("4-1", "\t-2+3")
    other.write("9-9", "+ of a run that was larger")
    other.write("0-1", "taken back")
    other.write("0-1", "")
    return found


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_of_csv_is_a_note_with_its_sample_and_runs_no_formula(run, notes, tmp_path):
    path = export(run, notes, tmp_path / "new" / "notes.CSV")
    assert path.read_bytes().startswith(
        b"\xef\xbb\xbfsample_id,phrase,type,sentence,iou,author,at,tags,note,run_key\r\n"
    )
    rows = read_csv(path)
    assert len(rows) == len(run) + 3
    assert rows[0] | {"at": ""} == {
        "sample_id": "0-0", "phrase": "left thing 0", "type": classify(run.row("0-0")).type,
        "sentence": classify(run.row("0-0")).sentence, "iou": str(run.row("0-0")["iou"]), "author": "ann", "at": "",
        "tags": "seen;0-0", "note": "about 0-0", "run_key": run.key,
    }  # fmt: skip
    (hostile,) = [row for row in rows if row["author"] == "'@bob" and row["sample_id"] == "0-0"]
    assert hostile["note"] == HOSTILE.replace("\udc80", "\ufffd")
    assert hostile["tags"] == "b;'=1+1"
    formula = [row for row in rows if row["sample_id"] == "4-1"]
    assert [row["phrase"] for row in formula] == [f"'{FORMULA}"] * 2
    assert formula[1]["note"] == "'\t-2+3"
    assert not [cell for row in rows for cell in row.values() if cell.strip()[:1] in tuple("=+-@")]
    (gone,) = [row for row in rows if row["sample_id"] == "9-9"]
    assert (gone["phrase"], gone["type"], gone["iou"], gone["sentence"]) == ("", "", "", NO_SAMPLE)


def test_parquet_keeps_types_and_text_as_they_are(run, notes, tmp_path):
    table = pq.read_table(export(run, notes, tmp_path / "notes.parquet"))
    assert tuple(table.column_names) == FIELDS
    rows = table.to_pylist()
    held = notes.all()
    assert [row["at"] for row in rows] == [datetime.fromisoformat(each.at) for each in held]
    assert [tuple(row["tags"]) for row in rows] == [each.tags for each in held]
    assert [row["note"] for row in rows] == [each.text.replace("\udc80", "\ufffd") for each in held]
    for row in rows:
        if row["sample_id"] == "9-9":
            assert (row["phrase"], row["type"], row["iou"], row["sentence"]) == (None, None, None, NO_SAMPLE)
            continue
        seen = run.row(row["sample_id"])
        assert (row["phrase"], row["iou"]) == (seen["text"], seen["iou"])
        assert (row["type"], row["sentence"]) == (classify(seen).type, classify(seen).sentence)
    assert {row["type"] for row in rows} >= {"right", "error", "unlabelled", None}


def test_coco_is_read_by_pycocotools_and_its_masks_are_the_runs(run, notes, tmp_path, capsys):
    path = export(run, notes, tmp_path / "notes.json")
    path.read_bytes().decode("ascii")  # pycocotools opens it in whatever encoding the system has
    found = COCO(str(path))
    assert {each["name"] for each in found.loadCats(found.getCatIds())} == {"answer", "gold"}
    wanted = {}
    for row in run:
        for name, category in (("chosen", "answer"), ("gold", "gold")):
            mask = run.mask(row[name])
            if mask is not None and mask.any():
                wanted[row["sample_id"], category] = mask
    seen = {}
    for each in found.loadAnns(found.getAnnIds()):
        (category,) = found.loadCats(each["category_id"])
        mask = found.annToMask(each) > 0
        seen[each["sample_id"], category["name"]] = mask
        row = run.row(each["sample_id"])
        (picture,) = found.loadImgs(each["image_id"])
        assert (picture["name"], picture["height"], picture["width"]) == (row["image_id"], 12, 16)
        left, top, width, height = each["bbox"]
        assert each["area"] == mask.sum() == mask[top : top + height, left : left + width].sum()
        assert mask[top, :].any()
        assert mask[:, left + width - 1].any()
        assert (each["text"], each["iou"], each["type"]) == (row["text"], row["iou"], classify(row).type)
    assert seen.keys() == wanted.keys()
    assert all(np.array_equal(seen[key], wanted[key]) for key in wanted)
    assert np.array_equal(seen["0-0", "gold"], rectangle(2, 2, 6, 10))
    assert {category for _, category in seen} == {"answer", "gold"}
    whole = json.loads(path.read_text("ascii"))
    gold = next(each for each in whole["annotations"] if (each["sample_id"], each["category_id"]) == ("0-0", 2))
    assert (gold["bbox"], gold["area"]) == ([2, 2, 4, 8], 32)
    assert [each["text"] for each in gold["notes"]] == ["about 0-0", HOSTILE]
    assert gold["tags"] == ["seen", "0-0", "b", "=1+1"]
    assert len(whole["images"]) == len({each["id"] for each in whole["images"]}) == 6


def test_a_sample_without_a_mask_keeps_its_notes(run, notes, tmp_path, capsys):
    whole = json.loads(export(run, notes, tmp_path / "notes.json").read_text("ascii"))
    samples = {each["sample_id"]: each for each in whole["samples"]}
    assert list(samples) == [row["sample_id"] for row in run] + ["9-9"]
    annotated = {each["sample_id"] for each in whole["annotations"]}
    assert {"6-0", "6-1", "9-9"} <= samples.keys() - annotated  # a picture that could not be read, and no sample at all
    assert samples["6-0"]["image_id"] is None
    assert samples["9-9"] | {"notes": 0} == {
        "sample_id": "9-9", "text": None, "iou": None, "type": None, "notes": 0, "tags": [], "image_id": None,
    }  # fmt: skip
    assert [each["text"] for each in samples["6-1"]["notes"]] == ["about 6-1"]


def test_no_notes_are_a_file_without_rows(run, tmp_path, capsys):
    none = Notes(tmp_path, run.key, "ann")
    assert read_csv(export(run, none, tmp_path / "a.csv")) == []
    assert pq.read_table(export(run, none, tmp_path / "a.parquet")).num_rows == 0
    assert COCO(str(export(run, none, tmp_path / "a.json"))).getAnnIds() == []


def test_notes_that_others_wrote_meanwhile_are_in_the_file(run, tmp_path):
    ann = Notes(tmp_path, run.key, "ann")
    Notes(tmp_path, run.key, "bob").write("0-0", "just now")
    assert [row["note"] for row in read_csv(export(run, ann, tmp_path / "a.csv"))] == ["just now"]


def test_the_threshold_decides_the_type(run, tmp_path):
    notes = Notes(tmp_path, run.key, "ann")
    name = next(row["sample_id"] for row in run if classify(row).type == "right" and 0.5 < (row["iou"] or 0) < 1)
    notes.write(name, "x")
    assert read_csv(export(run, notes, tmp_path / "a.csv"))[0]["type"] == "right"
    assert read_csv(export(run, notes, tmp_path / "a.csv", threshold=1.0))[0]["type"] != "right"
    with pytest.raises(OptionError, match="above 0 and at most 1"):
        export(run, notes, tmp_path / "a.csv", threshold=0)


@pytest.mark.parametrize("name", ["notes.xlsx", "none", "csv"])
def test_another_ending_is_refused_with_those_that_there_are(run, notes, tmp_path, name):
    with pytest.raises(OptionError, match=r"\.csv, \.parquet or \.json \(COCO\)"):
        export(run, notes, tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.json"])
def test_a_full_disk_leaves_the_file_that_was_there(run, notes, tmp_path, monkeypatch, name):
    (tmp_path / name).write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        export(run, notes, tmp_path / name)
    assert (tmp_path / name).read_text() == "before"


def test_notes_and_slices_in_a_runs_folder_disturb_nothing(tmp_path):
    whole = run_of(tmp_path / "run")
    before = rows_of(whole)
    Notes(whole.path, whole.key, "ann").write("0-0", "kept")
    save_slice(whole.path, "first", {"iou": [0, 0.5]}, ["0-0"], run_key=whole.key)
    kept = {path: path.read_bytes() for name in ("notes", "slices") for path in (whole.path / name).iterdir()}
    assert len(kept) == 2
    whole.files[1].unlink()
    again = run_of(tmp_path / "run")
    assert again.complete
    assert rows_of(again) == rows_of(ix.read_run(tmp_path / "run")) == before
    assert again.row("0-0")["sample_id"] == "0-0"
    assert {path: path.read_bytes() for path in kept} == kept
    assert [each.text for each in Notes(again.path, again.key).of("0-0")] == ["kept"]
    with pytest.raises(OptionError, match="another run"):
        run_of(tmp_path / "run", limit=3)
    assert {path: path.read_bytes() for path in kept} == kept
