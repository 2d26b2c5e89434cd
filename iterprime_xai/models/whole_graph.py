"""One text read against pixels with the whole graph kept: gradients down to the pixels, and every attention on the way.

Grad-CAM over cross-attention needs none of it (see `models.reading`, which is built to leave it out). Methods that ask what a
pixel or a layer of the image tower does need all of it, and pay for it: a full forward pass, and a full backward pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from iterprime_xai.models.reading import attention_probabilities
from iterprime_xai.models.reading_matcher import MATCH
from iterprime_xai.models.undisturbed import undisturbed

if TYPE_CHECKING:
    from iterprime_xai.models.matcher import TextTokens
    from iterprime_xai.models.reading_matcher import ReadingMatcher


@dataclass(frozen=True, eq=False)
class WholeGraph:
    """What one text found in n pictures. All tensors are parts of the graph.

    Attributes:
        logit: float32 (n,), before the softmax.
        probability: float32 (n,).
        image: for each layer of the image tower, from the bottom, (n, heads, seen, seen); empty unless watched.
        own: for each text layer its self-attention (n, heads, tokens, tokens), query tokens in front; empty unless watched.
        cross: for each text layer that looks (n, heads, tokens that look, seen), prefix tokens included.
        read: places of the tokens that the match head reads.
    """

    logit: torch.Tensor
    probability: torch.Tensor
    image: tuple[torch.Tensor, ...]
    own: tuple[torch.Tensor, ...]
    cross: dict[int, torch.Tensor]
    read: tuple[int, ...]


@contextmanager
def differentiating(matcher: ReadingMatcher) -> Iterator[None]:
    """With gradients whatever the caller's mode, without dropout, and without a trace on the model."""
    with torch.inference_mode(False), torch.enable_grad(), undisturbed(matcher.model):
        yield


def look_through(
    matcher: ReadingMatcher, pixels: torch.Tensor, text: TextTokens, *, watched: bool = False
) -> WholeGraph:
    """Read one text against pictures; to be called within :func:`differentiating`.

    Args:
        matcher: any family.
        pixels: (n, 3, side, side), as :meth:`ReadingMatcher.pixels_of` makes them; require a gradient where one is wanted.
        text: the tokenized text.
        watched: whether self-attention is kept too. It is then not fused, and takes the memory of all its probabilities.
    """
    image: list[torch.Tensor] = []
    own: list[torch.Tensor] = []
    cross: dict[int, torch.Tensor] = {}
    if watched:
        hidden = matcher._see(pixels, image.append)
    else:
        hidden = matcher._see(pixels) if torch.is_grad_enabled() else matcher._see_all(pixels)
    count, length = len(pixels), len(text)
    # A copy: the caller may have made them in inference mode, where nothing can be differentiated.
    ids = text.ids.to(pixels.device).clone()
    states = matcher._embed(ids, torch.arange(length, device=pixels.device)[None]).detach()
    # A leaf, so that the words' own attention is part of the graph too where the weights are frozen.
    states = states.requires_grad_(torch.is_grad_enabled()).expand(count, -1, -1)
    queries = matcher._query_tokens()
    looking = length
    if queries is not None:
        looking = len(queries)
        states = torch.cat((queries.expand(count, -1, -1), states), 1)
    for index, layer in enumerate(matcher.reading_layers()):
        states = layer.attend(states, None, None, own.append if watched else None)
        words = states[:, looking:]
        asking = states[:, :looking]
        if layer.looks:
            keys, values = layer.keys_values(hidden)
            cross[index] = attention_probabilities(layer.queries(asking), keys)
            asking = layer.take_in(cross[index].to(values.dtype) @ values, asking)
        states = layer.feed_forward(asking)
        if words.shape[1]:
            states = torch.cat((states, layer.feed_forward(words, looking=False)), 1)
    read = tuple(range(looking)) if queries is not None else (0,)
    scores = matcher._judge(states[:, list(read)]).float()
    return WholeGraph(scores[:, MATCH], scores.softmax(-1)[:, MATCH], tuple(image), tuple(own), cross, read)
