"""The training as the command line calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from iterprime_xai.training import TrainConfig, options
from iterprime_xai.training.trainer import TrainResult


@pytest.fixture
def calls(monkeypatch):
    seen: list[TrainConfig] = []
    outcome = {"finished": True}

    def train(config, out, resume, listen):
        seen.append(config)
        listen({"event": "train", "step": 1, "progress": 0.5, "matching": 0.6, "step_seconds": 0.1})
        listen({"event": "validate", "step": 1, "figures": {"position": {"twins": 0.75}}})
        return TrainResult(Path(out) / "checkpoint.pt", 1, 60.0, outcome["finished"], {})

    monkeypatch.setattr(options, "train", train)
    return seen, outcome


def test_without_a_length_it_takes_that_of_the_bundled_model(calls, tmp_path):
    options.train_from_options(tmp_path)
    assert (calls[0][0].minutes, calls[0][0].steps) == (107.0, None)


def test_options_reach_the_settings_and_figures_the_terminal(calls, tmp_path, capsys):
    options.train_from_options(tmp_path, steps=5, seed=3, threads=1, device="cpu")
    config = calls[0][0]
    assert (config.steps, config.minutes, config.seed, config.threads, config.device) == (5, None, 3, 1, "cpu")
    shown = capsys.readouterr().err
    assert "position 0.75" in shown
    assert "Trained 1 steps in 1.0 minutes" in shown


def test_a_stopped_run_names_the_way_to_go_on(calls, tmp_path, capsys):
    calls[1]["finished"] = False
    with pytest.raises(KeyboardInterrupt):
        options.train_from_options(tmp_path, steps=5)
    assert "--resume" in capsys.readouterr().err
