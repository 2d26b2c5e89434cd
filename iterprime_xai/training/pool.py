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
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.curriculum import EVERYTHING, Grade, grade_of, graded_pairs

if TYPE_CHECKING:
    from iterprime_xai.data.scenes.statements import PhrasePair, StatementPair

RENDER_SIZES = (1, 1, 2, 3)
"""A scene is drawn at one of these multiples of the model's side and shrunk, as pictures of any size are in use."""

MAIN_SHARE = 0.4
"""Share of training scenes with the drawings of the published splits' artist; the others show another artist's."""

PLAIN_SHARE = 0.5
"""Share of training scenes drawn by the artist's own hand; the others are redrawn by another."""

EMPTY_SHARE = 0.05
"""Share of training pictures that hold nothing of what is said about them."""

NOT_ASKED = 255
"""Target of a statement: what it speaks of is not asked for. In ``names`` also: no such thing."""


@dataclass(frozen=True, eq=False)
class Scenes:
    """Pictures, what is said of them, and what they hold (see :mod:`iterprime_xai.data.scenes.facts`).

    ``images`` uint8 (n, side, side, 3); token ids (n, pairs, length) of the ``true`` and ``false`` text of each pair, padded with
    0; ``targets`` uint8 (n, pairs), the thing that a referring phrase means; ``cells`` uint8 (n, grid, grid); ``names`` uint8
    (n, things, 3); ``flags`` uint8 (n, things, flags); ``empty`` bool (n,): pictures of which nothing that is said is true.
    """

    images: np.ndarray
    true: np.ndarray
    false: np.ndarray
    targets: np.ndarray
    cells: np.ndarray
    names: np.ndarray
    flags: np.ndarray
    empty: np.ndarray


@dataclass(frozen=True, eq=False)
class Chunk(Scenes):
    """Composed scenes; ``kinds`` str (n, pairs): statements first, then phrases, whose kinds end in " phrase"."""

    kinds: np.ndarray


Batch = Scenes
"""What one step looks at; token ids int64."""


def compose_chunk(
    number: int, config: TrainConfig, split: str = "train", grade: Grade = EVERYTHING, scenes: int | None = None
) -> Chunk:
    """Compose, draw and caption ``scenes`` scenes (default: a chunk); the same number and settings give the same ones.

    In the split "train" scenes are drawn by many artists and hands, and some pictures are of nothing.
    """
    from PIL import Image

    from iterprime_xai.data.scenes.facts import BACKGROUND, FLAGS, MOST_THINGS, cells, facts
    from iterprime_xai.data.scenes.generate import generate
    from iterprime_xai.data.scenes.nothing import nothing
    from iterprime_xai.data.scenes.render import render
    from iterprime_xai.data.scenes.statements import vocabulary_words
    from iterprime_xai.training.tokenizer import build_tokenizer

    side, count, each = config.shape.image_size, scenes or config.chunk, config.pairs_kept + config.phrases_kept
    tokenizer = build_tokenizer(vocabulary_words(), config.shape.max_tokens)
    images = np.empty((count, side, side, 3), np.uint8)
    targets = np.full((count, each), NOT_ASKED, np.uint8)
    owners = np.full((count, config.shape.grid, config.shape.grid), BACKGROUND, np.uint8)
    names = np.full((count, MOST_THINGS, 3), NOT_ASKED, np.uint8)
    flags = np.zeros((count, MOST_THINGS, FLAGS), np.uint8)
    empty = np.zeros(count, bool)
    texts: list[str] = []
    kinds: list[list[str]] = []
    index, training = number * config.chunk * 64, split == "train"
    while len(kinds) < count:
        rng = np.random.default_rng([config.seed, index + 1, 2])
        scene = generate(config.seed, index, split, training_atlas(rng) if training else None)
        index += 1
        told, named = graded_pairs(scene, rng, config.pairs_kept, config.phrases_kept, grade)
        if not told:
            continue
        row = len(kinds)
        size = side * int(rng.choice(RENDER_SIZES))
        empty[row] = training and rng.random() < EMPTY_SHARE
        if empty[row]:
            images[row] = nothing(side, rng)
        else:
            drawn = render(scene, size)
            picture = Image.fromarray(drawn.image)
            images[row] = np.asarray(
                picture if size == side else picture.resize((side, side), Image.Resampling.BICUBIC)
            )
            found = facts(scene)
            owners[row] = cells(drawn.masks, config.shape.grid)
            names[row, : len(found.names)], flags[row, : len(found.flags)] = found.names, found.flags
            targets[row, config.pairs_kept :] = [pair.target for pair in named]
        pairs: list[StatementPair | PhrasePair] = [*told, *named]
        texts += [text for pair in pairs for text in (pair.true, pair.false)]
        kinds.append([*(pair.kind for pair in told), *(f"{pair.kind} phrase" for pair in named)])
    ids = tokenizer(texts, padding=True, truncation=True, max_length=config.shape.max_tokens)["input_ids"]
    tokens = np.asarray(ids, np.int16).reshape(count, each, 2, -1)
    return Chunk(images, tokens[:, :, 0], tokens[:, :, 1], targets, owners, names, flags, empty, np.asarray(kinds))


