"""Training settings: what is refused, and the way to JSON and back."""

from __future__ import annotations

import json

import pytest

from iterprime_xai.records import OptionError
from iterprime_xai.training import TrainConfig
from iterprime_xai.training.config import ModelShape


def test_settings_survive_json():
    config = TrainConfig(steps=7, shape=ModelShape(text_layers=3), seed=5)
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_settings_of_another_version_are_refused_by_name():
    with pytest.raises(OptionError, match="colour_jitter"):
        TrainConfig.from_dict({**TrainConfig(steps=1).to_dict(), "colour_jitter": 1})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"steps": None}, "steps or minutes"),
        ({"minutes": 1.0}, "not both"),
        ({"steps": 0}, "steps must be above 0"),
        ({"pairs": 99}, "pairs_kept"),
        ({"phrases": 99}, r"phrases \(99\) cannot exceed phrases_kept \(10\)"),
        ({"phrases": 0}, "phrases must be above 0"),
        ({"pool": 1000}, "multiple of chunk"),
        ({"part": 5}, "part must divide"),
        ({"device": "tpu"}, "'tpu'"),
    ],
)
def test_impossible_settings_are_refused(changes, word):
    with pytest.raises(OptionError, match=word):
        TrainConfig(**{"steps": 1, **changes})


@pytest.mark.parametrize(("changes", "word"), [({"text_width": 100}, "text_width"), ({"patch_size": 9}, "patch_size")])
def test_impossible_shapes_are_refused(changes, word):
    with pytest.raises(OptionError, match=word):
        ModelShape(**changes)


def test_settings_of_a_run_that_guessed_hidden_words_are_refused():
    with pytest.raises(OptionError, match="correction_weight"):
        TrainConfig.from_dict({**TrainConfig(steps=1).to_dict(), "correction_weight": 0.3})


def test_a_scene_is_used_about_as_often_as_asked():
    config = TrainConfig(steps=1, batch=32, chunk=512, reuse=4.0)
    assert config.steps_per_chunk == 64
