"""What one contrastive step looks at: pictures, the distinct texts said of them, and what is surely true and false of which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from iterprime_xai.training.clip_views import Views, compose_views
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.pool import ScenePool


@dataclass(frozen=True, eq=False)
class Contrast:
    """``images`` uint8 (n, side, side, 3); ``tokens`` int64 (texts, length), each text once; ``positive``, ``negative`` bool
    (n, texts): said of this picture, and surely false of it. What is neither is left out of the loss.
    """

    images: np.ndarray
    tokens: np.ndarray
    positive: np.ndarray
    negative: np.ndarray


class ViewPool(ScenePool):
    """The pool of scenes with views of them in the place of pictures; a chunk counts views."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(config, cast(Any, partial(compose_views, config=config)))

    def batch(self, step: int) -> Any:
        """The views of this step, each with ``config.pairs`` of its pairs (:class:`Contrast`)."""
        config = self.config
        rows, rng = self.drawn(step, 7)
        pairs = [rng.permutation(config.pairs_kept)[: config.pairs] for _ in rows]
        return contrasted(rows, pairs)


def contrasted(rows: list[tuple[Views, int]], pairs: list[np.ndarray]) -> Contrast:
    """The views ``rows``, (chunk, place) each, with these ``pairs`` of their texts, as a batch."""
    length = max(chunk.true.shape[-1] for chunk, _ in rows)
    count = len(rows)
    texts = np.zeros((count, 2, len(pairs[0]), length), np.int16)
    needs = np.empty((*texts.shape[:3], rows[0][0].true_needs.shape[-1]), np.int16)
    for place, ((chunk, row), few) in enumerate(zip(rows, pairs, strict=True)):
        for side, name in enumerate(("true", "false")):
            told = getattr(chunk, name)[row, few]
            texts[place, side, :, : told.shape[-1]] = told
            needs[place, side] = getattr(chunk, f"{name}_needs")[row, few]
    flat = texts.reshape(-1, length)
    distinct, first, where = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    where = where.reshape(count, 2, -1)
    positive = np.zeros((count, len(distinct)), bool)
    own_false = np.zeros_like(positive)
    np.put_along_axis(positive, where[:, 0], True, axis=1)
    np.put_along_axis(own_false, where[:, 1], True, axis=1)
    shown = np.stack([chunk.shown[row] for chunk, row in rows])
    asked = needs.reshape(len(flat), -1)[first]
    wanted = np.zeros((len(distinct), shown.shape[1] + 1), np.float32)
    np.put_along_axis(wanted, asked.astype(np.int64), 1.0, axis=1)  # -1, nothing more, is the last place
    lacking = (~shown).astype(np.float32) @ wanted[:, :-1].T > 0
    real = distinct.any(axis=1)
    negative = (own_false | lacking) & ~positive
    kept = np.flatnonzero(real)
    tokens = distinct[kept].astype(np.int64)
    tokens = tokens[:, : int((tokens != 0).sum(-1).max())]
    return Contrast(np.stack([chunk.images[row] for chunk, row in rows]), tokens, positive[:, kept], negative[:, kept])
