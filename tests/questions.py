"""Questions to ask of a random model, the stock model's own answers to them, and how far two answers are apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from iterprime_xai.models import Ask

TEXTS = ("dog", "the red dog left of a zebra", "man in black", "a small blue ball behind the second tree from right")


@dataclass
class Question:
    """One ask, and what the stock model needs to answer it alone."""

    ask: Ask
    image: Image.Image
    text: str


def stock(model, processor, question):
    """Logit, attention and gradient (heads, tokens, rows, columns) at every layer, from the stock model that is given the kept
    image tokens only; nothing of ours."""
    pixels = processor.image_processor(images=question.image, return_tensors="pt")["pixel_values"].to(model.dtype)
    ids = processor.tokenizer(question.text, return_tensors="pt")["input_ids"]
    tokens = model.vision_model(pixel_values=pixels).last_hidden_state
    side = model.config.vision_config.image_size // model.config.vision_config.patch_size
    keep = np.ones((side, side), bool) if question.ask.keep is None else question.ask.keep
    seen = torch.from_numpy(np.concatenate([[True], keep.ravel()]))
    out = model.text_encoder(input_ids=ids, encoder_hidden_states=tokens[:, seen], output_attentions=True)
    logit = model.itm_head(out.last_hidden_state[:, 0])[0, 1]
    slopes = torch.autograd.grad(logit, out.cross_attentions)

    def on_grid(values):
        full = torch.zeros(*values.shape[1:3], len(seen))
        full[:, :, seen] = values[0].detach().float()
        return full[:, :, 1:].unflatten(-1, (side, side))

    return logit.item(), [on_grid(each) for each in out.cross_attentions], [on_grid(each) for each in slopes]


def far(ours, theirs):
    """The largest difference relative to the largest value, infinite where nothing can be compared."""
    largest = theirs.abs().max()
    if ours.shape != theirs.shape or not largest > 0:
        return float("inf")
    return float((ours - theirs).abs().max() / largest)


def a_picture(seed):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (60, 80, 3), dtype=np.uint8))


def questions(matcher, seed=0):
    """Seven asks of three pictures in mixed order, of four lengths, four of them with patches left out."""
    images = [a_picture(each) for each in range(3)]
    tokens = matcher.encode_images(images)
    rng = np.random.default_rng(seed)
    found = []
    for picture, text, some in [(1, 0, 0), (0, 1, 1), (1, 3, 1), (2, 2, 0), (0, 1, 0), (1, 1, 1), (2, 0, 1)]:
        keep = rng.random(matcher.grid) < 0.6 if some else None
        if keep is not None:
            keep.flat[:2] = False, True
        ask = Ask(tokens[picture], matcher.tokenize(TEXTS[text]), keep)
        found.append(Question(ask, images[picture], TEXTS[text]))
    return found


def asks(some):
    return [each.ask for each in some]
