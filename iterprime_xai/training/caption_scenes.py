"""Pictures of scenes with what is said of them, for the captioner: composed like those of the retrieval model, without twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.pool import RENDER_SIZES, ScenePool, training_atlas

DESCRIPTIONS, STATEMENTS, PHRASES = 5, 2, 1
"""Captions kept of a scene: descriptions of it, of which the first is its one plain caption, true statements, and phrases."""

KEPT = DESCRIPTIONS + STATEMENTS + PHRASES


@dataclass(frozen=True, eq=False)
class Captioned:
    """Pictures and what is said of them.

    ``images`` uint8 (n, side, side, 3), or, once the image tower has looked at them, its tokens, float16 (n, 1 + patches, width).
    ``captions`` token ids (n, captions, length): [DEC], words, [SEP], padded with 0.
    """

    images: np.ndarray
    captions: np.ndarray


def compose_captions(
    number: int, config: TrainConfig, split: str = "train", scenes: int | None = None, kept: int = KEPT
) -> Captioned:
    """Compose, draw and caption ``scenes`` scenes (default: a chunk); the same number and settings give the same ones.

    Of every scene the first ``kept`` captions are kept. In the split "train" scenes are drawn by many artists and hands.
    """
    from PIL import Image

    from iterprime_xai.data.scenes.generate import generate
    from iterprime_xai.data.scenes.render import render_image
    from iterprime_xai.data.scenes.wording import vocabulary_words
    from iterprime_xai.training.tokenizer import build_tokenizer

    side, count = config.shape.image_size, scenes or config.chunk
    tokenizer = build_tokenizer(vocabulary_words(), config.shape.max_tokens)
    images = np.empty((count, side, side, 3), np.uint8)
    texts: list[str] = []
    for row in range(count):
        index = number * config.chunk + row
        rng = np.random.default_rng([config.seed, index + 1, 4])
        scene = generate(config.seed, index, split, training_atlas(rng) if split == "train" else None)
        size = side * int(rng.choice(RENDER_SIZES))
        picture = Image.fromarray(render_image(scene, size))
        images[row] = np.asarray(picture if size == side else picture.resize((side, side), Image.Resampling.BICUBIC))
        texts += captions_of(scene, rng, kept)
    ids = tokenizer(texts, padding=True, truncation=True, max_length=config.shape.max_tokens)["input_ids"]
    tokens = np.asarray(ids, np.int16).reshape(count, kept, -1)
    tokens[..., 0] = tokenizer.convert_tokens_to_ids("[DEC]")
    return Captioned(images, tokens)


def captions_of(scene: Any, rng: np.random.Generator, kept: int = KEPT) -> list[str]:
    """``kept`` captions of a scene, the plain one first."""
    from iterprime_xai.data.scenes.captions import scene_caption
    from iterprime_xai.data.scenes.dice import Dice
    from iterprime_xai.data.scenes.statements import phrase_pairs, statement_pairs

    plain = scene_caption(scene).text
    texts, dice = [plain], Dice(int(rng.integers(2**63)))
    while len(texts) < min(kept, DESCRIPTIONS):
        texts.append(scene_caption(scene, dice).text)
    if kept > DESCRIPTIONS:
        texts += [pair.true for pair in statement_pairs(scene, rng, STATEMENTS)]
        texts += [pair.true for pair in phrase_pairs(scene, rng, PHRASES)]
    return (texts + [plain] * kept)[:kept]


class CaptionPool(ScenePool):
    """The pool of scenes with captions in the place of statements; ``config.pairs`` of them a picture and step.

    ``encode`` turns pictures into image tokens, once for every picture however often it is used.
    """

    def __init__(self, config: TrainConfig, encode: Callable[[np.ndarray], np.ndarray]) -> None:
        super().__init__(config, cast(Any, partial(compose_captions, config=config, kept=config.pairs_kept)))
        self._encode = encode

    def _obtain(self, number: int) -> Any:
        fresh = number not in self._chunks
        chunk: Any = super()._obtain(number)
        if fresh:
            chunk = self._chunks[number] = cast(Any, Captioned(self._encode(chunk.images), chunk.captions))
        return chunk

    def batch(self, step: int) -> Any:
        """The pictures of this step, each with its plain caption and others drawn at random (:class:`Captioned`)."""
        config = self.config
        rows, rng = self.drawn(step, 5)
        others = [1 + rng.permutation(config.pairs_kept - 1)[: config.pairs - 1] for _ in rows]
        told = [chunk.captions[row, [0, *few]] for (chunk, row), few in zip(rows, others, strict=True)]
        return Captioned(np.stack([chunk.images[row] for chunk, row in rows]), fitted(told))


def fitted(captions: list[np.ndarray]) -> np.ndarray:
    """Captions of several pictures, each (captions, length), as int64 of the length of the longest."""
    length = max(int((each != 0).sum(-1).max()) for each in captions)
    found = np.zeros((len(captions), len(captions[0]), length), np.int64)
    for place, each in enumerate(captions):
        width = min(length, each.shape[-1])
        found[place, :, :width] = each[:, :width]
    return found
