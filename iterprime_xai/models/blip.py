"""Stock `transformers` BLIP for image-text retrieval, of any size and grid, as an image-text matcher."""

from __future__ import annotations

from typing import Any

import torch

from iterprime_xai.models.blip_parts import SeeingTower, attended, by_head, joined
from iterprime_xai.models.reading import ReadingLayer, Watch
from iterprime_xai.models.reading_matcher import TextSizes


class BlipMatcher(SeeingTower):
    """A `BlipForImageTextRetrieval` of any size: every token of a text looks, and the head reads the first."""

    family = "blip"
    example = "Salesforce/blip-itm-base-coco"

    @property
    def text_sizes(self) -> TextSizes:
        return TextSizes.of(self.model.config.text_config)

    def reading_layers(self) -> list[ReadingLayer]:
        return [BlipLayer(layer) for layer in self.model.text_encoder.encoder.layer]

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

    def attend(
        self,
        states: torch.Tensor,
        mask: torch.Tensor | None,
        asking: torch.Tensor | None,
        watch: Watch | None = None,
    ) -> torch.Tensor:
        return attended(self.layer.attention, self.layer.attention.self, states, mask, asking, watch)

    def keys_values(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cross = self.layer.crossattention.self
        return by_head(cross.key(hidden), cross), by_head(cross.value(hidden), cross)

    def queries(self, states: torch.Tensor) -> torch.Tensor:
        cross = self.layer.crossattention.self
        return by_head(cross.query(states), cross)

    def take_in(self, context: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        return self.layer.crossattention.output(joined(context), states)

    def feed_forward(self, states: torch.Tensor, looking: bool = True) -> torch.Tensor:
        return self.layer.feed_forward_chunk(states)
