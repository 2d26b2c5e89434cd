"""A text encoder reading pictures: keys and values once a picture, many texts at a time, gradients only where somebody looks.

Cross-attention asks the picture for the same keys and values whatever the text says, so they are made once and kept with the
encoded picture: every further phrase, pass and layer costs its words alone. Texts about one picture are laid end to end in one
row, so that no work goes into padding; a mask keeps their self-attention apart, and in cross-attention tokens do not see each
other anyway. Below the lowest layer that is read nothing is recorded; above it the graph begins at that layer's attention
probabilities. The last layer is worked out for the tokens that the match head reads alone, unless others look there and it is
itself asked for.

Who looks and whom the head reads is one of two things. In BLIP and ALBEF every token of a text looks, and the head reads its first.
In BLIP-2 a text brings query tokens of the model's own: they alone look at the picture, and the head reads all of them.

A family of models offers its layers as :class:`ReadingLayer`; the rest is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

from iterprime_xai.models.matcher import Kept

if TYPE_CHECKING:
    from torch import Tensor

    from iterprime_xai.models.matcher import ImageTokens


Watch = Callable[["Tensor"], None]
"""Is shown the probabilities (n, heads, tokens, tokens) of an attention on the way; fused attention would not have them."""


class ReadingLayer(Protocol):
    """One layer of a text encoder, in the steps that it takes; ``looks`` is false where it has no cross-attention."""

    looks: bool

    def attend(self, states: Tensor, mask: Tensor | None, asking: Tensor | None, watch: Watch | None = None) -> Tensor:
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

    def feed_forward(self, states: Tensor, looking: bool = True) -> Tensor:
        """The layer's last step, with its residual, of tokens that look or, beside query tokens, of those that do not."""
        ...


