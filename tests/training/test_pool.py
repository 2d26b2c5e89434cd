"""The pool of scenes: a function of the step, whoever composes it."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from iterprime_xai.data.scenes import generate, phrase_pairs, statement_pairs, vocabulary_words
from iterprime_xai.data.scenes.facts import BACKGROUND, BESIDE, MIXED, facts
from iterprime_xai.data.scenes.restyle import HANDS
from iterprime_xai.data.scenes.sprites import ARTISTS
from iterprime_xai.training.pool import MAIN_SHARE, NOT_ASKED, PLAIN_SHARE, Chunk, ScenePool, compose_chunk
from iterprime_xai.training.tokenizer import build_tokenizer


def _numbered(config):
    """A stand-in that composes pictures showing their chunk's number, and counts its calls.

    Token 8 + i stands in pair i, and the target of a pair is its number too.
    """
    calls: list[int] = []
    each = config.pairs_kept + config.phrases_kept

    def compose(number: int) -> Chunk:
        calls.append(number)
        count = config.chunk
        tokens = np.zeros((count, each, 5), np.int16)
        tokens[..., : 3 + number % 2] = 8 + np.arange(each)[:, None]
        return Chunk(
            images=np.full((count, 4, 4, 3), number, np.uint8),
            true=tokens,
            false=tokens + (tokens > 0) * np.int16(100),
            targets=np.tile(np.arange(each, dtype=np.uint8), (count, 1)),
            cells=np.full((count, 2, 2), number, np.uint8),
            names=np.full((count, 8, 3), number, np.uint8),
            flags=np.full((count, 8, 5), number, np.uint8),
            empty=np.full(count, number % 2 == 1),
            kinds=np.full((count, each), ""),
        )

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


def test_a_step_takes_so_many_statements_and_so_many_phrases_and_keeps_what_belongs_together(settings):
    config = settings(pairs=3, pairs_kept=4, phrases=2, phrases_kept=3)
    compose, _ = _numbered(config)
    with ScenePool(config, compose) as pool:
        batch = pool.batch(3)
    assert batch.targets.shape == (4, 5)
    assert all(len(set(row)) == 5 for row in batch.targets.tolist()), "a pair came twice"
    assert (batch.targets[:, :3] < 4).all()
    assert (batch.targets[:, 3:] >= 4).all()
    assert np.array_equal(batch.true[..., 0], 8 + batch.targets.astype(int))
    assert np.array_equal(batch.false[..., 0], 108 + batch.targets.astype(int))
    shown = batch.images[:, 0, 0, 0]
    for part in (batch.cells[:, 0, 0], batch.names[:, 0, 0], batch.flags[:, 0, 0]):
        assert np.array_equal(part, shown)
    assert np.array_equal(batch.empty, shown % 2 == 1)


def test_batch_is_padded_to_its_longest_statement_only(settings):
    config = settings()
    compose, _ = _numbered(config)
    with ScenePool(config, compose) as pool:
        assert pool.batch(0).true.shape == (4, 2 + 2, 3)


def _texts(tokens: np.ndarray) -> list[str]:
    tokenizer = build_tokenizer(vocabulary_words())
    texts = [tokenizer.decode(row[row != 0], skip_special_tokens=True) for row in tokens]
    return [text.replace(" - ", "-") for text in texts]


def test_composed_chunk_holds_what_is_said_of_the_scenes_it_shows(settings):
    config = settings(chunk=4, pool=4, seed=2)
    chunk = compose_chunk(0, config, "val")
    scene, rng = generate(2, 0, "val"), np.random.default_rng([2, 1, 2])
    told = statement_pairs(scene, rng, config.pairs_kept)
    named = phrase_pairs(scene, rng, config.phrases_kept)
    assert _texts(chunk.true[0]) == [pair.true for pair in (*told, *named)]
    assert _texts(chunk.false[0]) == [pair.false for pair in (*told, *named)]
    assert chunk.kinds[0].tolist() == [*(pair.kind for pair in told), *(f"{pair.kind} phrase" for pair in named)]
    assert chunk.targets[0].tolist() == [NOT_ASKED] * 4 + [pair.target for pair in named]
    assert chunk.images.shape == (4, 32, 32, 3)
    assert chunk.images[0].std() > 0
    assert chunk.true.shape[:2] == chunk.kinds.shape == (4, 7)
    assert 1 not in chunk.true, "an [UNK] in the training captions"


def test_composed_chunk_holds_what_its_scenes_hold(settings):
    config = settings(chunk=4, pool=4, seed=2)
    chunk = compose_chunk(0, config, "val")
    scene = generate(2, 0, "val")
    held, count = facts(scene), len(scene.things)
    assert np.array_equal(chunk.names[0, :count], held.names)
    assert np.array_equal(chunk.flags[0, :count], held.flags)
    assert (chunk.names[0, count:] == NOT_ASKED).all()
    assert set(np.unique(chunk.cells[0])) <= {*range(count), MIXED, BESIDE, BACKGROUND}
    assert not chunk.empty.any(), "pictures of nothing are for training only"


def test_training_scenes_are_drawn_by_many_artists_and_hands_and_those_for_validation_by_one(settings, monkeypatch):
    seen: dict[str, list[str | None]] = {"train": [], "val": []}

    def noting(seed, index, split, atlas):
        seen[split].append(atlas)
        return generate(seed, index, split, atlas)

    # The package has a function of the same name as the module.
    monkeypatch.setattr(import_module("iterprime_xai.data.scenes.generate"), "generate", noting)
    for split in seen:
        compose_chunk(0, settings(chunk=60, pool=60), split)
    assert set(seen["val"]) == {None}
    drawn = [str(atlas).partition("/") for atlas in seen["train"]]
    artists, hands = [artist for artist, _, _ in drawn], [int(hand) for _, _, hand in drawn if hand]
    assert set(artists) == set(ARTISTS), "and never the artist of the split ood"
    assert abs(artists.count("main") / len(drawn) - MAIN_SHARE) < 0.2
    assert len(set(hands)) > HANDS / 2
    assert max(hands) < HANDS
    assert abs(len(hands) / len(drawn) - (1 - PLAIN_SHARE)) < 0.2


def test_some_training_pictures_are_of_nothing_and_then_nothing_is_asked_of_them(settings, monkeypatch):
    monkeypatch.setattr("iterprime_xai.training.pool.EMPTY_SHARE", 0.5)
    chunk = compose_chunk(0, settings(chunk=12, pool=12))
    assert 0 < chunk.empty.sum() < 12
    assert (chunk.targets[chunk.empty] == NOT_ASKED).all()
    assert (chunk.cells[chunk.empty] == BACKGROUND).all()
    assert (chunk.names[chunk.empty] == NOT_ASKED).all()
    assert not chunk.flags[chunk.empty].any()
    assert (chunk.targets[~chunk.empty][:, 4:] != NOT_ASKED).all()
    # What is said of them is what could be said of a scene.
    assert (chunk.true[chunk.empty] != 0).any(axis=-1).all()


def test_the_same_number_gives_the_same_chunk_and_another_one_does_not(settings):
    config = settings(chunk=2, pool=2, batch=2, part=2)
    one, two, other = compose_chunk(3, config), compose_chunk(3, config), compose_chunk(4, config)
    assert all(np.array_equal(getattr(two, name), value) for name, value in vars(one).items())
    assert not np.array_equal(one.images, other.images)


@pytest.mark.parametrize("workers", [1])
def test_background_process_composes_the_same_chunk(settings, workers):
    with ScenePool(settings(workers=0)) as inline, ScenePool(settings(workers=workers)) as apart:
        expected, found = inline.batch(0), apart.batch(0)
    assert np.array_equal(found.images, expected.images)
    assert all(np.array_equal(getattr(found, name), value) for name, value in vars(expected).items())
