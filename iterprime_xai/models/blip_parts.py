"""What the stock classes of BLIP and BLIP-2 have in common: the image tower, and the steps of attention by heads."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from iterprime_xai.models.reading import Watch, attention_probabilities, pick
from iterprime_xai.models.reading_matcher import ReadingMatcher


class SeeingTower(ReadingMatcher):
    """A matcher whose image tower is the stock one that BLIP and BLIP-2 share, ``model.vision_model``."""

    @property
    def image_size(self) -> int:
        return self.model.config.vision_config.image_size

    @property
    def grid(self) -> tuple[int, int]:
        vision = self.model.config.vision_config
        side = vision.image_size // vision.patch_size
        return side, side

    @property
    def prefix(self) -> int:
        rows, columns = self.grid
        return self.model.vision_model.embeddings.position_embedding.shape[1] - rows * columns

    def _see(self, pixels: torch.Tensor, watch: Watch | None = None) -> torch.Tensor:
        # In steps of our own, since the stock tower's attention is not fused: a fifth of its time on a CPU, half on a GPU.
        tower = self.model.vision_model
        states = tower.embeddings(pixels)
        for layer in tower.encoder.layers:
            own = layer.self_attn
            parts = own.qkv(layer.layer_norm1(states)).unflatten(-1, (3, own.num_heads, own.head_dim))
            queries, keys, values = parts.permute(2, 0, 3, 1, 4)
            states = states + own.projection(joined(attention_of(queries, keys, values, watch=watch)))
            states = states + layer.mlp(layer.layer_norm2(states))
        return tower.post_layernorm(states)


def attended(
    attention: Any,
    own: Any,
    states: torch.Tensor,
    mask: torch.Tensor | None,
    asking: torch.Tensor | None,
    watch: Watch | None = None,
) -> torch.Tensor:
    """Self-attention of the tokens at ``asking``, or of all, with its residual; ``own`` holds the stock block's projections."""
    some = states if asking is None else pick(states, asking, 1)
    queries, keys, values = (
        by_head(part(each), own) for part, each in ((own.query, some), (own.key, states), (own.value, states))
    )
    return attention.output(joined(attention_of(queries, keys, values, mask, watch)), some)


def attention_of(
    queries: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor | None = None,
    watch: Watch | None = None,
) -> torch.Tensor:
    """What attention takes in, (n, heads, tokens, width); fused, unless somebody watches the probabilities."""
    if watch is None:
        return scaled_dot_product_attention(queries, keys, values, mask)
    probabilities = attention_probabilities(queries, keys, mask)
    watch(probabilities)
    return probabilities.to(values.dtype) @ values


def by_head(values: torch.Tensor, attention: Any) -> torch.Tensor:
    """(n, tokens, heads * width) -> (n, heads, tokens, width)."""
    return values.unflatten(-1, (attention.num_attention_heads, attention.attention_head_size)).transpose(1, 2)


def joined(values: torch.Tensor) -> torch.Tensor:
    """(n, heads, tokens, width) -> (n, tokens, heads * width)."""
    return values.transpose(1, 2).flatten(2)