@dataclass(frozen=True, eq=False)
class Rows:
    """Texts end to end, one row a picture; where texts bring query tokens, those of all texts stand in front of all words.

    ``text`` (pictures, tokens) int says whose token each is, from 0 in its row, and -1 where there is none. ``looking`` is how many
    tokens at the front of every row look at the picture, ``None`` where all do. ``read`` (pictures, some) are the places of the
    tokens that the match head reads, repeated where a picture has fewer texts. In the order given, ``place`` is row and start of
    every text's own tokens, ``lengths`` how many they are, and ``number`` which of its row it is; ``queries`` is how many query
    tokens each text brings. ``alone``: one text a row and nothing behind it, so that there is nothing to keep apart.

    The rest says the same for the device, so that nothing waits in between: ``row`` and ``column`` of all texts' own tokens one
    after the other, and their place ``within`` the text, ``asker`` (pictures, tokens that look) the text that each looks for, -1
    for none, ``picture`` (texts, 1) and ``looks`` (texts, most) where each text's tokens look, its last one repeated, ``head`` and
    ``narrowed`` (texts, some) where the head reads, among all tokens and among ``read``.
    """

    text: Tensor
    looking: int | None
    read: Tensor
    place: tuple[tuple[int, int], ...]
    lengths: tuple[int, ...]
    number: tuple[int, ...]
    queries: int
    alone: bool
    row: Tensor
    column: Tensor
    within: Tensor
    asker: Tensor
    picture: Tensor
    looks: Tensor
    head: Tensor
    narrowed: Tensor

    @staticmethod
    def of(owner: Sequence[int], lengths: Sequence[int], device: torch.device, queries: int = 0) -> Rows:
        """The rows of texts of these ``lengths``, each about the picture ``owner`` and with so many ``queries``; every picture has
        one."""
        counts = [0] * (max(owner) + 1)
        number = []
        for picture in owner:
            number.append(counts[picture])
            counts[picture] += 1
        most = max(counts)
        front = most * queries
        ends = [front] * len(counts)
        begin = []
        for picture, length in zip(owner, lengths, strict=True):
            begin.append(ends[picture])
            ends[picture] += length
        of, start, count, nth = (np.array(each) for each in (owner, begin, lengths, number))
        text = np.full((len(ends), max(ends)), -1)
        asker = np.full((len(ends), front or max(ends)), -1)
        row, which = np.repeat(of, count), np.repeat(nth, count)
        within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        column = np.repeat(start, count) + within
        text[row, column] = which
        if queries:
            looks = head = narrowed = (nth * queries)[:, None] + np.arange(queries)
            text[of[:, None], looks] = nth[:, None]
            asker[of[:, None], looks] = np.arange(len(of))[:, None]
            read = np.tile(np.arange(front), (len(ends), 1))
        else:
            looks = start[:, None] + np.minimum(np.arange(count.max()), count[:, None] - 1)
            head, narrowed = start[:, None], nth[:, None]
            asker[row, column] = np.repeat(np.arange(len(of)), count)
            read = np.zeros((len(ends), most), np.int64)
            read[of[nth == 0]] = start[nth == 0, None]  # the first text of a row stands in for those that it lacks
            read[of, nth] = start
        there = [
            torch.from_numpy(each).to(device)
            for each in (text, read, row, column, within, asker, of[:, None], looks, head, narrowed)
        ]
        return Rows(
            there[0],
            front or None,
            there[1],
            tuple(zip(owner, begin, strict=True)),
            tuple(lengths),
            tuple(number),
            queries,
            bool((text == 0).all()),
            *there[2:],
        )

    def lay(self, values: Tensor, fill: float) -> Tensor:
        """All texts' own tokens, one after the other (tokens, ...) -> (pictures, tokens behind queries, ...), else ``fill``."""
        front = self.looking or 0
        laid = values.new_full((len(self.text), self.text.shape[1] - front, *values.shape[1:]), fill)
        laid[self.row, self.column - front] = values
        return laid

    def give(self, values: Tensor, fill: float) -> Tensor:
        """One value a text (texts, ...), for each of its tokens that look -> (pictures, tokens that look, ...)."""
        given = values[self.asker.clamp(min=0)]
        nobody = (self.asker < 0).view(*self.asker.shape, *(1 for _ in values.shape[1:]))
        return given.masked_fill(nobody, fill)

    def looking_of(self, index: int) -> tuple[int, slice]:
        """Row and places of a text's tokens that look."""
        (picture, start), which = self.place[index], self.number[index]
        if self.queries:
            return picture, slice(which * self.queries, (which + 1) * self.queries)
        return picture, slice(start, start + self.lengths[index])

    def looks_of(self, values: Tensor) -> Tensor:
        """What all tokens do, (pictures, heads, tokens that look, seen), for each text: (texts, heads, its tokens that look, seen).

        Behind the tokens of a shorter text its last one is repeated.
        """
        if len(self.place) == 1:
            return values[:, :, self.looking_of(0)[1]]
        return values[self.picture, :, self.looks].transpose(1, 2)

    def read_by_head(self, states: Tensor, *, narrowed: bool) -> Tensor:
        """The states (texts, some, width) that the head reads, from those of all tokens or, ``narrowed``, of ``read`` alone."""
        return states[self.picture, self.narrowed if narrowed else self.head]


