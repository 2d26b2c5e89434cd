"""What a dual encoder such as CLIP must offer: pictures and texts become vectors of one space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL import Image

    from iterprime_xai.models.mask_grid import Resize
    from iterprime_xai.records.packed import Masks

Normalisation = Literal["own", "imagenet"]
"""Mean and deviation of the pixels: those the model was trained with, or ImageNet's, as some released code has it."""

Fit = Literal["stretch", "crop"]
"""How a picture comes to the model's square: all of it, stretched, or its middle, as the model's own processor cuts it."""


class ImageTextEncoder(Protocol):
    """A dual encoder. Vectors are float32 on the CPU, (n, width), in the joint space, *not* normalised: callers may sum them first.

    Pictures are stretched to the model's square, so that every patch, map and mask covers the whole of them; only
    ``encode_images`` can cut out the middle instead. Whatever is given as a sequence is taken from it a batch at a time, so a
    sequence that makes its pictures when asked for them keeps memory flat.
    """

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

    def encode_images(
        self, images: Sequence[Image.Image], *, normalisation: Normalisation = "own", fit: Fit = "stretch"
    ) -> torch.Tensor:
        """Vectors of whole pictures (n, width), brought to the model's square by its own processor."""
        ...

    def encode_masked(
        self,
        image: Image.Image,
        masks: Masks,
        *,
        blocks: int = 3,
        normalisation: Normalisation = "own",
        resize: Resize = "bilinear",
    ) -> torch.Tensor:
        """Vectors (n, width) of one picture seen through each mask (bool n x height x width), in the tower itself.

        ViT: patch tokens are multiplied by the mask, resized to the grid, before each of the last ``blocks`` blocks; [CLS] is
        untouched. ResNet: the last feature map, normalised over channels, times the mask, then attention pooling (``blocks``
        does not apply). ``resize`` says how a mask comes to the grid: "bilinear" looks at the middle of each patch, as the
        released code does, and loses masks that lie between; "area" takes the share of each patch that a mask covers.
        Global-Local CLIP (Yu, Seo, Son, CVPR 2023).

        Raises ``ProposalError`` for masks that are not boolean or not of the picture's size.
        """
        ...

    def encode_patches(self, image: Image.Image) -> torch.Tensor:
        """Vectors of every patch (rows, columns, width), in the joint space: the values that the last attention would pool."""
        ...

    def gradcam(self, image: Image.Image, texts: Sequence[str]) -> np.ndarray:
        """Grad-CAM of each text's cosine with the picture: float32 (n, rows, columns), not negative, magnitude kept.

        Channels of the layer are weighted by the mean of their gradient over the grid, summed, and what is negative is cut
        (Selvaraju et al., ICCV 2017). ViT: patch tokens as they enter the last block, behind which only [CLS] counts; ResNet:
        the last feature map.
        """
        ...

    def describe(self) -> dict[str, object]:
        """JSON values that identify the model: name, sizes, device, dtype."""
        ...
