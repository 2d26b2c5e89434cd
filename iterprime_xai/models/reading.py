"""A text encoder reading pictures: keys and values once a picture, many texts at a time, gradients only where somebody looks.

Cross-attention asks the picture for the same keys and values whatever the text says, so they are made once and kept with the
encoded picture: every further phrase, pass and layer costs its words alone. Texts about one picture are laid end to end as the
queries of one attention, which do not see each other there. Below the lowest layer that is read nothing is recorded; above it the
graph begins at that layer's attention probabilities. The last layer is worked out for the first token alone, the only one that the
match head reads, unless it is itself asked for.

A family of models offers its layers as :class:`ReadingLayer`; the rest is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from iterprime_xai.models.matcher import ImageTokens


class ReadingLayer(Protocol):
    """One layer of a text encoder, in the steps that it takes; ``looks`` is false where it has no cross-attention."""

    looks: bool

    def attend(self, states: Tensor, mask: Tensor | None, first: bool) -> Tensor:
        """Self-attention with its residual: (n, tokens, width), or (n, 1, width) for the first token alone."""
        ...

    def keys_values(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """What pictures offer: (pictures, seen, width) -> twice (pictures, heads, seen, head width)."""
        ...

    def queries(self, states: Tensor) -> Tensor:
        """What tokens ask: (n, tokens, width) -> (n, heads, tokens, head width)."""
        ...

    def take_in(self, context: Tensor, states: Tensor) -> Tensor:
        """What was seen, (n, heads, tokens, head width), added to the states it was asked for."""
        ...

    def feed_forward(self, states: Tensor) -> Tensor:
        """The layer's last step, with its residual."""
        ...


@dataclass(frozen=True, eq=False)
class Reading:
    """Texts read against pictures.

    ``states``: last states (n, 1, width) of the first tokens, or (n, tokens, width) if the last layer was asked for.
    ``attention``: for each layer asked for, the probabilities (pictures, heads, texts a picture, tokens, seen), part of the graph
    of ``states``; ``place`` says for each text which picture and which of its texts it is.
    """

    states: Tensor
    attention: dict[int, Tensor]
    place: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class _Table:
    """Where texts stand when they are gathered by picture: ``rows`` (pictures, most texts a picture), padded with repeats."""

    rows: Tensor
    place: tuple[tuple[int, int], ...]
    plain: bool

    @staticmethod
    def of(owner: Sequence[int], device: torch.device) -> _Table:
        texts: list[list[int]] = [[] for _ in range(max(owner) + 1)]
        place = []
        for row, picture in enumerate(owner):
            place.append((picture, len(texts[picture])))
            texts[picture].append(row)
        most = max(map(len, texts))
        rows = [each + [each[0]] * (most - len(each)) for each in texts]
        return _Table(torch.tensor(rows, device=device), tuple(place), len(texts) == 1)

    def gather(self, values: Tensor) -> Tensor:
        """(n, heads, tokens, w) -> (pictures, heads, texts, tokens, w)."""
        return (values[None] if self.plain else values[self.rows]).transpose(1, 2)

    def spread(self, values: Tensor) -> Tensor:
        """The way back; what stands in for a missing text is dropped."""
        values = values.transpose(1, 2)
        if self.plain:
            return values[0]
        pictures, texts = zip(*self.place, strict=True)
        return values[list(pictures), list(texts)]


def read(
    layers: Sequence[ReadingLayer],
    states: Tensor,
    lengths: Sequence[int],
    pictures: Sequence[ImageTokens],
    owner: Sequence[int],
    keep: np.ndarray | None,
    wanted: tuple[int, ...],
) -> Reading:
    """Read texts against pictures.

    Args:
        layers: the encoder's layers, from the bottom.
        states: embedded tokens (n, tokens, width), padded behind each text's ``lengths``.
        pictures: encoded pictures of one grid; keys and values not yet there are made and kept with them.
        owner: for each text the picture it is about; every picture must have one.
        keep: bool (n, seen), the image tokens that each text may attend to; ``None`` for all.
        wanted: layers whose probabilities are asked for.
    """
    table = _Table.of(owner, states.device)
    text_mask = _text_mask(states, lengths)
    mask = None if keep is None else _mask(torch.from_numpy(keep).to(states.device)[:, None, None], states.dtype)
    mask = None if mask is None else table.gather(mask)
    lowest = min(wanted, default=len(layers))
    attention: dict[int, Tensor] = {}
    for index, layer in enumerate(layers):
        first = index == len(layers) - 1 and index not in wanted
        with torch.set_grad_enabled(index > lowest):
            states = layer.attend(states, text_mask, first)
            if layer.looks:
                keys, values = _kept(layer, index, pictures)
                queries = table.gather(layer.queries(states))
        with torch.set_grad_enabled(index >= lowest):
            if layer.looks:
                if index in wanted:
                    probabilities = _probabilities(queries, keys, mask)
                    if index == lowest:
                        probabilities = probabilities.detach().requires_grad_()
                    attention[index] = probabilities
                    seen = probabilities.to(values.dtype) @ values[:, :, None]
                else:
                    seen = _look(queries, keys, values, mask)
                states = layer.take_in(table.spread(seen), states)
            states = layer.feed_forward(states)
    return Reading(states, attention, table.place)


def _kept(layer: ReadingLayer, index: int, pictures: Sequence[ImageTokens]) -> tuple[Tensor, Tensor]:
    """Keys and values of all pictures at a layer, from what was kept with each."""
    fresh = [picture for picture in pictures if index not in picture.kept]
    if fresh:
        with torch.no_grad():
            keys, values = layer.keys_values(torch.cat([picture.hidden for picture in fresh]).detach())
        for place, picture in enumerate(fresh):
            picture.kept[index] = keys[place : place + 1], values[place : place + 1]
    if len(pictures) == 1:
        return pictures[0].kept[index]
    kept = [picture.kept[index] for picture in pictures]
    return torch.cat([keys for keys, _ in kept]), torch.cat([values for _, values in kept])


def _probabilities(queries: Tensor, keys: Tensor, mask: Tensor | None) -> Tensor:
    """Attention probabilities, float32 also in half precision, where a softmax over hundreds of keys loses digits."""
    pictures, heads, texts, tokens, width = queries.shape
    scores = queries.reshape(pictures, heads, texts * tokens, width) @ keys.transpose(-1, -2)
    scores = scores.float().view(pictures, heads, texts, tokens, -1) * width**-0.5
    if mask is not None:
        scores = scores + mask.float()
    return scores.softmax(-1)


def _look(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """What the queries see, without keeping where they looked."""
    pictures, heads, texts, tokens, width = queries.shape
    if mask is not None:
        mask = mask.expand(pictures, 1, texts, tokens, keys.shape[2]).reshape(pictures, 1, texts * tokens, -1)
    flat = queries.reshape(pictures, heads, texts * tokens, width)
    return scaled_dot_product_attention(flat, keys, values, mask).view(pictures, heads, texts, tokens, width)


def _text_mask(states: Tensor, lengths: Sequence[int]) -> Tensor | None:
    """What no token attends to: the padding behind shorter texts; ``None`` where there is none."""
    longest = states.shape[1]
    if all(length == longest for length in lengths):
        return None
    there = torch.arange(longest) < torch.tensor(lengths)[:, None]
    return _mask(there.to(states.device)[:, None, None], states.dtype)


def _mask(there: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.zeros(there.shape, dtype=dtype, device=there.device).masked_fill_(~there, float("-inf"))
