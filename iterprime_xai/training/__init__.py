"""How the bundled models are trained: image-text pairs of generated scenes in, stock BLIP and CLIP folders out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.training.captioning import train_captions
    from iterprime_xai.training.captioning_folder import export_captioner
    from iterprime_xai.training.captioning_options import train_captions_from_options
    from iterprime_xai.training.clip_folder import export_clip
    from iterprime_xai.training.clip_options import train_clip_from_options
    from iterprime_xai.training.clip_training import train_clip
    from iterprime_xai.training.config import TrainConfig
    from iterprime_xai.training.hub_folder import export
    from iterprime_xai.training.options import train_from_options
    from iterprime_xai.training.trainer import train

_WHERE = {
    "TrainConfig": "iterprime_xai.training.config",
    "export": "iterprime_xai.training.hub_folder",
    "export_captioner": "iterprime_xai.training.captioning_folder",
    "export_clip": "iterprime_xai.training.clip_folder",
    "train": "iterprime_xai.training.trainer",
    "train_captions": "iterprime_xai.training.captioning",
    "train_captions_from_options": "iterprime_xai.training.captioning_options",
    "train_clip": "iterprime_xai.training.clip_training",
    "train_clip_from_options": "iterprime_xai.training.clip_options",
    "train_from_options": "iterprime_xai.training.options",
}

__all__ = [
    "TrainConfig",
    "export",
    "export_captioner",
    "export_clip",
    "train",
    "train_captions",
    "train_captions_from_options",
    "train_clip",
    "train_clip_from_options",
    "train_from_options",
]


def __getattr__(name: str) -> Any:
    """Import on first use: reading the settings must not load torch."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
