"""What each word of a text draws the looks of query tokens to: how their cross-attention changes as the word is heard more.

In a Q-Former words do not look. Query tokens do, and what they look for depends on the words that they hear through self-attention.
Let g_t (1 in the model as it is) scale what every query token takes in from token t of the text, in every layer. To first order the
cross-attention of the queries is then made of what does not depend on the words and of one part a word, and that part is
dC / dg_t. It is worked out exactly, by forward differentiation through the layers up to the one that is read. See
docs/methods/query_tokens.md for the derivation and for what else was tried.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.autograd import forward_ad

if TYPE_CHECKING:
    from torch import Tensor


_forward_differentiation = threading.Lock()


class HearingLayer(Protocol):
    """What is asked of a layer beyond a :class:`~iterprime_xai.models.reading.ReadingLayer`."""

    looks: bool

    def hear(self, states: Tensor, gates: Tensor, queries: int) -> Tensor:
        """Self-attention with its residual where each of the first ``queries`` tokens takes in the others times their gate."""
        ...

    def queries(self, states: Tensor) -> Tensor: ...

    def take_in(self, context: Tensor, states: Tensor) -> Tensor: ...

    def feed_forward(self, states: Tensor, looking: bool = True) -> Tensor: ...


def drawn(
    layers: Sequence[HearingLayer],
    states: Tensor,
    queries: int,
    kept: Mapping[int, tuple[Tensor, Tensor]],
    keep: Tensor | None,
    wanted: Sequence[int],
) -> dict[int, Tensor]:
    """dC / dg for every token of one text, at each of the ``wanted`` layers: float32 (tokens, heads, queries, seen).

    Args:
        layers: the Q-Former's layers, from the bottom.
        states: embedded tokens (1, queries + tokens, width), query tokens in front.
        queries: how many query tokens there are.
        kept: keys and values of the picture at every layer that looks, (1, heads, seen, head width) twice.
        keep: bool (seen,), the image tokens that may be attended to; ``None`` for all.
        wanted: layers to answer for; each looks.
    """
    hidden: Any = (
        0.0 if keep is None else torch.zeros(keep.shape, device=keep.device).masked_fill_(~keep, float("-inf"))
    )

    def looks(gates: Tensor) -> tuple[Tensor, ...]:
        found, now = {}, states
        for index in range(max(wanted) + 1):
            layer = layers[index]
            heard = layer.hear(now, gates, queries)
            asking, words = heard[:, :queries], heard[:, queries:]
            if layer.looks:
                keys, values = kept[index]
                asked = layer.queries(asking)
                scores = (asked @ keys.transpose(-1, -2)).float() * asked.shape[-1] ** -0.5
                found[index] = (scores + hidden).softmax(-1)
                asking = layer.take_in(found[index].to(values.dtype) @ values, asking)
            now = torch.cat((layer.feed_forward(asking), layer.feed_forward(words, looking=False)), 1)
        return tuple(found[index][0] for index in wanted)

    def along(direction: Tensor) -> Any:
        return torch.func.jvp(looks, (torch.ones_like(direction),), (direction,))[1]

    tokens = states.shape[1] - queries
    each = torch.eye(tokens, dtype=states.dtype, device=states.device)
    # Forward differentiation needs no graph, and its levels are one for all threads of a process: only one may be within them.
    with torch.no_grad(), _forward_differentiation:
        _load_forward_differentiation()
        return dict(zip(wanted, torch.func.vmap(along)(each), strict=True))


@cache
def _load_forward_differentiation() -> None:
    """PyTorch loads its forward differentiation when it is first used, and warns then of its own parts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        with forward_ad.dual_level():
            forward_ad.make_dual(torch.zeros(1), torch.zeros(1))
