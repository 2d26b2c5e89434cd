"""How well pictures and texts of unseen scenes find each other while the contrastive training runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from iterprime_xai.data.scenes.vocabulary import COLOURS
from iterprime_xai.training.clip_needs import NAMES
from iterprime_xai.training.clip_network import picture_vectors, text_vectors
from iterprime_xai.training.clip_pool import contrasted
from iterprime_xai.training.clip_views import Views


@torch.no_grad()
def encode(model: Any, images: np.ndarray, device: torch.device, batch: int = 64) -> torch.Tensor:
    """Normalised vectors (n, width) of uint8 pictures."""
    parts = [torch.from_numpy(images[start : start + batch]).to(device) for start in range(0, len(images), batch)]
    return functional.normalize(torch.cat([picture_vectors(model, part) for part in parts]).float(), dim=-1)


@torch.no_grad()
def view_accuracies(model: Any, tokenizer: Any, views: Views, device: torch.device) -> dict[str, dict[str, float]]:
    """Per kind of view: ``noun`` (right among all), ``colour`` (right among all), ``twins`` (share of texts above their false
    twin), ``count`` of views, as far as a kind has them: the first two are of single things, asked for in bare words.
    """
    pictures = encode(model, views.images, device)
    asked = [*NAMES, *(f"{colour} thing" for colour in COLOURS)]
    ids = tokenizer(asked, padding=True, return_tensors="pt")["input_ids"].to(device)
    words = functional.normalize(text_vectors(model, ids).float(), dim=-1)
    scores = (pictures @ words.T).cpu().numpy()
    nouns, colours = scores[:, : len(NAMES)].argmax(1), scores[:, len(NAMES) :].argmax(1)
    every = np.arange(views.true.shape[1])
    told = contrasted([(views, row) for row in range(len(views.images))], [every] * len(views.images))
    cosine = (
        pictures @ functional.normalize(text_vectors(model, torch.from_numpy(told.tokens).to(device)).float(), dim=-1).T
    )
    place = {tuple(row[row != 0].tolist()): number for number, row in enumerate(told.tokens)}
    table: dict[str, dict[str, float]] = {}
    for kind in np.unique(views.kinds).tolist():
        rows = np.flatnonzero(views.kinds == kind)
        wins = [
            float(cosine[row, place[_key(true)]] > cosine[row, place[_key(false)]])
            for row in rows.tolist()
            for true, false in zip(views.true[row], views.false[row], strict=True)
            if true.any() and false.any()
        ]
        alone = rows[views.noun[rows] >= 0]
        row_of_table: dict[str, float] = {"count": len(rows)}
        if wins:
            row_of_table["twins"] = float(np.mean(wins))
        if len(alone):
            row_of_table["noun"] = float((nouns[alone] == views.noun[alone]).mean())
            row_of_table["colour"] = float((colours[alone] == views.colour[alone]).mean())
        table[str(kind)] = row_of_table
    return table


def _key(row: np.ndarray) -> tuple[int, ...]:
    return tuple(row[row != 0].tolist())
