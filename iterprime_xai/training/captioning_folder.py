"""A trained captioner goes into a model folder: its decoder alone, since the image tower is there already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from iterprime_xai.models.captioner import FOLDER, TIED, TOWER, tower_print
from iterprime_xai.records.errors import StorageError
from iterprime_xai.training.checkpoint import NAME, load_checkpoint
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.model_folder import TRAINING, write_json, written_beside
from iterprime_xai.training.network import build_config
from iterprime_xai.training.tokenizer import build_tokenizer


def export_captioner(run: Path, folder: Path) -> Path:
    """Write the averaged decoder of the captioner of ``run`` into ``folder/captioning`` as fp16, and return that folder.

    ``folder`` holds the run's exported model (it is written first where there is none). Raises ``StorageError`` when its image
    tower is not the one that the captioner was trained on, or it cannot be written.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    run, folder = Path(run), Path(folder)
    state = load_checkpoint(run / FOLDER)
    if not (folder / "config.json").is_file():
        from iterprime_xai.training.hub_folder import export

        export(run, folder)
    tower = tower_print(state["tower"])
    try:
        if tower != tower_print(folder):
            raise StorageError(
                f"The image tower in {folder} is not the one that the captioner of {run} was trained on; export the same "
                "run's model there first."
            )
        config = TrainConfig.from_dict(json.loads(state["config"]))
        vocabulary = build_tokenizer(state["words"], config.shape.max_tokens).get_vocab()
        settings = build_config(config.shape, vocabulary)
        settings.architectures = ["BlipForConditionalGeneration"]
        # The word matrix is stored once, under the name of the embeddings, as stock saving does.
        named = {f"text_decoder.{name}": value for name, value in state["average"].items()}
        weights = {name: value.to(torch.float16).contiguous() for name, value in named.items() if name not in TIED}
        with written_beside(folder / FOLDER) as beside:
            settings.save_pretrained(beside)
            save_file(weights, beside / "model.safetensors", {"format": "pt", TOWER: tower})
            write_json(beside / TRAINING, _record(state, config, weights))
    except StorageError:
        raise
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"The captioner cannot be written to {folder / FOLDER}: {error}. Free space or choose another folder."
        ) from error
    return folder / FOLDER


def export_beside(run: Path) -> Path:
    """Put the captioner of ``run`` into ``run/export``; a model there of an earlier step of the run is written anew first."""
    from iterprime_xai.training.hub_folder import export

    folder = Path(run) / "export"
    if (folder / "config.json").is_file():
        tower = load_checkpoint(Path(run) / FOLDER)["tower"]
        if tower_print(folder) != tower_print(tower):
            export(Path(run), folder)
    return export_captioner(run, folder)


def has_captioner(run: Path) -> bool:
    """Whether a run's folder holds a trained captioner."""
    return (Path(run) / FOLDER / NAME).is_file()


def _record(state: dict[str, Any], config: TrainConfig, weights: dict[str, Any]) -> dict[str, Any]:
    """What the captioner learned from and how long, for people who find its folder."""
    names = ("batch", "pairs", "rate", "ema", "seed", "reuse", "bf16")
    return {
        "objective": "next word of captions of drawn scenes, label smoothing 0.1, frozen image tower",
        "steps": int(state["step"]),
        "seconds": float(state["seconds"]),
        "hardware": str(state["hardware"]),
        "parameters": sum(value.numel() for value in weights.values()),
        "settings": {name: getattr(config, name) for name in names},
        "validation": json.loads(state["figures"]),
    }
