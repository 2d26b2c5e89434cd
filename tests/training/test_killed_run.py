"""A training run from the command line that is killed hard, and goes on as if nothing had happened."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from functools import partial

import torch

from iterprime_xai.training import options
from iterprime_xai.training.checkpoint import load_checkpoint
from iterprime_xai.training.config import ModelShape, TrainConfig
from iterprime_xai.training.log import read_log
from iterprime_xai.training.trainer import train

CHANGES = {
    "batch": 4, "part": 2, "pairs": 2, "pairs_kept": 4, "phrases": 2, "phrases_kept": 3, "workers": 0, "chunk": 8, "pool": 16,
    "easy_chunks": 1, "reuse": 1.0, "warmup": 2, "validation_scenes": 4, "validate_every": 100, "checkpoint_every": 2,
    "log_every": 1, "look_share": 0.5,
}  # fmt: skip
"""Of six steps the first three are for looking; a checkpoint is left every second step."""

CHILD = """
import json, os, signal, sys
from functools import partial
from iterprime_xai.cli import main
from iterprime_xai.training import options
from iterprime_xai.training.config import ModelShape

settings = json.loads(sys.argv.pop(1))
options.TrainConfig = partial(options.TrainConfig, **{**settings, "shape": ModelShape(**settings["shape"])})
train = options.train

def train_and_die(config, out, resume, listen):
    def hear(entry):
        listen(entry)
        if entry["event"] == "train" and entry["step"] == 3:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return train(config, out, resume, hear)

options.train = train_and_die
main()
"""
"""The command line with small settings, killed before the checkpoint of its third step could be asked for."""


def _same(one, two) -> bool:
    """Whether two states hold the same tensors and numbers all the way down."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(_same(one[name], two[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(_same, one, two))
    return one == two


def test_run_that_is_killed_hard_ends_with_the_weights_of_an_undisturbed_one(shape, tmp_path, monkeypatch):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    settings = json.dumps({**CHANGES, "shape": asdict(shape)})
    command = ["train", str(killed), "--steps", "6", "--device", "cpu", "--threads", "1"]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, settings, *command], capture_output=True, text=True, encoding="utf-8", check=False
    )
    died = -signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM
    assert child.returncode == died, child.stderr
    assert load_checkpoint(killed)["step"] == 2
    assert not (killed / "export").exists()
    (killed / "checkpoint.pt.part").write_bytes(b"a checkpoint that the kill cut short")

    monkeypatch.setattr(options, "TrainConfig", partial(TrainConfig, shape=shape, **CHANGES))
    resumed = options.train_from_options(killed, steps=6, device="cpu", threads=1, resume=True)
    assert (resumed.finished, resumed.steps) == (True, 6)
    assert (killed / "export" / "model.safetensors").is_file()

    train(TrainConfig(steps=6, device="cpu", threads=1, shape=ModelShape(**asdict(shape)), **CHANGES), whole)
    steps = {folder: [entry for entry in read_log(folder) if entry["event"] == "train"] for folder in (killed, whole)}
    assert [entry["step"] for entry in steps[killed]] == [1, 2, 3, 3, 4, 5, 6]
    undisturbed = {entry["step"]: entry["total"] for entry in steps[whole]}
    assert all(entry["total"] == undisturbed[entry["step"]] for entry in steps[killed])
    one, two = load_checkpoint(killed), load_checkpoint(whole)
    for name in ("step", "model", "average", "extras", "optimisers"):
        assert _same(one[name], two[name]), name
    assert not _same(one["average"], {name: value + 1 for name, value in two["average"].items()})
