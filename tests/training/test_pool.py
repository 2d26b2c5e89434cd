"""The pool of scenes: a function of the step, whoever composes it."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.data.scenes import generate, statement_pairs
from iterprime_xai.training.pool import Chunk, ScenePool, compose_chunk
from iterprime_xai.training.tokenizer import build_tokenizer


def _numbered(config):
    """A stand-in that composes pictures showing their chunk's number, and counts its calls."""
    calls: list[int] = []

    def compose(number: int) -> Chunk:
        calls.append(number)
        images = np.full((config.chunk, 4, 4, 3), number, np.uint8)
        tokens = np.full((config.chunk, config.pairs_kept, 5), 9, np.int16)
        tokens[..., 3 + number % 2 :] = 0
        words = np.full((config.chunk, config.pairs_kept), "")
        return Chunk(images, tokens, tokens, words, words)

    return compose, calls


def test_chunks_of_a_step_move_on_one_by_one_and_old_ones_are_forgotten(settings):
    config = settings(reuse=1.0)  # 8 scenes a chunk, 4 a step: a new chunk every 2 steps, 2 chunks held
    compose, calls = _numbered(config)
    with ScenePool(config, compose) as pool:
        seen = [sorted(set(pool.batch(step).images.ravel().tolist())) for step in range(6)]
    assert [list(pool.numbers(step)) for step in range(6)] == [[0], [0], [0, 1], [0, 1], [1, 2], [1, 2]]
    assert all(set(values) <= set(pool.numbers(step)) for step, values in enumerate(seen))
    assert calls == [0, 1, 2]


def test_batch_of_a_step_does_not_depend_on_the_steps_before(settings):
    config = settings()
    compose, _ = _numbered(config)
    with ScenePool(config, compose) as pool:
        for step in range(4):
            pool.batch(step)
        expected = pool.batch(4)
    with ScenePool(config, compose) as fresh:
        found = fresh.batch(4)
    assert np.array_equal(found.images, expected.images)
    assert np.array_equal(found.true, expected.true)


def test_batch_is_padded_to_its_longest_statement_only(settings):
    config = settings()
    compose, _ = _numbered(config)
    with ScenePool(config, compose) as pool:
        assert pool.batch(0).true.shape == (4, 2, 3)


def test_composed_chunk_holds_the_statements_of_the_scenes_it_shows(settings):
    config = settings(chunk=4, pool=4, seed=2)
    chunk = compose_chunk(0, config)
    from iterprime_xai.data.scenes import vocabulary_words

    tokenizer = build_tokenizer(vocabulary_words())
    text = tokenizer.decode(chunk.true[0, 0][chunk.true[0, 0] != 0], skip_special_tokens=True)
    scene = generate(2, 0, "train")
    pairs = statement_pairs(scene, np.random.default_rng([2, 1, 2]), config.pairs_kept)
    assert text.replace(" - ", "-") == pairs[0].true
    assert chunk.images.shape == (4, 32, 32, 3)
    assert chunk.images[0].std() > 0
    assert chunk.true.shape[:2] == chunk.kinds.shape == (4, 4)
    assert 1 not in chunk.true, "an [UNK] in the training captions"


def test_the_same_number_gives_the_same_chunk_and_another_one_does_not(settings):
    config = settings(chunk=2, pool=2, batch=2, part=2)
    one, two, other = compose_chunk(3, config), compose_chunk(3, config), compose_chunk(4, config)
    assert np.array_equal(one.images, two.images)
    assert np.array_equal(one.true, two.true)
    assert not np.array_equal(one.images, other.images)


@pytest.mark.parametrize("workers", [1])
def test_background_process_composes_the_same_chunk(settings, workers):
    with ScenePool(settings(workers=0)) as inline, ScenePool(settings(workers=workers)) as apart:
        expected, found = inline.batch(0), apart.batch(0)
    assert np.array_equal(found.images, expected.images)
    assert np.array_equal(found.false, expected.false)
