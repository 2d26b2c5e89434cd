"""Training runs: they learn, stop, go on as if nothing had happened, and end."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from iterprime_xai.records import StorageError
from iterprime_xai.training.checkpoint import load_checkpoint
from iterprime_xai.training.log import read_log
from iterprime_xai.training.optimizer import FLOOR, build_optimisers, follow, rate_at
from iterprime_xai.training.trainer import train
from iterprime_xai.training.validation import accuracies


def test_rate_rises_stays_and_falls():
    assert rate_at(0, 0.0, 10) == pytest.approx(0.1)
    assert rate_at(9, 0.1, 10) == pytest.approx(1.0)
    assert rate_at(40, 0.4, 10) == pytest.approx(1.0)
    assert rate_at(70, 0.7, 10) == pytest.approx(FLOOR + (1 - FLOOR) / 2)
    assert rate_at(99, 1.0, 10) == pytest.approx(FLOOR)


def test_every_weight_belongs_to_one_optimiser_and_norms_are_not_orthogonalised(settings):
    from iterprime_xai.training.network import build_model
    from iterprime_xai.training.tokenizer import vocabulary

    config = settings(muon_rate=0.002)
    model = build_model(config.shape, vocabulary(["a"]), 0)
    adam, *muons = build_optimisers([model], config)
    everything, matrices = (
        [weight for optimiser in several for group in optimiser.param_groups for weight in group["params"]]
        for several in ((adam, *muons), muons)
    )
    assert sorted(map(id, everything)) == sorted(map(id, model.parameters()))
    assert len(muons) == 2, "two, which two threads can step side by side"
    fast = {id(weight) for weight in matrices}
    named = dict(model.named_parameters())
    assert id(named["text_encoder.encoder.layer.0.crossattention.self.query.weight"]) in fast
    assert id(named["vision_model.encoder.layers.0.mlp.fc1.weight"]) in fast
    assert id(named["text_encoder.embeddings.word_embeddings.weight"]) not in fast
    assert all(weight.ndim == 2 for weight in matrices)
    assert len(build_optimisers([model], replace(config, muon_rate=0.0))) == 1


def test_average_moves_by_the_share_that_decay_leaves():
    module = torch.nn.Linear(1, 1, bias=False)
    average = {"weight": torch.zeros(1, 1)}
    with torch.no_grad():
        module.weight.fill_(1.0)
    follow(average, module, decay=0.75, step=10_000)
    assert float(average["weight"]) == pytest.approx(0.25)


def test_accuracies_count_sides_order_and_ties():
    margin = np.array([[[1.0, -1.0], [2.0, 1.0]], [[-1.0, -1.0], [0.5, 3.0]]])
    kinds = np.array([["colour", "place"], ["colour", "place"]])
    table = accuracies(margin, kinds)
    assert table["colour"] == {"accuracy": 0.75, "twins": 0.75, "count": 2}
    assert table["place"] == {"accuracy": 0.5, "twins": 0.5, "count": 2}
    assert table["all"]["count"] == 4


def _losses(out) -> list[float]:
    return [entry["total"] for entry in read_log(out) if entry["event"] == "train"]


def test_resumed_run_takes_the_very_steps_of_an_uninterrupted_one(settings, tmp_path):
    config = settings(steps=6, look_share=0.6)  # it is stopped while it looks, and goes on to read
    assert train(config, tmp_path / "whole").finished
    stopped = tmp_path / "stopped"

    def stop_at_three(entry):
        if entry["event"] == "train" and entry["step"] == 3:
            os.kill(os.getpid(), signal.SIGTERM) if os.name == "posix" else signal.raise_signal(signal.SIGINT)

    first = train(config, stopped, listen=stop_at_three)
    assert not first.finished
    assert first.steps == 3
    second = train(config, stopped, resume=True)
    assert second.finished
    assert _losses(stopped) == _losses(tmp_path / "whole")
    one, two = (load_checkpoint(tmp_path / name)["average"] for name in ("whole", "stopped"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_signal_handlers_are_given_back(settings, tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    train(settings(steps=1), tmp_path)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize("fails", [False, True])
def test_number_of_threads_is_given_back(settings, tmp_path, monkeypatch, fails):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        if fails:
            monkeypatch.setattr("iterprime_xai.training.trainer.take_steps", lambda *parts, **more: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                train(settings(steps=1), tmp_path)
        else:
            train(settings(steps=1), tmp_path)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_file_in_the_place_of_the_folder_is_a_storage_error(settings, tmp_path):
    (tmp_path / "run").write_text("mine", encoding="utf-8")
    with pytest.raises(StorageError, match="another folder"):
        train(settings(steps=1), tmp_path / "run")
    assert (tmp_path / "run").read_text(encoding="utf-8") == "mine"


def test_threads_do_not_change_the_result(settings, tmp_path):
    train(settings(steps=3, threads=1), tmp_path / "one")
    train(settings(steps=3, threads=2), tmp_path / "two")
    assert _losses(tmp_path / "one") == _losses(tmp_path / "two")


def test_log_tells_speed_losses_and_accuracy_per_kind(settings, tmp_path):
    result = train(settings(steps=4), tmp_path)
    entries = read_log(tmp_path)
    assert [entry["event"] for entry in entries][:2] == ["start", "train"]
    assert entries[-1]["event"] == "end"
    step = next(entry for entry in entries if entry["event"] == "train")
    assert {"cell", "matching", "twin", "referent", "contrast"} <= set(step)
    assert {"accuracy", "cell_accuracy", "referent_accuracy", "rate", "scenes_per_second", "seconds"} <= set(step)
    assert "all" in result.figures
    assert any(kind.endswith(" phrase") for kind in result.figures)


def test_run_looks_first_and_reads_later(settings, tmp_path):
    train(settings(steps=4, look_share=0.5), tmp_path)
    entries = [entry for entry in read_log(tmp_path) if entry["event"] == "train"]
    assert [entry["matching"] > 0 for entry in entries] == [False, False, True, True]
    assert all(entry["cell"] > 0 for entry in entries)


def test_budget_of_minutes_ends_the_run(settings, tmp_path):
    result = train(settings(minutes=1e-6), tmp_path)
    assert result.finished
    assert result.steps == 1


def test_run_learns_a_handful_of_scenes(settings, tmp_path):
    # One chunk of eight scenes with two pairs of each sort, seen again and again, can be learned by heart.
    config = settings(
        steps=150, batch=8, part=8, pool=8, pairs_kept=2, phrases_kept=2, reuse=1000.0, bf16=False, rate=3e-3, log_every=25,
    )  # fmt: skip
    train(replace(config, validate_every=1000), tmp_path)
    entries = [entry for entry in read_log(tmp_path) if entry["event"] == "train"]
    for name in ("cell", "matching", "twin", "referent", "contrast"):
        assert entries[-1][name] < 0.6 * entries[0][name], name


def test_a_folder_with_a_run_is_not_overwritten_and_none_is_not_resumed(settings, tmp_path):
    with pytest.raises(StorageError, match="--resume"):
        train(settings(), tmp_path / "none", resume=True)
    train(settings(steps=1), tmp_path)
    with pytest.raises(StorageError, match="already holds"):
        train(settings(steps=1), tmp_path)


def test_another_vocabulary_is_refused_on_resume(settings, tmp_path, monkeypatch):
    train(settings(steps=1), tmp_path)
    monkeypatch.setattr("iterprime_xai.data.scenes.statements.vocabulary_words", lambda: ["dog"])
    with pytest.raises(StorageError, match="another vocabulary"):
        train(settings(steps=2), tmp_path, resume=True)


def test_cuda_that_is_not_there_is_named(settings, tmp_path, monkeypatch):
    from iterprime_xai.records import OptionError

    monkeypatch.setattr(torch, "cuda", SimpleNamespace(is_available=lambda: False))
    with pytest.raises(OptionError, match="cuda"):
        train(settings(device="cuda"), tmp_path)
