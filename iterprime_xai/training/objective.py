"""What is learned from: matching, the twin that is false, the word that was changed, and contrast with other pictures.

Matching, contrastive and masked-word objectives as in ALBEF (Li et al., 2021, arXiv:2107.07651) and BLIP (Li et al., 2022,
arXiv:2201.12086). No box or mask is used anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.forward import encode_images, match_margin, read_statements

if TYPE_CHECKING:
    from torch import Tensor

CONTRAST_STATEMENTS = 4
"""Statements joined into one caption for the contrast: one alone would be true of other pictures in the batch."""

IGNORED = -100
"""Target of a token whose word is not asked for."""


class Extras(nn.Module):
    """What training needs and the exported model does not: the word head and the contrast's temperature."""

    def __init__(self, width: int, vocabulary: int) -> None:
        super().__init__()
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.log_scale = nn.Parameter(torch.tensor(2.66))


@dataclass(frozen=True, eq=False)
class Losses:
    """The total and its parts (scalars with gradient), and the share of statements that were decided rightly."""

    total: Tensor
    matching: Tensor
    twin: Tensor
    word: Tensor
    contrast: Tensor
    accuracy: Tensor


def changed_region(true: Tensor, false: Tensor) -> Tensor:
    """Bool like ``true``: the tokens of each true statement between the beginning and the end it shares with its twin.

    Both (..., length), padded with 0. "the left dog is red" against "the left dog is blue" gives "red"; where the twin lacks
    words or adds some, at least one token of the true statement is marked.
    """
    length = true.shape[-1]
    place = torch.arange(length, device=true.device)
    size = (true != 0).sum(-1, keepdim=True)
    other = (false != 0).sum(-1, keepdim=True)
    prefix = (true == false).long().cumprod(-1).sum(-1, keepdim=True)
    # Read both from their ends: token i of the true statement stands opposite token i + (other - size) of the false one.
    opposite = (place + other - size).expand_as(true)
    same = (true == false.gather(-1, opposite.clamp(0, length - 1))) & (opposite >= 0) & (opposite < length)
    same = same | (place >= size)
    suffix = same.flip(-1).long().cumprod(-1).flip(-1).bool() & (place < size)
    start = torch.minimum(prefix, size - 2)
    end = torch.maximum(size - suffix.sum(-1, keepdim=True), start + 1)
    return (place >= start) & (place < end)


def word_targets(true: Tensor, false: Tensor, mask_id: int) -> tuple[Tensor, Tensor]:
    """(masked statements, targets): the changed words of the true statements hidden, and asked for."""
    region = changed_region(true, false)
    return true.masked_fill(region, mask_id), true.masked_fill(~region, IGNORED)


def contrast_loss(image: Tensor, text: Tensor, log_scale: Tensor) -> Tensor:
    """Symmetric cross-entropy over the batch's pictures and captions, features (b, width) not yet normalised."""
    scale = log_scale.clamp(max=4.6).exp()
    scores = scale * functional.normalize(image.float(), dim=-1) @ functional.normalize(text.float(), dim=-1).T
    target = torch.arange(len(scores), device=scores.device)
    return (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)) / 2


def join_statements(statements: Tensor) -> Tensor:
    """One caption (b, 1, length') of the statements (b, k, length): first [CLS], no [SEP] or padding in between."""
    count, _, length = statements.shape
    kept = statements != 0
    size = kept.sum(-1, keepdim=True)
    place = torch.arange(length, device=statements.device)
    # Of each statement, drop [SEP]; of all but the first, drop [CLS].
    kept &= place < size - 1
    kept[:, 1:, 0] = False
    flat, keep = statements.reshape(count, -1), kept.reshape(count, -1)
    order = torch.argsort((~keep).to(torch.int8), dim=-1, stable=True)
    joined = flat.masked_fill(~keep, 0).gather(-1, order)
    return joined[:, None, : int(keep.sum(-1).max())]


def losses(
    model: Any, extras: Extras, images: Tensor, true: Tensor, false: Tensor, config: TrainConfig, mask_id: int
) -> Losses:
    """All objectives for pictures (b, side, side, 3) uint8 and the token ids (b, pairs, length) of their twins."""
    pairs = true.shape[1]
    asked = max(1, pairs // 4)
    image_tokens = encode_images(model, images)
    hidden, targets = word_targets(true[:, :asked], false[:, :asked], mask_id)
    states = read_statements(model, torch.cat([true, false, hidden], 1), image_tokens)

    margin = match_margin(model, states[:, : 2 * pairs])
    label = torch.zeros_like(margin)
    label[:, :pairs] = 1
    matching = functional.binary_cross_entropy_with_logits(margin, label)
    twin = functional.softplus(margin[:, pairs:] - margin[:, :pairs]).mean()

    asked_for = targets != IGNORED
    guessed = extras.transform(states[:, 2 * pairs :][asked_for])
    words = functional.linear(guessed, model.text_encoder.embeddings.word_embeddings.weight, extras.bias)
    word = functional.cross_entropy(words.float(), targets[asked_for])

    if config.contrastive_weight:
        caption = join_statements(true[:, :CONTRAST_STATEMENTS])[:, :, : config.shape.max_tokens]
        text = read_statements(model, caption, None)[:, 0, 0]
        contrast = contrast_loss(model.vision_proj(image_tokens[:, 0]), model.text_proj(text), extras.log_scale)
    else:
        contrast = matching.new_zeros(())

    total = (
        matching + config.pair_weight * twin + config.correction_weight * word + config.contrastive_weight * contrast
    )
    accuracy = ((margin > 0) == label.bool()).float().mean()
    return Losses(total, matching, twin, word, contrast, accuracy.detach())
