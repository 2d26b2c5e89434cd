"""Primary-word emphasis: strengthen the head noun against its context, then fuse the tokens' maps into one.

Local emphasis compares the attention of the primary word with that of each context token; global emphasis counts the primary
word as often as all content tokens together. Source: IteRPrimE (Wang et al., AAAI 2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from iterprime_xai.records import Expression, OptionError
from iterprime_xai.saliency.gradcam import activation

if TYPE_CHECKING:
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

    maps = activation(attention, gradient).mean(0)
    primary, context = list(roles.primary), list(roles.context)
    content = primary + context
    if emphasis == "all_tokens":
        return maps.mean(0)
    if emphasis == "sentence":
        return maps[1:-1].mean(0)
    total, count = maps[0], 1
    if emphasis != "local" or not primary:
        total, count = total + maps[content].sum(0), count + len(content)
    if emphasis in ("both", "global"):
        # The primary word once more for each content token.
        total, count = total + len(content) * maps[primary].sum(0), count + len(content) * len(primary)
    if emphasis in ("both", "local") and primary:
        primary_attention = attention[:, primary].mean(1, keepdim=True)
        primary_gradient = gradient[:, primary].clamp(min=0).mean(1, keepdim=True)
        primary_map = primary_gradient * primary_attention
        if local_weight == "gradient":
            primary_map = primary_gradient * primary_map
        emphasised = _contrast(primary_attention, attention[:, context]) * primary_map
        total, count = total + emphasised.mean(0).sum(0), count + emphasised.shape[1]
    return total / count


def _contrast(primary: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
    """D: how much more attention the primary word draws than each context token, of length 1 over the context tokens."""
    import torch

    if context.shape[1] == 0:
        return torch.ones_like(primary)
    difference = primary - context
    length = difference.square().sum(1, keepdim=True).sqrt()
    return torch.where(length > 0, difference / length, torch.zeros_like(difference))
