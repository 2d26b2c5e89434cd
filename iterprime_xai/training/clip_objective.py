"""The contrastive loss of CLIP where several texts are true of a picture, and of some it is not known whether they are.

Radford et al., 2021 (arXiv:2103.00020), symmetric InfoNCE. Every true pair stands alone against what is surely false of its
picture, and against the pictures of which its text is surely false; pairs that are neither take no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

MOST_LOG_SCALE = 4.6052
"""The temperature's inverse never exceeds 100, as in CLIP."""


@dataclass(frozen=True, eq=False)
class ContrastLosses:
    """The total and its halves (scalars with gradient), and the share of true pairs that win in both directions (averaged)."""

    total: Tensor
    by_picture: Tensor
    by_text: Tensor
    accuracy: Tensor


def contrast_losses(
    pictures: Tensor, texts: Tensor, positive: Tensor, negative: Tensor, log_scale: Tensor
) -> ContrastLosses:
    """Symmetric InfoNCE for vectors (n, width) and (m, width), not yet normalised; ``positive``, ``negative`` bool (n, m)."""
    scores = functional.normalize(pictures.float(), dim=-1) @ functional.normalize(texts.float(), dim=-1).T
    scores = log_scale.clamp(max=MOST_LOG_SCALE).exp() * scores
    against = scores.masked_fill(~negative, torch.finfo(scores.dtype).min)
    mean: list[Tensor] = []
    right: list[Tensor] = []
    for dim in (1, 0):
        rivals = torch.logsumexp(against, dim, keepdim=True)
        losses = functional.softplus(rivals - scores)[positive]
        mean.append(losses.mean() if len(losses) else scores.sum() * 0)
        right.append((scores > against.amax(dim, keepdim=True))[positive].float().mean())
    return ContrastLosses((mean[0] + mean[1]) / 2, mean[0], mean[1], (right[0] + right[1]).detach() / 2)
