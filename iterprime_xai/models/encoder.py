"""What a dual encoder such as CLIP must offer: pictures and texts become vectors of one space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL import Image

Normalisation = Literal["own", "imagenet"]
"""Mean and deviation of the pixels: those the model was trained with, or ImageNet's, as some released code has it."""


class ImageTextEncoder(Protocol):
    """A dual encoder. Vectors are float32 (n, width) in the joint space, *not* normalised: callers may want to sum them first."""

    name: str

    @property
    def logit_scale(self) -> float:
        """What a cosine is multiplied by before the softmax (the exponential of the trained parameter)."""
        ...

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the image tower's patches, or of its last feature map."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Vectors of texts (n, width). Raises ``PhraseError`` for one that is empty or longer than the model reads."""
        ...

    def encode_images(self, images: Sequence[Image.Image], *, normalisation: Normalisation = "own") -> torch.Tensor:
        """Vectors of whole pictures (n, width), resized to the model's square by its own processor."""
        ...

    def encode_masked(
        self, image: Image.Image, masks: np.ndarray, *, blocks: int = 3, normalisation: Normalisation = "own"
    ) -> torch.Tensor:
        """Vectors (n, width) of one picture seen through each mask (bool n x height x width), in the tower itself.

        ViT: patch tokens are multiplied by the mask, resized to the grid, before each of the last ``blocks`` blocks; [CLS] is
        untouched. ResNet: the last feature map, normalised over channels, times the mask, then attention pooling.
        """
        ...

    def encode_patches(self, image: Image.Image) -> torch.Tensor:
        """Vectors of every patch (rows, columns, width), in the joint space."""
        ...

    def gradcam(self, image: Image.Image, texts: Sequence[str]) -> np.ndarray:
        """Grad-CAM of each text's cosine at the last feature map: float32 (n, rows, columns), magnitude kept."""
        ...

    def describe(self) -> dict[str, object]:
        """JSON values that identify the model: name, sizes, device, dtype."""
        ...
