"""A checkpoint becomes a folder in the hub's layout that stock ``transformers`` loads, with its model card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from iterprime_xai.models.profiles import Profile
from iterprime_xai.models.profiles import write as write_profile
from iterprime_xai.records.errors import StorageError
from iterprime_xai.training.card import card
from iterprime_xai.training.checkpoint import load_checkpoint
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.model_folder import TRAINING, write_json, written_beside
from iterprime_xai.training.network import build_model
from iterprime_xai.training.tokenizer import build_processor, build_tokenizer

LOCAL_KEYS = ("is_local", "local_files_only", "name_or_path")
"""What saving writes about where the tokenizer was loaded from; it says nothing about the model."""

DOMAIN = "drawn scenes"
"""What the model is good for, as its profile says."""


def export(
    checkpoint: Path,
    folder: Path,
    figures: Path | None = None,
    layer: int | None = None,
    validated: str = "",
    remarks: str = "",
) -> Path:
    """Write the averaged weights of a run (or checkpoint file) as an fp16 model folder, and return the folder.

    ``figures`` is a JSON file of measured tables for the card (the ``card.json`` of ``benchmarks/quality.py``); without it the
    card carries the run's last validation only. Its ``threshold``, where it has one, goes into the profile. ``layer`` is the text
    layer to read by default, and ``validated`` says on what it was chosen; ``remarks`` say on the card what the settings cannot
    (that they were changed under way, say). Files that are already in ``folder`` are replaced one by
    one, each in one move; the run's captioner comes along where it has one, and a captioner that was trained on other weights is
    removed. Raises ``StorageError``.
    """
    from safetensors import SafetensorError

    folder = Path(folder)
    state = load_checkpoint(Path(checkpoint))
    config = TrainConfig.from_dict(json.loads(state["config"]))
    words = [str(word) for word in state["words"]]
    tokenizer = build_tokenizer(words, config.shape.max_tokens)
    model = build_model(config.shape, tokenizer.get_vocab(), config.seed)
    model.load_state_dict(state["average"])
    processor = build_processor(tokenizer, config.shape.image_size)
    record = record_of(state, model, figures, remarks)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with written_beside(folder) as beside:
            save_stock(model, processor, beside)
            threshold = record["figures"].get("threshold")
            write_profile(Profile(layer, "cls", validated, DOMAIN, closed_vocabulary=True, threshold=threshold), beside)
            write_json(beside / TRAINING, record)
            (beside / "README.md").write_text(card(record), encoding="utf-8")
        _refresh_captioner(Path(checkpoint), folder)
    except StorageError:
        raise
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"The model cannot be written to {folder}: {error}. Free space or choose another folder."
        ) from error
    return folder


def record_of(state: dict[str, Any], model: Any, figures: Path | None, remarks: str) -> dict[str, Any]:
    """What a card and ``training.json`` say of a run, from its checkpoint's state and the ``model`` that it became."""
    config = TrainConfig.from_dict(json.loads(state["config"]))
    return {
        "config": config.to_dict(),
        "steps": int(state["step"]),
        "seconds": float(state["seconds"]),
        "hardware": str(state["hardware"]) if "hardware" in state else f"{config.threads} CPU threads",
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "validation": json.loads(state["figures"]),
        "figures": read_figures(figures) if figures is not None else {},
        "words": [str(word) for word in state["words"]],
        "remarks": remarks,
    }


def save_stock(model: Any, processor: Any, folder: Path) -> None:
    """Write a model in half precision and its processor as stock ``transformers`` of any version reads them."""
    import torch

    model.to(torch.float16).save_pretrained(folder)
    processor.save_pretrained(folder)
    # Versions before 5 look for the picture's settings under this name.
    settings = json.loads((folder / "processor_config.json").read_text(encoding="utf-8"))
    write_json(folder / "preprocessor_config.json", settings["image_processor"])
    forget_place(folder / "tokenizer_config.json")


def _refresh_captioner(checkpoint: Path, folder: Path) -> None:
    """A captioner in the folder must have been trained on these weights: the run's own is written, another removed."""
    from iterprime_xai.models.captioner import FOLDER, tower_print, trained_on
    from iterprime_xai.training.captioning_folder import export_captioner, has_captioner

    run, tower = checkpoint if checkpoint.is_dir() else checkpoint.parent, tower_print(folder)
    if has_captioner(run) and tower_print(load_checkpoint(run / FOLDER)["tower"]) == tower:
        export_captioner(run, folder)
    elif (folder / FOLDER).is_dir() and trained_on(folder / FOLDER) != tower:
        shutil.rmtree(folder / FOLDER)


def read_figures(path: Path) -> dict[str, Any]:
    """A JSON object of measured figures for a card."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise StorageError(f"The figures for the model card cannot be read from {path}: {error}") from error
    if not isinstance(found, dict):
        raise StorageError(
            f"The figures for the model card must be a JSON object, but {path} holds {type(found).__name__}."
        )
    return found


def forget_place(path: Path) -> None:
    """Take out of a saved tokenizer's settings where it was loaded from."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, {name: value for name, value in settings.items() if name not in LOCAL_KEYS})
