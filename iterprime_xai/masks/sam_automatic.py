"""Masks of everything in a picture by segment-anything's own automatic generator (Kirillov et al., ICCV 2023)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.data import rle
from iterprime_xai.masks.checked import at_least
from iterprime_xai.masks.sam_checkpoint import needs_extra
from iterprime_xai.masks.sifting import largest_apart, without_small_regions
from iterprime_xai.masks.weights import weights_sha256
from iterprime_xai.records import ProposalError, Proposals
from iterprime_xai.records.packed import held

if TYPE_CHECKING:
    from PIL import Image

BATCH_BYTES = 2**28
"""Memory for the three full-size masks that each point of a batch gives, as float32; a very large picture gets small batches."""
MOST_POINTS = 64
"""Points of a batch, as in segment-anything, where the picture is not too large for that."""


@dataclass(frozen=True)
class AutomaticSettings:
    """Settings of the generator, under segment-anything's names and with its defaults, and two of our own.

    ``smallest``: masks of fewer pixels are dropped. ``contained``: of two masks whose intersection is more than this share of the
    smaller one, the larger is kept; ``None`` keeps both.
    """

    points_per_side: int = 32
    pred_iou_thresh: float = 0.88
    stability_score_thresh: float = 0.95
    stability_score_offset: float = 1.0
    box_nms_thresh: float = 0.7
    crop_n_layers: int = 0
    crop_nms_thresh: float = 0.7
    crop_n_points_downscale_factor: int = 1
    min_mask_region_area: int = 0
    smallest: int = 0
    contained: float | None = None

    def __post_init__(self) -> None:
        whole = {
            "points_per_side": 1,
            "crop_n_layers": 0,
            "crop_n_points_downscale_factor": 1,
            "min_mask_region_area": 0,
        }
        shares = ("stability_score_thresh", "stability_score_offset", "box_nms_thresh", "crop_nms_thresh")
        at_least(self, {**whole, "smallest": 0, **dict.fromkeys(shares, 0.0), "pred_iou_thresh": float("-inf")})
        if self.contained is not None:
            at_least(self, {"contained": 0.0})


TAS = AutomaticSettings(
    points_per_side=8,
    pred_iou_thresh=0.7,
    stability_score_thresh=0.7,
    min_mask_region_area=800,
    smallest=2000,
    contained=0.4,
)
"""The setting of Text-Augmented Spatial-aware zero-shot referring image segmentation (Suo, Zhu and Yang, 2023)."""


class SamProposer:
    """A picture's masks by ``SamAutomaticMaskGenerator``; their scores are SAM's predicted IoU."""

    def __init__(self, sam: Any, settings: AutomaticSettings, *, name: str) -> None:
        self.sam, self.settings, self.name = sam, settings, name

    @cached_property
    def _weights(self) -> str:
        return weights_sha256(self.sam)

    def describe(self) -> dict[str, object]:
        return {
            "proposer": "segment-anything automatic",
            "version": 1,
            "weights": self._weights,
            **asdict(self.settings),
        }

    def propose(self, image: Image.Image) -> Proposals:
        """The masks of one picture. Raises ``ProposalError`` for a picture that SAM's square cannot hold, ``MissingExtraError``."""
        try:
            from segment_anything import SamAutomaticMaskGenerator
        except ImportError as error:
            raise needs_extra("SAM", error) from error
        check_fits(image, self.sam.image_encoder.img_size)
        asked = self.settings
        generator = SamAutomaticMaskGenerator(
            self.sam,
            points_per_side=asked.points_per_side,
            points_per_batch=points_at_once(image),
            pred_iou_thresh=asked.pred_iou_thresh,
            stability_score_thresh=asked.stability_score_thresh,
            stability_score_offset=asked.stability_score_offset,
            box_nms_thresh=asked.box_nms_thresh,
            crop_n_layers=asked.crop_n_layers,
            crop_nms_thresh=asked.crop_nms_thresh,
            crop_n_points_downscale_factor=asked.crop_n_points_downscale_factor,
            min_mask_region_area=0,  # done below, a mask at a time: the generator would unpack them all, and needs OpenCV
            output_mode="coco_rle",
        )
        found = [(each["segmentation"], float(each["predicted_iou"])) for each in generator.generate(np.asarray(image))]
        if asked.min_mask_region_area > 0 and found:
            found = _cleaned(found, asked)
        if asked.smallest > 0 or asked.contained is not None:
            limit = float("inf") if asked.contained is None else asked.contained
            kept = largest_apart([counts for counts, _ in found], asked.smallest, limit)
            found = [found[index] for index in kept]
        size = (image.height, image.width)
        masks = held((rle.decode(counts, size) for counts, _ in found), size)
        return Proposals(masks, np.array([score for _, score in found], np.float32), self._source())

    def _source(self) -> str:
        asked = self.settings
        return (
            f"{self.name} (segment-anything, {asked.points_per_side} x {asked.points_per_side} points, predicted IoU "
            f"{asked.pred_iou_thresh:g}, stability {asked.stability_score_thresh:g})"
        )


def check_fits(image: Image.Image, side: int) -> None:
    """Raise ``ProposalError`` where a picture, its longer side brought to ``side`` pixels, would be less than a pixel thin."""
    longer, shorter = max(image.size), min(image.size)
    if int(shorter * side / longer + 0.5) < 1:
        raise ProposalError(
            f"SAM sees a picture at {side} pixels on its longer side, at which one of {image.width} x {image.height} is "
            "less than a pixel thin; cut the picture into parts."
        )


def points_at_once(image: Image.Image) -> int:
    """How many points are asked together: what their masks, at the picture's size, leave of `BATCH_BYTES`."""
    return max(1, min(MOST_POINTS, BATCH_BYTES // (3 * 4 * image.width * image.height)))


def _cleaned(found: list[tuple[dict[str, Any], float]], asked: AutomaticSettings) -> list[tuple[dict[str, Any], float]]:
    """Masks without small holes and islands, and without those that have become copies: those that needed no change stay first."""
    import torch
    from torchvision.ops import batched_nms

    cleaned: list[tuple[dict[str, Any], float]] = []
    boxes, unchanged = [], []
    for counts, score in found:
        mask = rle.decode(counts, tuple(counts["size"]))
        clean = without_small_regions(mask, asked.min_mask_region_area)
        same = bool((clean == mask).all())
        cleaned.append((counts if same else rle.encode(clean), score))
        boxes.append(_inclusive(clean))
        unchanged.append(float(same))
    kept = batched_nms(
        torch.tensor(boxes, dtype=torch.float32),
        torch.tensor(unchanged),
        torch.zeros(len(boxes)),
        max(asked.box_nms_thresh, asked.crop_nms_thresh),
    )
    return [cleaned[index] for index in kept.tolist()]


def _inclusive(mask: np.ndarray) -> tuple[int, int, int, int]:
    """The box as segment-anything has it: the last row and column are inside."""
    from iterprime_xai.records.heatmap import box_of

    left, top, right, bottom = box_of(mask) or (0, 0, 1, 1)
    return left, top, right - 1, bottom - 1
