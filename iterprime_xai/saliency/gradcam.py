"""Grad-CAM over cross-attention: A = max(0, dS/dC) * C, per head, token and patch.

S is the match logit and C the cross-attention probabilities of one layer. Source: Selvaraju et al., Grad-CAM (ICCV 2017), as
applied to image-text matching by ALBEF (Li et al., NeurIPS 2021) and BLIP. ``at_scores`` takes the derivative one step further, to
the scores that the softmax made C of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from iterprime_xai.models import ImageTextMatcher


def activation(attention: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """max(0, gradient) * attention, elementwise: (heads, tokens, rows, columns) -> the same shape."""
    return gradient.clamp(min=0) * attention


def at_scores(attention: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """The gradient less its mean over the patches, weighted with the attention: (heads, tokens, rows, columns) -> the same shape.

    Times the attention, this is the derivative by the scores Z before the softmax among the patches: dS/dZ = C (g - mean) with g =
    dS/dC. It is what the match gains when a patch draws attention *from the other patches*. g itself asks for attention from
    nowhere, which a softmax cannot give: its mean says nothing about where to look, yet decides whether max(0, g) keeps a
    whole row or nothing of it.
    """
    mean = (attention * gradient).sum((-2, -1), keepdim=True) / attention.sum((-2, -1), keepdim=True).clamp(min=1e-12)
    return gradient - mean


def token_gradcam(matcher: ImageTextMatcher, image: Any, text: str, layer: int) -> np.ndarray:
    """Where the model looks for each token of ``text``.

    Args:
        matcher: an image-text matcher, ``ix.load(...).matcher``.
        image: a path, PIL image or uint8 array.
        text: the text exactly as it is matched; no prompt is added.
        layer: the text encoder's own 0-based index of a layer with cross-attention.

    Returns:
        float32 (tokens, rows, columns): the head mean of max(0, gradient) * attention for the match logit, for every token of
        the tokenized text in order, special tokens included. In a stock text encoder's last layer all rows but the
        first are exactly zero, since only the first token reaches the match head.

    Raises:
        LayerError: the layer has no cross-attention. PhraseError, ImageInputError: unusable text or picture.
    """
    from iterprime_xai.data.images import read_image

    image_tokens = matcher.encode_image(read_image(image).image)
    match = matcher.match(image_tokens, matcher.tokenize(text), layers=(layer,))
    return activation(match.attention[layer], match.gradient[layer]).mean(0).cpu().numpy()
