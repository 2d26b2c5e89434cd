"""The stock text encoder, fed with many statements a picture at once.

The cross-attention's keys and values are the dearest part of a statement (197 image tokens against a dozen words), and they are
the same for every statement about one picture. So the statements of a picture are laid end to end as queries of one
cross-attention call; queries do not see each other there, so the result is that of the stock forward pass, at less than half the
price. Short statements also share rows, kept apart by the self-attention's mask, so that little is spent on padding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Generator, Tensor

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)

ROW = 32
"""Tokens in a row that short statements share."""


def normalise(images: Tensor) -> Tensor:
    """uint8 (b, height, width, 3) -> float32 (b, 3, height, width) with CLIP's mean and deviation, as the processor does."""
    import torch

    mean = images.new_tensor(CLIP_MEAN, dtype=torch.float32).view(1, 3, 1, 1)
    std = images.new_tensor(CLIP_STD, dtype=torch.float32).view(1, 3, 1, 1)
    return (images.permute(0, 3, 1, 2).float() / 255 - mean) / std


def encode_images(model: Any, images: Tensor) -> Tensor:
    """Image tokens (b, 1 + patches, width) of uint8 pictures, the image-CLS first."""
    return model.vision_model(pixel_values=normalise(images)).last_hidden_state


def first_fit(lengths: np.ndarray, row: int) -> tuple[np.ndarray, int]:
    """Where each statement of a picture starts when several share a row of ``row`` tokens: int (b, k), and the rows needed.

    The longest first, each into the first row that has room (first-fit decreasing). Lengths must not exceed ``row``.
    """
    starts = np.zeros(lengths.shape, np.int64)
    most = 1
    for picture, several in enumerate(lengths.tolist()):
        used: list[int] = []
        for statement in sorted(range(len(several)), key=lambda place: -several[place]):
            size = several[statement]
            number = next((number for number, taken in enumerate(used) if taken + size <= row), len(used))
            if number == len(used):
                used.append(0)
            starts[picture, statement] = number * row + used[number]
            used[number] += size
        most = max(most, len(used))
    return starts, most


def read_statements(model: Any, tokens: Tensor, image_tokens: Tensor | None, blind: Tensor | None = None) -> Tensor:
    """Last hidden states (b, k, length, width) of ``tokens`` (b, k, length), padded with 0; those of padding mean nothing.

    With ``image_tokens`` (b, n, width) statement k of row b is read against picture b; with ``None`` text is read alone.
    Tokens where ``blind`` (bool, b, k, length) is true bring nothing from the picture themselves and depend on what others saw.
    """
    import torch

    count, several, length = tokens.shape
    sizes = (tokens != 0).sum(-1)
    row = max(ROW, length)
    starts, rows = first_fit(sizes.cpu().numpy(), row)
    place = torch.arange(length, device=tokens.device)
    used = place < sizes[..., None]
    # Padding goes to one slot behind the end, which is cut off again.
    target = torch.where(used, torch.from_numpy(starts).to(tokens.device)[..., None] + place, rows * row).reshape(
        count, -1
    )

    def packed(values: Tensor) -> Tensor:
        slots = torch.zeros(count, rows * row + 1, dtype=torch.long, device=tokens.device)
        return slots.scatter_(1, target, values.expand_as(tokens).reshape(count, -1))[:, :-1].reshape(count * rows, row)

    owner = packed(torch.arange(1, several + 1, device=tokens.device)[None, :, None])
    encoder = model.text_encoder
    states = encoder.embeddings(input_ids=packed(tokens), position_ids=packed(place[None, None]))
    apart = owner[:, None, :, None] != owner[:, None, None, :]
    mask = torch.zeros(apart.shape, dtype=states.dtype, device=tokens.device)
    mask = mask.masked_fill_(apart, torch.finfo(states.dtype).min)
    if blind is not None:
        sighted = states.new_ones(count, rows * row + 1)
        sighted = sighted.scatter_(1, target, (~blind).reshape(count, -1).to(states.dtype))[:, :-1, None]
    for layer in encoder.encoder.layer:
        states = layer.attention(states, attention_mask=mask)[0]
        if image_tokens is not None:
            queries = states.reshape(count, rows * row, -1)
            seen = layer.crossattention.self(queries, encoder_hidden_states=image_tokens)[0]
            if blind is not None:
                seen = seen * sighted
            states = layer.crossattention.output(seen, queries).reshape(count * rows, row, -1)
        states = layer.feed_forward_chunk(states)
    flat = states.reshape(count, rows * row, -1)
    source = target.clamp(max=rows * row - 1)[..., None].expand(-1, -1, flat.shape[-1])
    return flat.gather(1, source).reshape(count, several, length, -1)


def blindfolds(tokens: Tensor, special: float, words: float, dice: Generator) -> Tensor:
    """Tokens that shall bring nothing from the picture, bool (b, k, length), for ``tokens`` (b, k, length) padded with 0.

    In a share ``special`` of the texts [CLS] and [SEP] are blind, and there a share ``words`` of the words too, but never all.
    """
    import torch

    place = torch.arange(tokens.shape[-1])
    sizes = (tokens != 0).sum(-1, keepdim=True)
    ends = (place == 0) | (place == sizes - 1)
    word = (place > 0) & (place < sizes - 1)
    luck = torch.rand(tokens.shape, generator=dice).masked_fill(~word, -1.0)
    unlucky = word & (luck < words) & (place != luck.argmax(-1, keepdim=True))
    chosen = torch.rand(tokens.shape[:2], generator=dice)[..., None] < special
    return chosen & (ends | unlucky)


def match_margin(model: Any, states: Tensor) -> Tensor:
    """Match minus no-match logit (b, k) from the [CLS] states of :func:`read_statements`, float32."""
    scores = model.itm_head(states[:, :, 0]).float()
    return scores[..., 1] - scores[..., 0]
