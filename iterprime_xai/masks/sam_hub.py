"""SAM and SAM 2 through `transformers`: masks of everything in a picture, from a grid of points.

The library's pipeline "mask-generation" does the same in four steps, of which two are ours: points are scaled along each side (the
pipeline scales both by the longer side, which for SAM 2, whose square has no padding, leaves a part of a picture that is not square
without points), and masks are unpacked one at a time (the pipeline unpacks all of them). Its filters and its non-maximum
suppression are used as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.data import rle
from iterprime_xai.masks.checked import at_least
from iterprime_xai.masks.hub_folder import load_segmenter
from iterprime_xai.masks.sam_automatic import check_fits, points_at_once
from iterprime_xai.masks.sam_checkpoint import needs_extra
from iterprime_xai.masks.weights import weights_sha256
from iterprime_xai.records import Proposals
from iterprime_xai.records.packed import held

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class GridSettings:
    """Settings of the grid and of the library's filters, under segment-anything's names and with its defaults."""

    points_per_side: int = 32
    pred_iou_thresh: float = 0.88
    stability_score_thresh: float = 0.95
    stability_score_offset: float = 1.0
    box_nms_thresh: float = 0.7

    def __post_init__(self) -> None:
        at_least(
            self,
            {"points_per_side": 1, "stability_score_thresh": 0.0, "stability_score_offset": 0.0, "box_nms_thresh": 0.0},
        )
        at_least(self, {"pred_iou_thresh": float("-inf")})


@dataclass(frozen=True)
class Embedded:
    """A picture as the model sees it: embeddings, its own size and its size in the model's square, both (height, width)."""

    embeddings: Any
    original: tuple[int, int]
    reshaped: tuple[int, int]


