"""A slice comes back as it was saved, under any name, and is never replaced by accident."""

from __future__ import annotations

import errno
import json
import os
import threading

import pytest

from iterprime_xai.evaluation.annotations.slices import Slice, load_slice, save_slice, slices
from iterprime_xai.records import OptionError, StorageError

RULE = {"type": ["part_only"], "iou": [0.0, 0.5], "text": "“left” 🦊", "tags": None, "deep": {"a": [{"b": True}]}}
NAMES = [
    "hard dogs", "Hard Dogs", "hard-dogs", "../../x", "/", "CON", "🦊", "🐶", "é", "e\u0301", "x" * 3000, "x" * 3001,
    "a\nb\0", "<script>", "\udc80", "\u202eשלום", " blank ", ".hidden",
]  # fmt: skip


def save(folder, name="hard dogs", rule=RULE, ids=("val/2", "val/1"), **options):
    return save_slice(folder, name, rule, ids, **{"run_key": "key", "author": "ann", **options})


def test_a_slice_keeps_rule_and_ids_and_who_made_it_when(tmp_path):
    made = save(tmp_path)
    assert made == Slice("hard dogs", RULE, ("val/2", "val/1"), made.made, "key", "ann")
    assert load_slice(tmp_path, "hard dogs") == made
    (path,) = (tmp_path / "slices").iterdir()
    assert path.name.startswith("hard-dogs-")
    assert json.loads(path.read_text("utf-8")) == {
        "name": "hard dogs", "rule": RULE, "ids": ["val/2", "val/1"], "made": made.made, "run_key": "key", "author": "ann",
    }  # fmt: skip
    assert made.made.endswith("+00:00")


def test_any_name_has_a_safe_file_of_its_own(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for number, name in enumerate(NAMES):
        save(run, name, {"number": number}, [f"{number}-\udc80"])
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    files = [path.name for path in (run / "slices").iterdir()]
    assert len({each.lower() for each in files}) == len(NAMES)
    for name in files:
        assert len(name.encode()) < 100
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert name[0] not in ".-"
    for number, name in enumerate(NAMES):
        assert load_slice(run, name).rule == {"number": number}
        assert load_slice(run, name).ids == (f"{number}-\udc80",)
    found = slices(run)
    assert {each.name for each in found} == set(NAMES)
    assert len(found) == len(NAMES)
    assert found.problems == ()


def test_a_name_that_is_there_is_replaced_only_when_asked(tmp_path):
    first = save(tmp_path)
    with pytest.raises(OptionError, match=r"There is a slice 'hard dogs' already .*replace=True"):
        save(tmp_path, ids=["other"])
    assert load_slice(tmp_path, "hard dogs") == first
    second = save(tmp_path, ids=["other"], replace=True)
    assert load_slice(tmp_path, "hard dogs") == second
    assert list(slices(tmp_path)) == [second]
    assert save(tmp_path, "new", replace=True).name == "new"


def test_of_many_who_save_one_name_at_a_time_one_is_told_yes(tmp_path):
    barrier, told = threading.Barrier(8), []

    def attempt(number):
        barrier.wait(10)
        try:
            save(tmp_path, ids=[str(number)])
        except OptionError:
            return
        told.append(str(number))

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    assert len(told) == 1
    assert load_slice(tmp_path, "hard dogs").ids == tuple(told)


def test_damaged_files_are_left_out_and_named(tmp_path):
    good = save(tmp_path)
    folder = tmp_path / "slices"
    content = (next(folder.iterdir())).read_bytes()
    bad = {
        "empty.json": b"",
        "half.json": content[:40],
        "copy.json": content,
        "list.json": b"[1]",
        "ids.json": content.replace(b'"ids": [', b'"ids": [3, '),
        "rule.json": content.replace(b'"rule"', b'"rules"'),
        "deep.json": b"[" * 100_000,
        "bytes.json": b"\xff",
    }
    for name, each in bad.items():
        (folder / name).write_bytes(each)
    (folder / ".0123456789abcdef.tmp").write_bytes(b"half")
    (folder / ".x.json").write_bytes(b"half")
    (folder / "readme.txt").write_bytes(b"text")
    found = slices(tmp_path)
    assert list(found) == [good]
    assert len(found.problems) == len(bad)
    for name, problem in zip(sorted(bad), found.problems, strict=True):
        assert str(folder / name) in problem
    assert any("whose file has another name" in each for each in found.problems)
    next(path for path in folder.iterdir() if path.name.startswith("hard")).write_bytes(content[:40])
    with pytest.raises(StorageError, match="is no slice"):
        load_slice(tmp_path, "hard dogs")
    assert save(tmp_path, replace=True) == load_slice(tmp_path, "hard dogs")


def test_slices_are_listed_by_name_and_none_is_an_empty_list(tmp_path):
    assert list(slices(tmp_path)) == []
    assert not list(tmp_path.iterdir())
    for name in ("b", "C", "a"):
        save(tmp_path, name)
    assert [each.name for each in slices(tmp_path)] == ["a", "b", "C"]


def test_a_name_that_is_not_there_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(OptionError, match="there is none yet"):
        load_slice(tmp_path, "hard dogs")
    save(tmp_path)
    save(tmp_path, "cats")
    with pytest.raises(OptionError, match=r"Did you mean 'hard dogs'\? Here there are: 'cats', 'hard dogs'\."):
        load_slice(tmp_path, "hard dog")
    with pytest.raises(OptionError, match=r"no slice 'zzz' in .*; there are: 'cats'"):
        load_slice(tmp_path, "zzz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": None}, "needs a name"),
        ({"rule": {"a": {1, 2}}}, "must be a JSON object.*set"),
        ({"rule": {"a": float("nan")}}, "must be a JSON object"),
        ({"rule": {"a": [{3: 4}]}}, "3 is a key, and keys are text"),
        ({"rule": [1]}, "must be a JSON object"),
        ({"rule": None}, "must be a JSON object"),
        ({"ids": "val/1"}, "give a list of one"),
        ({"ids": [1]}, "are texts, but got 1"),
        ({"ids": ["a", "b", "a"]}, "'a' comes twice"),
    ],
)
def test_what_would_not_come_back_is_refused_and_nothing_is_written(tmp_path, change, message):
    with pytest.raises(OptionError, match=message):
        save(tmp_path, **change)
    assert not list(tmp_path.iterdir())


def test_tuples_of_a_rule_come_back_as_lists_and_no_id_is_a_slice_too(tmp_path):
    assert save(tmp_path, rule={"range": (0, 1)}, ids=()).rule == {"range": [0, 1]}
    assert load_slice(tmp_path, "hard dogs").ids == ()


@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, replace):
    before = save(tmp_path) if replace else None

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left on device"):
            save(tmp_path, ids=["lost"], replace=replace)
    assert list(slices(tmp_path)) == ([before] if replace else [])
    assert slices(tmp_path).problems == ()
    assert save(tmp_path, replace=replace).ids == ("val/2", "val/1")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "slices").write_text("no folder")
    with pytest.raises(StorageError, match="was not saved"):
        save(tmp_path)
    assert "cannot be read" in slices(tmp_path).problems[0]
    with pytest.raises(StorageError, match="was not saved"):
        save(tmp_path / "moved away", replace=True)
    assert not (tmp_path / "moved away").exists()
