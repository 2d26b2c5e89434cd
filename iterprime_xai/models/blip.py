"""Stock `transformers` BLIP for image-text retrieval, of any size and grid, as an image-text matcher."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from iterprime_xai.models.reading import ReadingLayer, pick
from iterprime_xai.models.reading_matcher import ReadingMatcher, TextSizes


class BlipMatcher(ReadingMatcher):
    """A `BlipForImageTextRetrieval` of any size: every token of a text looks, and the head reads the first."""

    family = "blip"
    example = "Salesforce/blip-itm-base-coco"

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

    @property
    def text_sizes(self) -> TextSizes:
        text = self.model.config.text_config
        return TextSizes(
            layers=text.num_hidden_layers,
            width=text.hidden_size,
            heads=text.num_attention_heads,
            limit=text.max_position_embeddings,
            vocabulary=text.vocab_size,
        )

    def reading_layers(self) -> list[ReadingLayer]:
        return [BlipLayer(layer) for layer in self.model.text_encoder.encoder.layer]

    def _see(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.model.vision_model(pixel_values=pixels).last_hidden_state

    def _embed(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        return self.model.text_encoder.embeddings(input_ids=ids, position_ids=positions)

    def _judge(self, states: torch.Tensor) -> torch.Tensor:
        return self.model.itm_head(states[:, 0])

    def _enc_id(self) -> int | None:
        found = super()._enc_id()
        # A vocabulary of this size is BERT's 30522, then [DEC], then [ENC].
        return 30523 if found is None and self.text_sizes.vocabulary == 30524 else found


class BlipLayer:
    """A stock `BlipTextLayer` in the steps of a :class:`~iterprime_xai.models.reading.ReadingLayer`."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.looks = hasattr(layer, "crossattention")

    def attend(self, states: torch.Tensor, mask: torch.Tensor | None, asking: torch.Tensor | None) -> torch.Tensor:
        own = self.layer.attention.self
        some = states if asking is None else pick(states, asking, 1)
        queries, keys, values = (
            _by_head(part(each), own) for part, each in ((own.query, some), (own.key, states), (own.value, states))
        )
        seen = scaled_dot_product_attention(queries, keys, values, mask)
        return self.layer.attention.output(_joined(seen), some)

    def keys_values(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cross = self.layer.crossattention.self
        return _by_head(cross.key(hidden), cross), _by_head(cross.value(hidden), cross)

    def queries(self, states: torch.Tensor) -> torch.Tensor:
        cross = self.layer.crossattention.self
        return _by_head(cross.query(states), cross)

    def take_in(self, context: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        return self.layer.crossattention.output(_joined(context), states)

    def feed_forward(self, states: torch.Tensor, looking: bool = True) -> torch.Tensor:
        return self.layer.feed_forward_chunk(states)


def _by_head(values: torch.Tensor, attention: Any) -> torch.Tensor:
    """(n, tokens, heads * width) -> (n, heads, tokens, width)."""
    return values.unflatten(-1, (attention.num_attention_heads, attention.attention_head_size)).transpose(1, 2)


def _joined(values: torch.Tensor) -> torch.Tensor:
    """(n, heads, tokens, width) -> (n, tokens, heads * width)."""
    return values.transpose(1, 2).flatten(2)