def training_atlas(rng: np.random.Generator) -> str:
    """Who draws a scene for training: an artist, and perhaps another hand."""
    from iterprime_xai.data.scenes.restyle import HANDS
    from iterprime_xai.data.scenes.sprites import ARTISTS

    artist = ARTISTS[0] if rng.random() < MAIN_SHARE else str(rng.choice(ARTISTS[1:]))
    return f"{artist}/{rng.integers(HANDS)}" if rng.random() > PLAIN_SHARE else artist


def _quiet_worker() -> None:
    """Leave Ctrl-C to the parent, yield the processor to the training, and end when the parent is gone, however it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if hasattr(os, "nice"):
        os.nice(3)
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(0)


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

    def drawn(self, step: int, salt: int) -> tuple[list[tuple[Any, int]], np.random.Generator]:
        """The pictures of this step, (chunk, place) each, and the dice that go on; waits for a chunk that is not there yet.

        ``salt`` keeps the dice of one kind of training apart from those of another.
        """
        config, numbers = self.config, self.numbers(step)
        for number in range(numbers[0], numbers[-1] + 2 + config.workers):
            self._request(number)
        for number in [each for each in self._chunks if each < numbers[0]]:
            del self._chunks[number]
        chunks = [self._obtain(number) for number in numbers]
        rng = np.random.default_rng([config.seed, step, salt])
        picks = rng.choice(len(chunks) * config.chunk, config.batch, replace=False)
        return [(chunks[pick // config.chunk], pick % config.chunk) for pick in picks.tolist()], rng

    def batch(self, step: int) -> Batch:
        """The pictures of this step with what is said of them; waits for a chunk that is not there yet."""
        config = self.config
        rows, rng = self.drawn(step, 3)
        # So many of the statements, and so many of the phrases behind them.
        chosen = [
            np.concatenate(
                [
                    rng.permutation(config.pairs_kept)[: config.pairs],
                    config.pairs_kept + rng.permutation(config.phrases_kept)[: config.phrases],
                ]
            )
            for _ in rows
        ]
        true, false, targets = (
            [getattr(chunk, name)[row, pairs] for (chunk, row), pairs in zip(rows, chosen, strict=True)]
            for name in ("true", "false", "targets")
        )
        length = max(_length(each) for each in (*true, *false))
        rest = {
            name: np.stack([getattr(chunk, name)[row] for chunk, row in rows])
            for name in ("images", "cells", "names", "flags", "empty")
        }
        return Batch(true=_fit(true, length), false=_fit(false, length), targets=np.stack(targets), **rest)

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