@dataclass(frozen=True, eq=False)
class Reading:
    """Texts read against pictures.

    ``read``: the last states of the tokens that the match head reads (texts, some, width). ``attention``: for each layer asked for,
    the probabilities (pictures, heads, tokens that look, seen) in the layout of :class:`Rows`, part of the graph of ``read``.
    """

    read: Tensor
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
        states: embedded tokens (pictures, tokens, width), laid out as ``rows`` says, query tokens in front.
        pictures: encoded pictures of one grid; keys and values not yet there are made and kept with them.
        keep: bool (pictures, tokens that look, seen), the image tokens that each may attend to; ``None`` for all.
        wanted: layers whose probabilities are asked for.
    """
    own = rows.text[:, None, :, None] == rows.text[:, None, None, :]
    apart = None if rows.alone else _mask(own, states.dtype)
    mask = None if keep is None else _mask(keep[:, None], states.dtype)
    lowest = min(wanted, default=len(layers))
    attention: dict[int, Tensor] = {}
    seen_together: dict[tuple[int, ...], Tensor] = {}
    last = len(layers) - 1
    narrow = last not in wanted or rows.looking is not None  # nothing above the last layer needs the others
    for index, layer in enumerate(layers):
        asking = rows.read if index == last and narrow else None
        with torch.set_grad_enabled(index > lowest):
            states = layer.attend(states, apart if asking is None or apart is None else pick(apart, asking, 2), asking)
            others = None
            if rows.looking is not None and asking is None:
                states, others = states[:, : rows.looking], states[:, rows.looking :]
            if layer.looks:
                keys, values = _kept(layer, index, pictures, seen_together)
                queries = layer.queries(states)
        hidden = mask if asking is None or mask is None or rows.looking is not None else pick(mask, asking, 2)
        with torch.set_grad_enabled(index >= lowest):
            if layer.looks:
                if index < lowest:
                    seen = scaled_dot_product_attention(queries, keys, values, hidden)
                else:  # fused attention would not show them, and work out gradients of keys and values too
                    probabilities = attention_probabilities(queries, keys, hidden)
                    if index == lowest:
                        probabilities = probabilities.detach().requires_grad_()
                    if index in wanted:
                        attention[index] = probabilities
                    seen = probabilities.to(values.dtype) @ values
                states = layer.take_in(seen, states)
            states = layer.feed_forward(states)
            if others is not None:
                states = torch.cat((states, layer.feed_forward(others, looking=False)), 1)
    with torch.set_grad_enabled(bool(wanted)):
        return Reading(rows.read_by_head(states, narrowed=narrow), attention)


def pick(values: Tensor, places: Tensor, dim: int) -> Tensor:
    """The ``places`` (pictures, some) along ``dim`` of (pictures, ...)."""
    index = places.view(len(places), *(-1 if each == dim else 1 for each in range(1, values.dim())))
    return values.gather(dim, index.expand(*(values.shape[:dim]), places.shape[1], *values.shape[dim + 1 :]))


def _kept(
    layer: ReadingLayer, index: int, pictures: Sequence[ImageTokens], seen: dict[tuple[int, ...], Tensor]
) -> tuple[Tensor, Tensor]:
    """Keys and values of all pictures at a layer, from what was kept with each; ``seen`` remembers what lower layers laid together.

    Pictures that were read together are not copied, nor are those that are left of them at even steps: copying 42 MB a picture for
    each look cost a twelfth of the time.
    """
    fresh = [picture for picture in pictures if index not in picture.kept]
    if fresh:
        who = tuple(map(id, fresh))
        if who not in seen:
            seen[who] = _together([picture.hidden for picture in fresh]).detach()
        with torch.no_grad():
            keys, values = layer.keys_values(seen[who])
        for place, picture in enumerate(fresh):
            picture.kept[index] = Kept(keys, values, place)
    kept = [picture.kept[index] for picture in pictures]
    first = kept[0]
    step = kept[1].place - first.place if len(kept) > 1 else 1
    if step > 0 and all(
        each.keys is first.keys and each.place == first.place + place * step for place, each in enumerate(kept)
    ):
        some = slice(first.place, kept[-1].place + 1, step)
        return first.keys[some], first.values[some]
    own = [each.own() for each in kept]
    return torch.cat([keys for keys, _ in own]), torch.cat([values for _, values in own])


def _together(parts: Sequence[Tensor]) -> Tensor:
    """One tensor of parts (1, ...), without copying where they follow each other in one piece of memory."""
    first = parts[0]
    size = first.stride(0)
    piece = first.untyped_storage().data_ptr()
    follow = all(
        part.untyped_storage().data_ptr() == piece
        and part.stride() == first.stride()
        and part.storage_offset() == first.storage_offset() + place * size
        for place, part in enumerate(parts)
    )
    return (
        first.as_strided((len(parts), *first.shape[1:]), first.stride(), first.storage_offset())
        if follow
        else torch.cat(list(parts))
    )


def attention_probabilities(queries: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
    """What attention gives each key: (..., queries, width) and (..., keys, width) -> (..., queries, keys)."""
    return probabilities_of(queries @ keys.transpose(-1, -2), queries.shape[-1], mask)


def probabilities_of(products: Tensor, width: int, mask: Tensor | None = None) -> Tensor:
    """Attention probabilities of products of queries and keys, float32 also in half precision, where a softmax over hundreds of
    keys loses digits."""
    scores = products.float() * width**-0.5
    return (scores if mask is None else scores + mask.float()).softmax(-1)


def _mask(there: Tensor, dtype: torch.dtype) -> Tensor:
    """0 where something is there, minus infinity elsewhere."""
    return torch.zeros(there.shape, dtype=dtype, device=there.device).masked_fill_(~there, float("-inf"))
