"""The shared cross-attention of the training equals the stock forward pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from iterprime_xai.training.config import ModelShape
from iterprime_xai.training.forward import blindfolds, encode_images, match_margin, normalise, read_statements
from iterprime_xai.training.network import build_model, sincos_positions
from iterprime_xai.training.tokenizer import build_processor, build_tokenizer

SHAPE = ModelShape(image_size=16, patch_size=8, vision_width=32, vision_layers=1, text_width=48, text_layers=2, heads=4)
TEXTS = [["the dog", "the left dog is red"], ["a cat", "the cat left of the red dog"]]


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer("the dog left is red a cat of".split())


@pytest.fixture(scope="module")
def model(tokenizer):
    return build_model(SHAPE, tokenizer.get_vocab(), seed=3).eval()


@pytest.fixture(scope="module")
def images():
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8))


def _tokens(tokenizer) -> torch.Tensor:
    flat = tokenizer([text for row in TEXTS for text in row], padding=True, return_tensors="pt")["input_ids"]
    return flat.reshape(2, 2, -1)


def test_margins_equal_the_stock_forward_pass_of_each_pair_alone(model, tokenizer, images):
    processor = build_processor(tokenizer, 16)
    with torch.no_grad():
        shared = match_margin(model, read_statements(model, _tokens(tokenizer), encode_images(model, images)))
        for row, texts in enumerate(TEXTS):
            for column, text in enumerate(texts):
                inputs = processor(images=Image.fromarray(images[row].numpy()), text=text, return_tensors="pt")
                score = model(**inputs).itm_score[0]
                assert float(shared[row, column]) == pytest.approx(float(score[1] - score[0]), abs=1e-4)


def test_margins_differ_between_pictures_and_between_texts(model, tokenizer, images):
    tokens = _tokens(tokenizer)[:1].expand(2, -1, -1)
    with torch.no_grad():
        margin = match_margin(model, read_statements(model, tokens, encode_images(model, images)))
    assert abs(float(margin[0, 0] - margin[1, 0])) > 1e-6
    assert abs(float(margin[0, 0] - margin[0, 1])) > 1e-6


def test_blind_tokens_bring_nothing_from_the_picture_themselves(model, tokenizer, images):
    tokens = _tokens(tokenizer)
    blind = torch.zeros(tokens.shape, dtype=torch.bool)
    with torch.no_grad():
        seen = encode_images(model, images)
        plain = read_statements(model, tokens, seen)
        assert torch.equal(plain, read_statements(model, tokens, seen, blind))
        blind[:, 1] = True
        half = read_statements(model, tokens, seen, blind)
        assert torch.allclose(half[:, 0], plain[:, 0], atol=1e-6), "the other statement sees as before"
        moved = read_statements(model, tokens, 5 * seen + 1, blind)
    size = int((tokens[0, 1] != 0).sum())
    assert torch.allclose(half[0, 1, :size], moved[0, 1, :size], atol=1e-6), (
        "another picture changes nothing for the blind"
    )
    assert (half[0, 0] - moved[0, 0]).abs().max() > 1e-3


def test_blindfolds_leave_every_text_a_word_that_looks():
    tokens = torch.tensor([[[2, 9, 8, 7, 3, 0], [2, 9, 3, 0, 0, 0]]]).repeat(400, 1, 1)
    blind = blindfolds(tokens, 0.75, 0.9, torch.Generator().manual_seed(0))
    again = blindfolds(tokens, 0.75, 0.9, torch.Generator().manual_seed(0))
    assert torch.equal(blind, again)
    long, short = blind[:, 0], blind[:, 1]
    assert 0.68 < float(long[:, 0].float().mean()) < 0.82
    assert torch.equal(long[:, 0], long[:, 4])
    assert torch.equal(short[:, 0], short[:, 2])
    words = long[:, 1:4].sum(-1)
    assert int(words.max()) == 2, "never all three"
    assert float(words[long[:, 0]].float().mean()) > 1.5
    assert not words[~long[:, 0]].any(), "where [CLS] looks, everything does"
    assert not short[:, 1].any(), "a single word always looks"
    assert not long[:, 5].any(), "padding is not asked"


def test_text_alone_equals_the_stock_text_encoder(model, tokenizer):
    tokens = _tokens(tokenizer)
    with torch.no_grad():
        ours = read_statements(model, tokens, None)[:, :, 0].reshape(4, -1)
        flat = tokens.reshape(4, -1)
        stock = model.text_encoder(input_ids=flat, attention_mask=(flat != 0).long()).last_hidden_state[:, 0]
    assert torch.allclose(ours, stock, atol=1e-5)


def test_normalised_pixels_equal_the_processors(tokenizer, images):
    expected = build_processor(tokenizer, 16)(images=Image.fromarray(images[0].numpy()), return_tensors="pt")
    assert torch.allclose(normalise(images)[0], expected["pixel_values"][0], atol=1e-5)


def test_position_embeddings_tell_every_patch_apart_and_neighbours_are_alike():
    table = sincos_positions(14, 128)
    assert table.shape == (196, 128)
    distance = np.linalg.norm(table[:, None] - table[None], axis=-1)
    assert distance[~np.eye(196, dtype=bool)].min() > 0.5
    assert distance[0, 1] < distance[0, 5] < distance[0, 13]


def test_same_seed_gives_the_same_weights_and_leaves_the_global_stream_alone(tokenizer):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one = build_model(SHAPE, tokenizer.get_vocab(), seed=1)
    assert torch.equal(torch.rand(1), expected)
    two = build_model(SHAPE, tokenizer.get_vocab(), seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
