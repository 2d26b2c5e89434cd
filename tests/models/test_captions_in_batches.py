"""Captions of many pictures at once, and a BLIP-2 captioner."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from random_models import SHAPES, build_processor, build_tokenizer
from test_captioner import random_captioner

from iterprime_xai.models.captioner import Captioner, load_captioner
from iterprime_xai.records import OptionError


@pytest.fixture(scope="module")
def captioner(model_folder):
    tokenizer = build_tokenizer()
    processor = build_processor(SHAPES[0], tokenizer)
    return Captioner(random_captioner(model_folder), processor.image_processor, tokenizer)


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 255, (20 + 5 * place, 30, 3), dtype=np.uint8)) for place in range(5)]


def test_each_caption_is_as_it_is_alone_whatever_the_batch(captioner, pictures):
    alone = [captioner.caption(picture, max_words=6) for picture in pictures]
    assert len(set(alone)) > 1
    for at_once in (1, 2, 16):
        assert captioner.caption_many(pictures, max_words=6, at_once=at_once) == alone
    assert captioner.caption_many([]) == []


def test_ending_early_changes_no_word(captioner, pictures):
    whole = [captioner.caption(picture, max_words=10).split() for picture in pictures]
    for words in (1, 3, 5):
        cut = captioner.caption_many(pictures, max_words=words)
        assert [each.split() for each in cut] == [each[:words] for each in whole]


def test_pictures_are_taken_a_batch_at_a_time(captioner, pictures):
    held, most = 0, 0

    class Lazy:
        def __len__(self):
            return len(pictures)

        def __getitem__(self, place):
            nonlocal held
            held += 1
            return pictures[place]

    def counting(images, *rest):
        nonlocal held, most
        most, held = max(most, held), 0
        return [""] * len(images)

    captioner._captions, before = counting, captioner._captions
    try:
        captioner.caption_many(Lazy(), at_once=2)
    finally:
        captioner._captions = before
    assert most == 2
    with pytest.raises(OptionError, match="at_once"):
        captioner.caption_many(pictures, at_once=0)


def test_a_blip2_captioner_says_what_its_weights_say(tmp_path, pictures):
    from transformers import Blip2Config, Blip2ForConditionalGeneration

    tokenizer = build_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    image = tokenizer.convert_tokens_to_ids("<image>")
    side, small = SHAPES[0].image, {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    config = Blip2Config(
        vision_config=small | {"image_size": side, "patch_size": 8, "num_attention_heads": 2},
        qformer_config=small | {"num_attention_heads": 2, "encoder_hidden_size": 16, "vocab_size": 20},
        text_config={
            "model_type": "opt", "vocab_size": len(tokenizer), "hidden_size": 16, "word_embed_proj_dim": 16, "ffn_dim": 32,
            "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64,
            "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0,
        },
        num_query_tokens=4,
        image_token_index=image,
    )  # fmt: skip
    torch.manual_seed(0)
    model = Blip2ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(0, 0.3)
    processor = build_processor(SHAPES[0], tokenizer)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    processor.image_processor.save_pretrained(tmp_path)
    found = load_captioner(tmp_path, device="cpu")
    said = found.caption_many(pictures, max_words=5)
    assert len(set(said)) > 1
    assert not any("<image>" in each for each in said)

    tokens = [image] * 4 + [2]
    pixels = processor.image_processor(images=pictures[0], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        for _ in range(8):
            scores = model(pixel_values=pixels, input_ids=torch.tensor([tokens])).logits
            tokens.append(int(scores[0, -1].argmax()))
    words = tokenizer.decode(tokens, skip_special_tokens=True).split()
    assert said[0].split()[:3] == words[:3]
