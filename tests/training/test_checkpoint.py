"""Checkpoints and the log: whole or not there, and readable without running anything."""

from __future__ import annotations

import pickle

import pytest
import torch

from iterprime_xai.records import StorageError
from iterprime_xai.training.checkpoint import load_checkpoint, save_checkpoint
from iterprime_xai.training.log import Log, read_log


def test_state_comes_back(tmp_path):
    path = save_checkpoint(tmp_path / "run", {"step": 3, "weights": {"a": torch.arange(3.0)}, "names": ["x"]})
    state = load_checkpoint(path.parent)
    assert state["step"] == 3
    assert state["names"] == ["x"]
    assert state["weights"]["a"].tolist() == [0, 1, 2]


def test_failed_write_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, {"step": 1})

    def full(*_args, **_kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(StorageError, match="No space left"):
        save_checkpoint(tmp_path, {"step": 2})
    assert load_checkpoint(tmp_path)["step"] == 1


def test_missing_broken_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(StorageError, match="--resume"):
        load_checkpoint(tmp_path)
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no")
    with pytest.raises(StorageError, match="broken"):
        load_checkpoint(broken)
    foreign = tmp_path / "foreign.pt"
    torch.save({"step": 1}, foreign)
    with pytest.raises(StorageError, match="version"):
        load_checkpoint(foreign)


class _Harmful:
    def __reduce__(self):
        return (print, ("ran",))


def test_pickled_code_in_a_checkpoint_is_not_run(tmp_path, capsys):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(pickle.dumps(_Harmful()))
    with pytest.raises(StorageError):
        load_checkpoint(path)
    assert "ran" not in capsys.readouterr().out


def test_log_appends_rounds_and_skips_a_line_cut_short(tmp_path):
    heard = []
    log = Log(tmp_path, heard.append)
    log("train", step=1, loss=0.123456789, figures={"all": {"accuracy": 0.98765432}})
    Log(tmp_path)("train", step=2)
    with (tmp_path / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "tra')
    entries = read_log(tmp_path)
    assert entries == [
        {"event": "train", "step": 1, "loss": 0.12346, "figures": {"all": {"accuracy": 0.98765}}},
        {"event": "train", "step": 2},
    ]
    assert heard == entries[:1]


def test_entry_after_a_line_cut_short_is_not_lost(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"event": "start"}\n{"event": "tra', encoding="utf-8")
    log = Log(tmp_path)
    log("start", step=4)
    log("train", step=5, note="größer")
    assert read_log(tmp_path) == [
        {"event": "start"},
        {"event": "start", "step": 4},
        {"event": "train", "step": 5, "note": "größer"},
    ]
