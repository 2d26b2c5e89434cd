"""A checkpoint of the contrastive training becomes a folder that stock ``CLIPModel`` and ``CLIPProcessor`` load, with its card."""

from __future__ import annotations

import json
from pathlib import Path

from iterprime_xai.records.errors import StorageError
from iterprime_xai.training.checkpoint import load_checkpoint
from iterprime_xai.training.clip_card import clip_card
from iterprime_xai.training.clip_network import build_clip
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.hub_folder import record_of, save_stock
from iterprime_xai.training.model_folder import TRAINING, write_json, written_beside
from iterprime_xai.training.tokenizer import build_clip_processor, build_tokenizer

INPUTS = ["input_ids", "attention_mask"]
"""What the tokenizer gives to the text tower."""


def export_clip(checkpoint: Path, folder: Path, figures: Path | None = None, remarks: str = "") -> Path:
    """Write the averaged weights of a run (or checkpoint file) as an fp16 model folder, and return the folder.

    ``figures`` is a JSON file of measured tables for the card (the ``card.json`` of ``benchmarks/encoder_quality.py``);
    ``remarks`` say on the card what the settings cannot. Files that are already in ``folder`` are replaced one by one.
    Raises ``StorageError``.
    """
    from safetensors import SafetensorError

    folder = Path(folder)
    state = load_checkpoint(Path(checkpoint))
    config = TrainConfig.from_dict(json.loads(state["config"]))
    words = [str(word) for word in state["words"]]
    tokenizer = build_tokenizer(words, config.shape.max_tokens)
    model = build_clip(config.shape, tokenizer.get_vocab(), config.seed)
    model.load_state_dict(state["average"])
    record = {"config": config.to_dict(), "start": str(state["start"]) or None}
    record |= record_of(state, model, figures, remarks)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with written_beside(folder) as beside:
            save_stock(model, build_clip_processor(tokenizer, config.shape.image_size), beside)
            settings = json.loads((beside / "tokenizer_config.json").read_text(encoding="utf-8"))
            # CLIP knows no token types, which a BERT tokenizer gives unless told otherwise.
            write_json(beside / "tokenizer_config.json", {**settings, "model_input_names": INPUTS})
            write_json(beside / TRAINING, record)
            (beside / "README.md").write_text(clip_card(record), encoding="utf-8")
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"The model cannot be written to {folder}: {error}. Free space or choose another folder."
        ) from error
    return folder
