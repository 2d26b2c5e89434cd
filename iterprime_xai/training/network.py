"""The miniature BLIP: configuration and initial weights, in the stock ``transformers`` classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.training.config import ModelShape

if TYPE_CHECKING:
    from transformers import BlipConfig


def build_config(shape: ModelShape, vocabulary: dict[str, int]) -> BlipConfig:
    """A stock ``BlipConfig`` of this shape for a tokenizer's vocabulary."""
    from transformers import BlipConfig

    return BlipConfig(
        text_config={
            "vocab_size": len(vocabulary),
            "hidden_size": shape.text_width,
            "encoder_hidden_size": shape.vision_width,
            "intermediate_size": round(shape.text_width * shape.mlp_ratio),
            "projection_dim": shape.projection,
            "num_hidden_layers": shape.text_layers,
            "num_attention_heads": shape.heads,
            "max_position_embeddings": shape.max_tokens,
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
            "initializer_range": 0.05,
            "pad_token_id": vocabulary["[PAD]"],
            "bos_token_id": vocabulary["[DEC]"],
            "sep_token_id": vocabulary["[SEP]"],
            "eos_token_id": vocabulary["[SEP]"],
            "is_decoder": True,
        },
        vision_config={
            "hidden_size": shape.vision_width,
            "intermediate_size": round(shape.vision_width * shape.mlp_ratio),
            "projection_dim": shape.projection,
            "num_hidden_layers": shape.vision_layers,
            "num_attention_heads": shape.heads,
            "image_size": shape.image_size,
            "patch_size": shape.patch_size,
            "initializer_range": 0.02,
        },
        projection_dim=shape.projection,
        image_text_hidden_size=shape.projection,
        initializer_range=0.05,
    )


def sincos_positions(grid: int, width: int) -> np.ndarray:
    """2-D sine-cosine position embedding, float32 (grid * grid, width): half the channels for rows, half for columns."""
    quarter = width // 4
    # Wave lengths from 4 grids down to 2 patches: the slow ones order the whole picture, the fast ones tell neighbours apart.
    frequency = 2 * np.pi / np.geomspace(4 * grid, 2, quarter)
    angle = np.arange(grid)[:, None] * frequency[None]
    line = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
    rows = np.repeat(line, grid, axis=0)
    columns = np.tile(line, (grid, 1))
    return np.concatenate([rows, columns], axis=1).astype(np.float32)


def build_model(shape: ModelShape, vocabulary: dict[str, int], seed: int) -> Any:
    """A fresh ``BlipForImageTextRetrieval`` with deterministic weights and ordered position embeddings."""
    import torch
    from transformers import BlipForImageTextRetrieval

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BlipForImageTextRetrieval(build_config(shape, vocabulary))
    positions = torch.from_numpy(sincos_positions(shape.grid, shape.vision_width))
    with torch.no_grad():
        # Learned from here on; scaled to the size of a patch embedding at the start.
        model.vision_model.embeddings.position_embedding[0, 1:] = 0.5 * positions
    return model
