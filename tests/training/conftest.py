"""Settings small enough for a training run of seconds."""

from __future__ import annotations

from typing import Any

import pytest

from iterprime_xai.training.config import ModelShape, TrainConfig

SHAPE = ModelShape(
    image_size=32,
    patch_size=8,
    vision_width=32,
    vision_layers=1,
    text_width=32,
    text_layers=1,
    heads=2,
    mlp_ratio=2,
    projection=16,
)


@pytest.fixture(scope="session")
def shape() -> ModelShape:
    """A model of some ten thousand weights."""
    return SHAPE


@pytest.fixture(scope="session")
def settings():
    """Makes small settings, with changes."""

    def make(**changes: Any) -> TrainConfig:
        small: dict[str, Any] = {
            "shape": SHAPE,
            "batch": 4,
            "part": 2,
            "pairs": 2,
            "pairs_kept": 4,
            "phrases": 2,
            "phrases_kept": 3,
            "look_share": 0.0,
            "threads": 2,
            "device": "cpu",
            "workers": 0,
            "chunk": 8,
            "pool": 16,
            "easy_chunks": 1,
            "reuse": 1.0,
            "warmup": 2,
            "validation_scenes": 4,
            "validate_every": 4,
            "checkpoint_every": 100,
            "log_every": 1,
        }
        if "minutes" not in changes:
            small["steps"] = 6
        return TrainConfig(**{**small, **changes})

    return make
