"""Scenes with their proved statements, composed in advance and refreshed while the training runs.

A chunk is a pure function of its number and the settings, and the chunks that a step may draw from are a function of the step:
so a resumed run sees what the first one would have seen.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np

from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.curriculum import EVERYTHING, Grade, grade_of, graded_pairs

RENDER_SIZES = (1, 1, 2, 3)
"""A scene is drawn at one of these multiples of the model's side and shrunk, as pictures of any size are in use."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Composed scenes: ``images`` uint8 (n, side, side, 3); token ids int16 (n, pairs, length) of the ``true`` and ``false``
    statement of each pair, padded with 0; ``kinds`` and ``changed`` str (n, pairs).
    """

    images: np.ndarray
    true: np.ndarray
    false: np.ndarray
    kinds: np.ndarray
    changed: np.ndarray


@dataclass(frozen=True, eq=False)
class Batch:
    """What one step looks at: ``images`` uint8 (b, side, side, 3), token ids int64 (b, pairs, length), padded with 0."""

    images: np.ndarray
    true: np.ndarray
    false: np.ndarray


def compose_chunk(
    number: int, config: TrainConfig, split: str = "train", grade: Grade = EVERYTHING, scenes: int | None = None
) -> Chunk:
    """Compose, draw and caption ``scenes`` scenes (default: a chunk); the same number and settings give the same ones."""
    from PIL import Image

    from iterprime_xai.data.scenes.generate import generate
    from iterprime_xai.data.scenes.render import render_image
    from iterprime_xai.data.scenes.statements import vocabulary_words
    from iterprime_xai.training.tokenizer import build_tokenizer

    side, count = config.shape.image_size, scenes or config.chunk
    tokenizer = build_tokenizer(vocabulary_words(), config.shape.max_tokens)
    images = np.empty((count, side, side, 3), np.uint8)
    texts: list[str] = []
    kinds: list[list[str]] = []
    changed: list[list[str]] = []
    index = number * config.chunk * 64
    while len(kinds) < count:
        scene = generate(config.seed, index, split)
        index += 1
        rng = np.random.default_rng([config.seed, index, 2])
        pairs = graded_pairs(scene, rng, config.pairs_kept, grade)
        if not pairs:
            continue
        # A scene that proves fewer pairs than asked for is asked the same ones more often.
        pairs = [pairs[place % len(pairs)] for place in range(config.pairs_kept)]
        size = side * int(rng.choice(RENDER_SIZES))
        picture = Image.fromarray(render_image(scene, size))
        if size != side:
            picture = picture.resize((side, side), Image.Resampling.BICUBIC)
        images[len(kinds)] = np.asarray(picture)
        texts += [text for pair in pairs for text in (pair.true, pair.false)]
        kinds.append([pair.kind for pair in pairs])
        changed.append([pair.changed for pair in pairs])
    ids = tokenizer(texts, padding=True, truncation=True, max_length=config.shape.max_tokens)["input_ids"]
    tokens = np.asarray(ids, np.int16).reshape(count, config.pairs_kept, 2, -1)
    return Chunk(images, tokens[:, :, 0], tokens[:, :, 1], np.asarray(kinds), np.asarray(changed))


def _quiet_worker() -> None:
    """Leave Ctrl-C to the parent, and yield the processor to the training."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if hasattr(os, "nice"):
        os.nice(3)


class ScenePool:
    """The chunks that the current step may draw from, with the next ones under way in the background.

    ``compose(number)`` makes a chunk; with ``workers`` 0 it is called in this process when the chunk is needed.
    """

    def __init__(self, config: TrainConfig, compose: Callable[[int], Chunk] | None = None) -> None:
        self.config = config
        self._compose = compose
        self._chunks: dict[int, Chunk] = {}
        self._coming: dict[int, Future[Chunk]] = {}
        self._executor: ProcessPoolExecutor | None = None
        if config.workers:
            self._executor = ProcessPoolExecutor(config.workers, get_context("spawn"), _quiet_worker)

    def numbers(self, step: int) -> range:
        """Numbers of the chunks that this step draws from."""
        config = self.config
        newest = config.easy_chunks - 1 + step // config.steps_per_chunk
        return range(max(0, newest + 1 - config.pool // config.chunk), newest + 1)

    def _request(self, number: int) -> None:
        if self._executor is None or number in self._coming or number in self._chunks:
            return
        if self._compose is not None:
            self._coming[number] = self._executor.submit(self._compose, number)
        else:
            self._coming[number] = self._executor.submit(
                compose_chunk, number, self.config, "train", self._grade(number)
            )

    def _grade(self, number: int) -> Grade:
        return grade_of(number, self.config.words_until, self.config.places_until)

    def _obtain(self, number: int) -> Chunk:
        if number not in self._chunks:
            if self._executor is not None:
                self._request(number)
                self._chunks[number] = self._coming.pop(number).result()
            elif self._compose is not None:
                self._chunks[number] = self._compose(number)
            else:
                self._chunks[number] = compose_chunk(number, self.config, "train", self._grade(number))
        return self._chunks[number]

    def batch(self, step: int) -> Batch:
        """The pictures and statement pairs of this step; waits for a chunk that is not there yet."""
        config, numbers = self.config, self.numbers(step)
        for number in [*numbers, numbers[-1] + 1, numbers[-1] + 2][: len(numbers) + 1 + config.workers]:
            self._request(number)
        for number in [each for each in self._chunks if each < numbers[0]]:
            del self._chunks[number]
        chunks = [self._obtain(number) for number in numbers]
        rng = np.random.default_rng([config.seed, step, 3])
        picks = rng.choice(len(chunks) * config.chunk, config.batch, replace=False)
        rows = [(chunks[pick // config.chunk], pick % config.chunk) for pick in picks.tolist()]
        pairs = [rng.permutation(config.pairs_kept)[: config.pairs] for _ in rows]
        true = [chunk.true[row, chosen] for (chunk, row), chosen in zip(rows, pairs, strict=True)]
        false = [chunk.false[row, chosen] for (chunk, row), chosen in zip(rows, pairs, strict=True)]
        length = max(_length(each) for each in (*true, *false))
        return Batch(np.stack([chunk.images[row] for chunk, row in rows]), _fit(true, length), _fit(false, length))

    def close(self) -> None:
        """Stop the background processes."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> ScenePool:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def _length(tokens: np.ndarray) -> int:
    """Longest row, without the padding."""
    return int((tokens != 0).sum(axis=-1).max())


def _fit(rows: list[np.ndarray], length: int) -> np.ndarray:
    """Stack token arrays of different padding to ``length``."""
    fitted = np.zeros((len(rows), rows[0].shape[0], length), np.int64)
    for place, row in enumerate(rows):
        width = min(length, row.shape[-1])
        fitted[place, :, :width] = row[:, :width]
    return fitted
