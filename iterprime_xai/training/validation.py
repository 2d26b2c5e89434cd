"""How well statements of unseen scenes are decided while the training runs, per kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from iterprime_xai.training.forward import encode_images, match_margin, read_statements
from iterprime_xai.training.pool import Chunk


@torch.no_grad()
def margins(model: Any, chunk: Chunk, device: torch.device, batch: int = 32) -> np.ndarray:
    """Match minus no-match logit, float32 (n, pairs, 2): of each true statement and of its false twin."""
    found = []
    pairs = chunk.true.shape[1]
    for start in range(0, len(chunk.images), batch):
        rows = slice(start, start + batch)
        images = torch.from_numpy(chunk.images[rows]).to(device)
        both = np.concatenate([chunk.true[rows], chunk.false[rows]], axis=1).astype(np.int64)
        both = both[:, :, : int((both != 0).sum(-1).max())]
        states = read_statements(model, torch.from_numpy(both).to(device), encode_images(model, images))
        margin = match_margin(model, states)
        found.append(torch.stack([margin[:, :pairs], margin[:, pairs:]], dim=-1).float().cpu().numpy())
    return np.concatenate(found)


def accuracies(margin: np.ndarray, kinds: np.ndarray) -> dict[str, dict[str, float]]:
    """Per kind and for "all": ``accuracy`` (share of statements on the right side of 0), ``twins`` (share of pairs whose true
    statement scores higher; a tie counts half) and ``count`` of pairs.
    """
    right = ((margin[..., 0] > 0) * 0.5 + (margin[..., 1] <= 0) * 0.5).ravel()
    order = ((margin[..., 0] > margin[..., 1]) + 0.5 * (margin[..., 0] == margin[..., 1])).ravel()
    names = kinds.ravel()
    table = {"all": np.ones(len(names), bool), **{str(kind): names == kind for kind in np.unique(names)}}
    return {
        kind: {"accuracy": float(right[rows].mean()), "twins": float(order[rows].mean()), "count": int(rows.sum())}
        for kind, rows in table.items()
    }
