"""What is learned from: what every cell of a picture holds; matching; what a phrase means; and contrast with other pictures.

Matching against false twins and contrast are the objectives of ALBEF (Li et al., 2021, arXiv:2107.07651) and BLIP (Li et al., 2022,
arXiv:2201.12086). Their image towers start from labelled photographs; ours learns meanwhile to name what each cell of the picture
shows. Text meets the picture through matching, contrast and questions about the thing meant (its noun, colour, size and place in
words): no box, mask or position is ever shown to the cross-attention.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from iterprime_xai.data.scenes.facts import BESIDE, FLAGS, MIXED, UNSURE
from iterprime_xai.data.scenes.truth import PLACES
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUNS, SIZES
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.forward import encode_images, match_margin, read_statements
from iterprime_xai.training.pool import NOT_ASKED

if TYPE_CHECKING:
    from torch import Tensor

CONTRAST_STATEMENTS = 4
"""Statements joined into one caption for the contrast: one alone would be true of other pictures in the batch."""

NAMES = (len(NOUNS), len(COLOURS), len(SIZES))


@dataclass(frozen=True, eq=False)
class Pictures:
    """The tensors of a :class:`~iterprime_xai.training.pool.Batch`, or of a part of it, on the training device."""

    images: Tensor
    true: Tensor
    false: Tensor
    targets: Tensor
    cells: Tensor
    names: Tensor
    flags: Tensor
    empty: Tensor

    @staticmethod
    def of(batch: Any, rows: slice, device: torch.device) -> Pictures:
        """The pictures ``rows`` of a batch."""
        found = {each.name: torch.from_numpy(getattr(batch, each.name)[rows]).to(device) for each in fields(Pictures)}
        whole = {name: found[name].long() for name in ("targets", "cells", "names")}
        return Pictures(**{**found, **whole})


class Extras(nn.Module):
    """What training needs and the exported model does not: the heads that name things, and the contrast's temperature."""

    def __init__(self, vision_width: int, text_width: int) -> None:
        super().__init__()
        self.cell = nn.Linear(vision_width, 1 + sum(NAMES) + FLAGS)
        self.referent = nn.Linear(text_width, sum(NAMES) + len(PLACES))
        self.log_scale = nn.Parameter(torch.tensor(2.66))
        with torch.no_grad():
            # Most of what could be said of a thing does not hold.
            self.cell.bias[1 + sum(NAMES) :] = -3.0


@dataclass(frozen=True, eq=False)
class Losses:
    """The total and its parts (scalars with gradient), and shares of right answers: matching, nouns of cells, colours meant."""

    total: Tensor
    cell: Tensor
    matching: Tensor
    twin: Tensor
    referent: Tensor
    contrast: Tensor
    accuracy: Tensor
    cell_accuracy: Tensor
    referent_accuracy: Tensor


def cell_loss(extras: Extras, image_tokens: Tensor, pictures: Pictures) -> tuple[Tensor, Tensor]:
    """(loss, share of cells named rightly): what each cell holds, and how that thing stands in the picture.

    Every thing counts alike, however many cells it fills, all background as much as one thing, and what lies beside things as two.
    """
    owner = pictures.cells.flatten(1)
    tokens = image_tokens[:, 1:]
    with torch.no_grad():
        count = torch.zeros(len(owner), 256, device=owner.device).scatter_add_(
            1, owner, torch.ones_like(owner, dtype=torch.float32)
        )
        weight = (1 / count.gather(1, owner)).masked_fill(owner == MIXED, 0.0)
        weight = torch.where(owner == BESIDE, 2 * weight, weight)
    known = owner != MIXED
    thing = owner < BESIDE
    row = torch.arange(len(owner), device=owner.device)[:, None].expand_as(owner)
    names = pictures.names[row[thing], owner[thing]]
    noun = torch.full_like(owner, NAMES[0])
    noun[thing] = names[:, 0]

    scores = extras.cell(tokens).float()
    by_name = scores[..., : 1 + NAMES[0]]
    total = weight.sum().clamp(min=1e-6)
    loss = (functional.cross_entropy(by_name[known], noun[known], reduction="none") * weight[known]).sum() / total
    accuracy = ((by_name.argmax(-1) == noun).float() * weight).sum() / total
    if len(names):
        share = weight[thing] / weight[thing].sum()
        start = 1 + NAMES[0]
        for place, size in ((1, NAMES[1]), (2, NAMES[2])):
            guess = scores[..., start : start + size][thing]
            loss = loss + (functional.cross_entropy(guess, names[:, place], reduction="none") * share).sum()
            start += size
        asked = pictures.flags[row[thing], owner[thing]]
        errors = functional.binary_cross_entropy_with_logits(
            scores[..., start:][thing], (asked == 1).float(), reduction="none"
        )
        loss = loss + (errors.masked_fill(asked == UNSURE, 0.0).sum(-1) * share).sum() / 3
    return loss, accuracy.detach()


