"""The captioner's training as the command line offers it."""

from __future__ import annotations

import signal

import pytest
from test_captioning import SMALL, finished_run

from iterprime_xai.training import captioning_options
from iterprime_xai.training.captioning import captioning_config


@pytest.fixture
def small(monkeypatch):
    """Every training that the options start is a small one; the lengths that were asked for are kept."""
    asked = []

    def make(minutes, steps, **changes):
        asked.append((minutes, steps, changes["seed"]))
        return captioning_config(minutes, steps, **{**SMALL, "seed": changes["seed"]})

    monkeypatch.setattr(captioning_options, "captioning_config", make)
    return asked


def test_it_trains_and_says_where_the_model_is(small, shape, tmp_path, capsys):
    run = finished_run(tmp_path / "run", shape)
    result = captioning_options.train_captions_from_options(run, steps=2, seed=3)
    assert result.finished
    assert small == [(None, 2, 3)]
    said = "".join(capsys.readouterr().err.split())
    assert "Trained2stepsin" in said
    assert "".join(str(run / "export").split()) in said


def test_without_a_length_it_takes_ten_minutes(small, tmp_path):
    with pytest.raises(OSError):
        captioning_options.train_captions_from_options(tmp_path)
    assert small == [(10.0, None, 0)]


def test_stopped_it_says_how_to_go_on(small, shape, tmp_path, capsys, monkeypatch):
    run = finished_run(tmp_path / "run", shape)
    train = captioning_options.train_captions

    def stopping(run, config, resume, listen):
        def heard(entry):
            listen(entry)
            if entry["event"] == "train":
                signal.raise_signal(signal.SIGINT)

        return train(run, config, resume, heard)

    monkeypatch.setattr(captioning_options, "train_captions", stopping)
    with pytest.raises(KeyboardInterrupt):
        captioning_options.train_captions_from_options(run, steps=5)
    said = "".join(capsys.readouterr().err.split())
    assert "Stoppedafter1steps" in said
    assert "--resume" in said
