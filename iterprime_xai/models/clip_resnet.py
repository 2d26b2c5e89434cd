"""CLIP with a ResNet as its image tower, through open_clip, as a dual encoder."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import linear, normalize

from iterprime_xai.models.dual_encoder import DualEncoder


class ClipResNetEncoder(DualEncoder):
    """CLIP ResNet-50 and the like.

    ``encode_patches`` gives the last feature map, each place through the value and output projections of the attention pooling, as
    if it drew all the attention (without position).

    Args:
        model: an open_clip `CLIP` whose image tower is a `ModifiedResNet`.
        image_processor, name, origin: see :class:`DualEncoder`.
        tokenizer: open_clip's own; its ``encode`` gives the tokens of a text without start and end.
    """

    def __init__(
        self,
        model: Any,
        image_processor: Any,
        tokenizer: Any,
        *,
        name: str = "in-memory",
        origin: dict[str, str | None] | None = None,
    ) -> None:
        super().__init__(model, image_processor, name=name, origin=origin)
        self.tokenizer = tokenizer

    # --- shape of the model ---

    @property
    def grid(self) -> tuple[int, int]:
        side = self.image_size // 32  # two halvings in the stem, three in the stages
        return side, side

    @property
    def image_size(self) -> int:
        size = self.model.visual.image_size
        return size if isinstance(size, int) else size[0]

    @property
    def width(self) -> int:
        return self.model.visual.output_dim

    @property
    def blocks(self) -> None:
        return None

    @property
    def longest(self) -> int:
        return self.model.context_length

    def describe(self) -> dict[str, object]:
        visual, blocks = self.model.visual, self.model.transformer.resblocks
        return {
            "name": self.name,
            **self.origin,
            "family": "clip",
            "image_tower": "resnet",
            "image_size": self.image_size,
            "grid": list(self.grid),
            "image_layers": [len(stage) for stage in _stages(visual)],
            "image_width": visual.attnpool.v_proj.in_features,
            "text_layers": len(blocks),
            "text_width": self.model.ln_final.weight.shape[0],
            "activation": type(blocks[0].mlp.gelu).__name__,
            "width": self.width,
            "mean": list(self.image_processor.image_mean),
            "deviation": list(self.image_processor.image_std),
            "device": str(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
        }

    # --- the steps of a dual encoder ---

    def token_ids(self, text: str) -> list[int]:
        inside = self.tokenizer.encode(text)
        return [self.tokenizer.sot_token_id, *inside, self.tokenizer.eot_token_id]

    def end_of(self, ids: list[int]) -> int | None:
        return ids.index(self.tokenizer.eot_token_id)

    def read(self, ids: torch.Tensor) -> torch.Tensor:
        # The tower adds all its positions, so texts have to fill them; what stands behind the end is never looked at.
        room = ids.new_zeros(len(ids), self.longest - ids.shape[1])
        return self.model.encode_text(torch.cat((ids, room), 1))

    def lower(self, pixels: torch.Tensor, blocks: int) -> torch.Tensor:
        states = self.model.visual.stem(pixels)
        for stage in _stages(self.model.visual):
            states = stage(states)
        return states

    def upper(self, states: torch.Tensor, blocks: int, weights: torch.Tensor | None = None) -> torch.Tensor:
        if weights is not None:
            states = normalize(states, dim=1) * weights[:, None]
        return self.model.visual.attnpool(states)

    def spread(self, states: torch.Tensor) -> torch.Tensor:
        return states

    def patches(self, pixels: torch.Tensor) -> torch.Tensor:
        pool = self.model.visual.attnpool
        values = linear(self.lower(pixels, 0).flatten(2).transpose(1, 2), pool.v_proj.weight, pool.v_proj.bias)
        return linear(values, pool.c_proj.weight, pool.c_proj.bias)


def _stages(visual: Any) -> tuple[Any, ...]:
    return visual.layer1, visual.layer2, visual.layer3, visual.layer4