class HubSam:
    """A SAM or SAM 2 of `transformers`: embeds a picture once and answers prompts in its pixels."""

    def __init__(self, model: Any, processor: Any) -> None:
        self.model, self.processor = model, processor

    @cached_property
    def weights(self) -> str:
        """A hash of the weights."""
        return weights_sha256(self.model)

    @property
    def keeps_shape(self) -> bool:
        """Whether a picture keeps its shape, padded to a square (SAM), or is stretched into it (SAM 2)."""
        return "longest_edge" in dict(self.processor.size)

    def embed(self, image: Image.Image) -> Embedded:
        """The picture, embedded. Raises ``ProposalError`` where it is too thin for the model's square."""
        import torch

        if self.keeps_shape:
            check_fits(image, self.processor.size["longest_edge"])
        inputs = self.processor(images=image, return_tensors="pt")
        pixels = inputs["pixel_values"].to(self.model.device, self.model.dtype)
        reshaped = inputs["reshaped_input_sizes"][0].tolist() if "reshaped_input_sizes" in inputs else pixels.shape[-2:]
        with torch.inference_mode():
            embeddings = self.model.get_image_embeddings(pixels)
        return Embedded(embeddings, (image.height, image.width), (int(reshaped[0]), int(reshaped[1])))

    def logits(
        self,
        picture: Embedded,
        points: Sequence[Sequence[tuple[float, float]]],
        boxes: Sequence[Sequence[float]] | None = None,
    ) -> tuple[Any, Any]:
        """Three masks a prompt, as logits (prompts, 3, height, width), and their predicted IoU (prompts, 3).

        ``points`` are (x, y) in pixels, as many for each prompt; ``boxes`` (left, top, right, bottom), one a prompt.
        """
        import torch

        device = self.model.device
        (height, width), (rows, columns) = picture.original, picture.reshaped
        scale = torch.tensor([columns / width, rows / height], dtype=torch.float32)
        places = torch.tensor(points, dtype=torch.float32) * scale
        given: dict[str, Any] = {"input_points": places[None].to(device, self.model.dtype)}
        given["input_labels"] = torch.ones(given["input_points"].shape[:3], dtype=torch.int64, device=device)
        if boxes is not None:
            given["input_boxes"] = (torch.tensor(boxes, dtype=torch.float32) * scale.repeat(2))[None].to(
                device, self.model.dtype
            )
        with torch.inference_mode():
            found = self.model(image_embeddings=picture.embeddings, multimask_output=True, **given)
            full = self.processor.post_process_masks(
                found.pred_masks.float(), [picture.original], reshaped_input_sizes=[picture.reshaped], binarize=False
            )
        return full[0], found.iou_scores[0].float()

    def at(
        self, picture: Embedded, points: Sequence[tuple[float, float]], box: Sequence[float] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Three masks, bool (3, height, width), and their predicted IoU (3,), for the points and the box of one thing."""
        logits, scores = self.logits(picture, [points], None if box is None else [box])
        return (logits[0] > 0).cpu().numpy(), scores[0].cpu().numpy()


class HubSamProposer:
    """A picture's masks from a grid of points; their scores are the model's predicted IoU."""

    def __init__(self, sam: HubSam, settings: GridSettings, *, name: str) -> None:
        self.sam, self.settings, self.name = sam, settings, name

    def describe(self) -> dict[str, object]:
        kind = self.sam.model.config.model_type
        return {
            "proposer": f"transformers {kind} grid",
            "version": 1,
            "weights": self.sam.weights,
            **asdict(self.settings),
        }

    def propose(self, image: Image.Image) -> Proposals:
        """The masks of one picture. Raises ``ProposalError`` where it is too thin for the model's square."""
        import torch
        from torchvision.ops import batched_nms

        asked, picture = self.settings, self.sam.embed(image)
        points, size = grid(asked.points_per_side, image.size), (image.height, image.width)
        counts: list[dict[str, Any]] = []
        boxes, scores = [], []
        for start in range(0, len(points), points_at_once(image)):
            some = points[start : start + points_at_once(image)]
            logits, predicted = self.sam.logits(picture, [[point] for point in some])
            found, kept, edges = self.sam.processor.filter_masks(
                logits,
                predicted,
                size,
                torch.tensor([0, 0, image.width, image.height]),
                asked.pred_iou_thresh,
                asked.stability_score_thresh,
                0.0,
                asked.stability_score_offset,
            )
            counts.extend(found)
            scores.append(kept.cpu())
            boxes.append(edges.cpu().float())
        every = torch.cat(scores)
        order = batched_nms(torch.cat(boxes), every, torch.zeros(len(every)), asked.box_nms_thresh).tolist()
        masks = held((rle.decode(counts[index], size) for index in order), size)
        source = f"{self.name} ({asked.points_per_side} x {asked.points_per_side} points, predicted IoU {asked.pred_iou_thresh:g}, "
        return Proposals(masks, every[order].numpy(), f"{source}stability {asked.stability_score_thresh:g})")


def grid(side: int, size: tuple[int, int]) -> list[tuple[float, float]]:
    """``side`` x ``side`` points (x, y), the centres of equal parts of a picture of ``size`` = (width, height), row by row."""
    width, height = size
    middles = [(place + 0.5) / side for place in range(side)]
    return [(x * width, y * height) for y in middles for x in middles]


def load_hub_sam(source: str, *, second: bool, device: Any) -> HubSam:
    """A SAM (or, with ``second``, a SAM 2) from a folder or the hub. Raises ``MissingExtraError`` without torchvision."""
    try:
        import torchvision  # noqa: F401  the image processors work with it
    except ImportError as error:
        raise needs_extra("SAM", error) from error
    if second:
        from transformers import Sam2Model
        from transformers.models.sam2.image_processing_sam2 import Sam2ImageProcessor

        # The released SAM 2 checkpoints hold the video model, of which the model for pictures is a part.
        return HubSam(*load_segmenter(source, Sam2Model, Sam2ImageProcessor, ("sam2", "sam2_video"), device=device))
    from transformers import SamModel
    from transformers.models.sam.image_processing_sam import SamImageProcessor

    return HubSam(*load_segmenter(source, SamModel, SamImageProcessor, ("sam",), device=device))
