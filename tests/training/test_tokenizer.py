"""The bundled model's tokenizer: known words are one token, unknown words split and nothing vanishes."""

from __future__ import annotations

import pytest
from PIL import Image

from iterprime_xai.training.tokenizer import SPECIAL, build_processor, build_tokenizer, vocabulary

WORDS = ["the", "dog", "left", "of", "2nd"]


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(WORDS)


def test_special_tokens_come_first_and_padding_is_zero():
    table = vocabulary(WORDS)
    assert [table[token] for token in SPECIAL] == list(range(7))
    assert sorted(table.values()) == list(range(len(table)))


def test_known_words_are_one_token_each(tokenizer):
    assert tokenizer.tokenize("The DOG left of 2nd") == ["the", "dog", "left", "of", "2nd"]


def test_unknown_word_splits_into_characters_without_loss(tokenizer):
    pieces = tokenizer.tokenize("zebra")
    assert pieces == ["z", "##e", "##b", "##r", "##a"]


def test_statement_is_framed_by_cls_and_sep(tokenizer):
    ids = tokenizer("the dog")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["[CLS]", "the", "dog", "[SEP]"]


def test_offsets_point_into_the_text_as_written(tokenizer):
    text = "The dog, left"
    offsets = tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    assert [text[start:end] for start, end in offsets[1:-1]] == ["The", "dog", ",", "left"]


def test_processor_gives_the_models_side_and_clip_normalisation(tokenizer):
    processor = build_processor(tokenizer, 32)
    pixels = processor(images=Image.new("RGB", (50, 20), (255, 0, 0)), return_tensors="pt")["pixel_values"]
    assert tuple(pixels.shape) == (1, 3, 32, 32)
    assert float(pixels[0, 0, 5, 5]) == pytest.approx((1 - 0.48145466) / 0.26862954, abs=1e-5)
    assert float(pixels[0, 1, 5, 5]) == pytest.approx(-0.4578275 / 0.26130258, abs=1e-5)