def referent_loss(extras: Extras, states: Tensor, pictures: Pictures) -> tuple[Tensor, Tensor]:
    """(loss, share of colours named rightly): what a phrase means, in words, from its [CLS] states (b, k, width)."""
    asked = pictures.targets != NOT_ASKED
    if not asked.any():
        zero = states.sum() * 0
        return zero, zero.detach()
    row = torch.arange(len(asked), device=asked.device)[:, None].expand_as(asked)[asked]
    names = pictures.names[row, pictures.targets[asked]]
    places = pictures.flags[row, pictures.targets[asked], : len(PLACES)]
    scores = extras.referent(states[asked]).float()
    loss, start = scores.new_zeros(()), 0
    for place, size in enumerate(NAMES):
        loss = loss + functional.cross_entropy(scores[:, start : start + size], names[:, place])
        start += size
    errors = functional.binary_cross_entropy_with_logits(scores[:, start:], (places == 1).float(), reduction="none")
    loss = loss + errors.masked_fill(places == UNSURE, 0.0).sum(-1).mean()
    accuracy = (scores[:, NAMES[0] : NAMES[0] + NAMES[1]].argmax(-1) == names[:, 1]).float().mean()
    return loss, accuracy


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
    model: Any,
    extras: Extras,
    pictures: Pictures,
    config: TrainConfig,
    looking: bool = False,
    blind: Tensor | None = None,
) -> Losses:
    """All objectives for some pictures; while ``looking``, only what every cell holds.

    ``blind`` (bool, b, 2 x pairs, length): tokens, of the true texts first, that do not look at the picture.
    """
    image_tokens = encode_images(model, pictures.images)
    cell, cell_accuracy = cell_loss(extras, image_tokens, pictures)
    if looking:
        zero = cell.detach().new_zeros(())
        return Losses(cell, cell, zero, zero, zero, zero, zero, cell_accuracy, zero)

    pairs = pictures.true.shape[1]
    states = read_statements(model, torch.cat([pictures.true, pictures.false], 1), image_tokens, blind)
    margin = match_margin(model, states)
    label = torch.zeros_like(margin)
    label[:, :pairs] = (~pictures.empty).float()[:, None]
    matching = functional.binary_cross_entropy_with_logits(margin, label)
    shown = ~pictures.empty
    twin = functional.softplus(margin[:, pairs:] - margin[:, :pairs])[shown].sum() / max(1, int(shown.sum()) * pairs)
    referent, referent_accuracy = referent_loss(extras, states[:, :pairs, 0], pictures)

    if config.contrastive_weight and int(shown.sum()) > 1:
        caption = join_statements(pictures.true[shown][:, :CONTRAST_STATEMENTS])[:, :, : config.shape.max_tokens]
        text = read_statements(model, caption, None)[:, 0, 0]
        contrast = contrast_loss(model.vision_proj(image_tokens[shown, 0]), model.text_proj(text), extras.log_scale)
    else:
        contrast = matching.new_zeros(())

    total = (
        matching
        + config.pair_weight * twin
        + config.referent_weight * referent
        + config.contrastive_weight * contrast
        + config.cell_weight * cell
    )
    accuracy = ((margin > 0) == label.bool()).float().mean()
    return Losses(total, cell, matching, twin, referent, contrast, accuracy.detach(), cell_accuracy, referent_accuracy)
