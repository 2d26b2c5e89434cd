"""A text encoder reading pictures: keys and values once a picture, many texts at a time, gradients only where somebody looks.

Cross-attention asks the picture for the same keys and values whatever the text says, so they are made once and kept with the
encoded picture: every further phrase, pass and layer costs its words alone. Texts about one picture are laid end to end in one
row, so that no work goes into padding; a mask keeps their self-attention apart, and in cross-attention tokens do not see each
other anyway. Below the lowest layer that is read nothing is recorded; above it the graph begins at that layer's attention
probabilities. The last layer is worked out for the first tokens alone, the only ones that the match head reads, unless it is
itself asked for.

A family of models offers its layers as :class:`ReadingLayer`; the rest is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:
    from torch import Tensor

    from iterprime_xai.models.matcher import ImageTokens


class ReadingLayer(Protocol):
    """One layer of a text encoder, in the steps that it takes; ``looks`` is false where it has no cross-attention."""

    looks: bool

    def attend(self, states: Tensor, mask: Tensor | None, asking: Tensor | None) -> Tensor:
        """Self-attention of the tokens at ``asking`` (pictures, some), or of all, with its residual."""
        ...

    def keys_values(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """What pictures offer: (pictures, seen, width) -> twice (pictures, heads, seen, head width)."""
        ...

    def queries(self, states: Tensor) -> Tensor:
        """What tokens ask: (pictures, tokens, width) -> (pictures, heads, tokens, head width)."""
        ...

    def take_in(self, context: Tensor, states: Tensor) -> Tensor:
        """What was seen, (pictures, heads, tokens, head width), added to the states it was asked for."""
        ...

    def feed_forward(self, states: Tensor) -> Tensor:
        """The layer's last step, with its residual."""
        ...


@dataclass(frozen=True, eq=False)
class Rows:
    """Texts end to end, one row a picture.

    ``text`` (pictures, tokens) int says whose token each is, from 0 in its row, and -1 behind the last; ``starts`` (pictures, most
    texts) where each begins, repeated where a picture has fewer. In the order given, ``place`` is row and start of every text, and
    ``number`` which of its row it is. ``alone``: one text a row and nothing behind it, so that there is nothing to keep apart.
    """

    text: Tensor
    starts: Tensor
    place: tuple[tuple[int, int], ...]
    number: tuple[int, ...]
    alone: bool

    @staticmethod
    def of(owner: Sequence[int], lengths: Sequence[int], device: torch.device) -> Rows:
        """The rows of texts of these ``lengths``, each about the picture ``owner``; every picture has one."""
        ends = [0] * (max(owner) + 1)
        starts: list[list[int]] = [[] for _ in ends]
        place, number = [], []
        for picture, length in zip(owner, lengths, strict=True):
            place.append((picture, ends[picture]))
            number.append(len(starts[picture]))
            starts[picture].append(ends[picture])
            ends[picture] += length
        text = torch.full((len(ends), max(ends)), -1)
        for (picture, start), which, length in zip(place, number, lengths, strict=True):
            text[picture, start : start + length] = which
        most = max(map(len, starts))
        padded = [each + each[:1] * (most - len(each)) for each in starts]
        alone = bool((text == 0).all())
        return Rows(text.to(device), torch.tensor(padded, device=device), tuple(place), tuple(number), alone)

    def lay(self, values: Sequence[Tensor], fill: float) -> Tensor:
        """One tensor (tokens, ...) a text -> (pictures, tokens, ...), ``fill`` behind the last."""
        first = values[0]
        laid = first.new_full((*self.text.shape, *first.shape[1:]), fill)
        for (picture, start), value in zip(self.place, values, strict=True):
            laid[picture, start : start + len(value)] = value
        return laid


@dataclass(frozen=True, eq=False)
class Reading:
    """Texts read against pictures.

    ``first``: the first token's last state of every text (n, width). ``attention``: for each layer asked for, the probabilities
    (pictures, heads, tokens, seen) in the layout of :class:`Rows`, part of the graph of ``first``.
    """

    first: Tensor
    attention: dict[int, Tensor]


def read(
    layers: Sequence[ReadingLayer],
    states: Tensor,
    rows: Rows,
    pictures: Sequence[ImageTokens],
    keep: Tensor | None,
    wanted: tuple[int, ...],
) -> Reading:
    """Read texts against pictures.

    Args:
        layers: the encoder's layers, from the bottom.
        states: embedded tokens (pictures, tokens, width), laid out as ``rows`` says.
        pictures: encoded pictures of one grid; keys and values not yet there are made and kept with them.
        keep: bool (pictures, tokens, seen), the image tokens that each token may attend to; ``None`` for all.
        wanted: layers whose probabilities are asked for.
    """
    own = rows.text[:, None, :, None] == rows.text[:, None, None, :]
    apart = None if rows.alone else _mask(own, states.dtype)
    mask = None if keep is None else _mask(keep[:, None], states.dtype)
    lowest = min(wanted, default=len(layers))
    attention: dict[int, Tensor] = {}
    last = len(layers) - 1
    for index, layer in enumerate(layers):
        asking = rows.starts if index == last and last not in wanted else None
        with torch.set_grad_enabled(index > lowest):
            states = layer.attend(states, apart if asking is None or apart is None else pick(apart, asking, 2), asking)
            if layer.looks:
                keys, values = _kept(layer, index, pictures)
                queries = layer.queries(states)
        hidden = mask if asking is None or mask is None else pick(mask, asking, 2)
        with torch.set_grad_enabled(index >= lowest):
            if layer.looks:
                if index < lowest:
                    seen = scaled_dot_product_attention(queries, keys, values, hidden)
                else:  # fused attention would not show them, and work out gradients of keys and values too
                    probabilities = _probabilities(queries, keys, hidden)
                    if index == lowest:
                        probabilities = probabilities.detach().requires_grad_()
                    if index in wanted:
                        attention[index] = probabilities
                    seen = probabilities.to(values.dtype) @ values
                states = layer.take_in(seen, states)
            states = layer.feed_forward(states)
    with torch.set_grad_enabled(bool(wanted)):
        picture = [picture for picture, _ in rows.place]
        at = rows.number if last not in wanted else [start for _, start in rows.place]
        return Reading(states[picture, list(at)], attention)


def pick(values: Tensor, places: Tensor, dim: int) -> Tensor:
    """The ``places`` (pictures, some) along ``dim`` of (pictures, ...)."""
    index = places.view(len(places), *(-1 if each == dim else 1 for each in range(1, values.dim())))
    return values.gather(dim, index.expand(*(values.shape[:dim]), places.shape[1], *values.shape[dim + 1 :]))


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
    scores = (queries @ keys.transpose(-1, -2)).float() * queries.shape[-1] ** -0.5
    return (scores if mask is None else scores + mask.float()).softmax(-1)


def _mask(there: Tensor, dtype: torch.dtype) -> Tensor:
    """0 where something is there, minus infinity elsewhere."""
    return torch.zeros(there.shape, dtype=dtype, device=there.device).masked_fill_(~there, float("-inf"))
