"""Masks of all queries of a Mask2Former, as the IteRPrimE paper has them (Cheng et al., CVPR 2022, through `transformers`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.masks.checked import at_least
from iterprime_xai.masks.hub_folder import load_segmenter
from iterprime_xai.masks.weights import weights_sha256
from iterprime_xai.records import Proposals
from iterprime_xai.records.packed import held

if TYPE_CHECKING:
    from PIL import Image

PAPER = "facebook/mask2former-swin-large-coco-panoptic"
"""The paper's checkpoint on the hub."""


@dataclass(frozen=True)
class QuerySettings:
    """``threshold``: a pixel whose probability is above it belongs to the mask (0.35 in the released code)."""

    threshold: float = 0.35

    def __post_init__(self) -> None:
        at_least(self, {"threshold": 0.0})


class Mask2FormerProposer:
    """One mask a query: no filter by class and no suppression of overlaps, only empty masks are left out and counted.

    A mask's score is the probability that its query is of any class at all.
    """

    def __init__(self, model: Any, processor: Any, settings: QuerySettings, *, name: str) -> None:
        self.model, self.processor, self.settings, self.name = model, processor, settings, name

    @cached_property
    def _weights(self) -> str:
        return weights_sha256(self.model)

    def describe(self) -> dict[str, object]:
        return {"proposer": "mask2former queries", "version": 1, "weights": self._weights, **asdict(self.settings)}

    def propose(self, image: Image.Image) -> Proposals:
        """The masks of one picture, upsampled one at a time."""
        import torch

        inputs = self.processor(images=[image], return_tensors="pt")
        pixels, seen = inputs["pixel_values"], inputs["pixel_mask"][0].bool()
        used = (int(seen.any(dim=1).sum()), int(seen.any(dim=0).sum()))  # the rest is padding
        with torch.inference_mode():
            found = self.model(
                pixel_values=pixels.to(self.model.device, self.model.dtype), pixel_mask=seen[None].to(self.model.device)
            )
        chances = 1 - found.class_queries_logits[0].float().softmax(dim=-1)[:, -1].cpu()
        kept: list[float] = []

        def masks() -> Iterator[np.ndarray]:
            for logits, chance in zip(found.masks_queries_logits[0], chances.tolist(), strict=True):
                mask = self._mask(logits, tuple(pixels.shape[-2:]), used, (image.height, image.width))
                if mask.any():
                    kept.append(chance)
                    yield mask

        whole = held(masks(), (image.height, image.width))
        empty = len(chances) - len(kept)
        said = f"{len(chances)} queries, probability above {self.settings.threshold:g}, {empty} empty masks left out"
        return Proposals(whole, np.array(kept, np.float32), f"{self.name} ({said})")

    def _mask(self, logits: Any, padded: tuple[int, ...], used: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
        """Logits of one query, upsampled to the input, cut to what is no padding, upsampled to the picture, and cut off."""
        import torch
        from torch.nn.functional import interpolate

        with torch.inference_mode():
            wide = interpolate(logits.float()[None, None], padded, mode="bilinear", align_corners=False)
            full = interpolate(wide[..., : used[0], : used[1]], size, mode="bilinear", align_corners=False)
            return (full[0, 0].sigmoid() > self.settings.threshold).cpu().numpy()


def load_mask2former(source: str, settings: QuerySettings, *, device: Any, name: str) -> Mask2FormerProposer:
    """A Mask2Former from a folder or the hub, such as `PAPER`. Raises ``ModelLoadError``."""
    from transformers import Mask2FormerForUniversalSegmentation
    from transformers.models.mask2former.image_processing_pil_mask2former import Mask2FormerImageProcessorPil

    loaded = load_segmenter(
        source, Mask2FormerForUniversalSegmentation, Mask2FormerImageProcessorPil, ("mask2former",), device=device
    )
    return Mask2FormerProposer(*loaded, settings, name=name)
