"""Primary-word emphasis: strengthen the head noun against its context, then fuse the tokens' maps into one.

Local emphasis compares the attention of the primary word with that of each context token; global emphasis counts the primary
word as often as all content tokens together. Source: IteRPrimE (Wang et al., AAAI 2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from iterprime_xai.records import Expression, OptionError
from iterprime_xai.saliency.gradcam import activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from iterprime_xai.models import TextTokens

Emphasis = Literal["both", "local", "global", "none", "all_tokens", "sentence"]
"""How tokens become one map.

- ``both``: the first token, local emphasis and global emphasis (the method as published)
- ``local``: the first token and local emphasis; ``global``: the first token and global emphasis
- ``none``: plain mean of the first token and the content tokens (GroundVLP's choice of tokens)
- ``all_tokens``: plain mean of every token; ``sentence``: every token but the first and the last (LAVIS)
"""


@dataclass(frozen=True, slots=True)
class TokenRoles:
    """Positions of the primary word's tokens and of the other content words' tokens; position 0 is the first token."""

    primary: tuple[int, ...]
    context: tuple[int, ...]


def token_roles(expression: Expression, tokens: TextTokens, shift: int = 0) -> TokenRoles:
    """Which tokens the words of an expression became; ``shift`` is where the expression starts in the tokenized text."""

    def positions(index: int) -> tuple[int, ...]:
        start, end = expression.words[index].span
        return tokens.positions((start + shift, end + shift))

    return TokenRoles(
        primary=positions(expression.primary),
        context=tuple(position for index in expression.context for position in positions(index)),
    )


def check(emphasis: str | bool | None, default: Emphasis) -> Emphasis:
    """Normalise the ``emphasis`` argument: ``None`` is the recipe's, true is "both", false is "none"."""
    if emphasis is None:
        return default
    if isinstance(emphasis, bool):
        return "both" if emphasis else "none"
    if emphasis not in get_args(Emphasis):
        raise OptionError(
            f"emphasis must be one of {', '.join(get_args(Emphasis))}, true or false, but got {emphasis!r}."
        )
    return emphasis  # type: ignore[return-value]


def fuse(
    attention: torch.Tensor,
    gradient: torch.Tensor,
    roles: TokenRoles,
    emphasis: Emphasis = "both",
    local_weight: Literal["gradient", "plain"] = "plain",
) -> torch.Tensor:
    """One map from all tokens: (heads, tokens, rows, columns) twice -> (rows, columns), magnitude kept.

    A uniform mean, over heads too, of {A_0}, {E_t : context t} and {A_t : t in F'} where A = max(0, gradient) * attention and F'
    is the content tokens with the primary word's appended once more for each of them. E_t = D_t * A_w (``plain``), or
    D_t * G_w * A_w as in the released code (``gradient``), with D_t = (C_w - C_t) divided by its length over the context
    tokens, and 1 without context. ``plain`` keeps E on the scale of A: with the gradient once more, E grows with the
    square of the score's scale and all but vanishes beside A when gradients are small. E can be negative where a context
    word draws more attention than the primary word.

    A phrase whose primary word has no token (dropped by the tokenizer) falls back to the plain mean of the first
    and context tokens.
    """
    return fuse_all(attention[None], gradient[None], [roles], [attention.shape[1]], emphasis, local_weight)[0]


def fuse_all(
    attention: torch.Tensor,
    gradient: torch.Tensor,
    roles: Sequence[TokenRoles],
    lengths: Sequence[int],
    emphasis: Emphasis = "both",
    local_weight: Literal["gradient", "plain"] = "plain",
    maps: torch.Tensor | None = None,
) -> torch.Tensor:
    """:func:`fuse` for several texts at once: (texts, heads, tokens, rows, columns) twice -> (texts, rows, columns).

    Args:
        attention, gradient: what stands behind the ``lengths`` tokens of a shorter text does not count.
        roles: of each text's tokens.
        emphasis, local_weight: as for :func:`fuse`.
        maps: the mean over heads of :func:`~iterprime_xai.saliency.gradcam.activation`, where it is there already.
    """
    maps = activation(attention, gradient).mean(1) if maps is None else maps
    found = [_shares(role, length, maps.shape[1], emphasis) for role, length in zip(roles, lengths, strict=True)]
    shares = np.stack([each for each, _ in found])[:, None]
    local = np.array([each for _, each in found], np.float32)
    fused = (_moved(shares, maps) @ maps.flatten(2)).unflatten(-1, maps.shape[2:])[:, 0]
    if not local.any():
        return fused
    primary, is_primary = _places([role.primary for role in roles], maps)
    count = is_primary.sum(1).clamp(min=1)
    primary_attention = (_taken(attention, primary) * is_primary).sum(1) / count
    primary_gradient = (_taken(gradient, primary).clamp(min=0) * is_primary).sum(1) / count
    primary_map = primary_gradient * primary_attention
    if local_weight == "gradient":
        primary_map = primary_gradient * primary_map
    emphasised = (_contrast(primary_attention, attention, [role.context for role in roles]) * primary_map).mean(1)
    return fused + _moved(local[:, None, None], maps) * emphasised


@lru_cache(maxsize=4096)
def _shares(roles: TokenRoles, length: int, tokens: int, emphasis: Emphasis) -> tuple[np.ndarray, float]:
    """What share of the mean each token's map has, (tokens,), and what share the sum of emphasised maps has."""
    shares = np.zeros(tokens, np.float32)
    if emphasis in ("all_tokens", "sentence"):
        among = slice(0, length) if emphasis == "all_tokens" else slice(1, max(length - 1, 1))
        shares[among] = 1 / max(among.stop - among.start, 1)
        return shares, 0.0
    primary, content = roles.primary, roles.primary + roles.context
    shares[0], count, emphasised = 1, 1, 0
    if emphasis != "local" or not primary:
        for token in content:
            shares[token] += 1
        count += len(content)
    if emphasis in ("both", "global"):
        # The primary word once more for each content token.
        for token in primary:
            shares[token] += len(content)
        count += len(content) * len(primary)
    if emphasis in ("both", "local") and primary:
        emphasised = max(len(roles.context), 1)
        count += emphasised
    return shares / np.float32(count), 1 / count if emphasised else 0.0


def _contrast(primary: torch.Tensor, attention: torch.Tensor, context: Sequence[tuple[int, ...]]) -> torch.Tensor:
    """The sum of D over each text's context tokens (texts, heads, rows, columns): how much more attention the primary word draws
    than each of them, of length 1 over them; 1 without any."""
    import torch

    if not any(context):
        return torch.ones_like(primary)
    places, there = _places(context, primary)
    differences = (primary[:, None] - _taken(attention, places)) * there
    length = differences.square().sum(1).sqrt()
    total = differences.sum(1)
    contrast = torch.where(length > 0, total / length, torch.zeros_like(total))
    return contrast if all(context) else torch.where(there.any(1), contrast, torch.ones_like(contrast))


def _places(tokens: Sequence[tuple[int, ...]], like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions (texts, most) of each text's tokens, and which of them there are, bool (texts, most, 1, 1, 1)."""
    most = max(map(len, tokens))
    places = np.zeros((len(tokens), most), np.int64)
    for text, each in enumerate(tokens):
        places[text, : len(each)] = each
    there = np.arange(most) < np.array([len(each) for each in tokens])[:, None]
    return _moved(places, like), _moved(there, like)[:, :, None, None, None]


def _taken(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """(texts, heads, tokens, rows, columns) at each text's places -> (texts, places, heads, rows, columns)."""
    import torch

    return values[torch.arange(len(places), device=values.device)[:, None], :, places]


def _moved(values: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.from_numpy(values).to(like.device)
