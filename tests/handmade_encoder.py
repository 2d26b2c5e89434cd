"""A dual encoder whose vectors can be worked out by hand: a picture's vector is its mean colour, a text's the colours it names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

COLOURS = {"red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0)}


class ColourEncoder:
    """Vectors (n, 3): of pictures the mean of their pixels, 0 to 1; of texts the sum of their colours' and 0.1 in each.

    ``asked`` counts the calls and the texts and pictures that came with them.
    """

    name = "colours"
    logit_scale = 10.0
    grid = (4, 4)

    def __init__(self, tower: str = "vit") -> None:
        self.tower = tower
        self.asked: dict[str, int] = {}

    def encode_texts(self, texts: Sequence[str]):
        import torch

        self._count("texts", len(texts))
        rows = [np.sum([COLOURS[word] for word in text.split() if word in COLOURS], axis=0) + 0.1 for text in texts]
        return torch.tensor(np.array([np.broadcast_to(row, 3) for row in rows]), dtype=torch.float32).reshape(-1, 3)

    def encode_images(self, images: Sequence[Image.Image], *, normalisation: str = "own", fit: str = "stretch"):
        import torch

        self._count("images", len(images))
        shift = 0.25 if normalisation == "imagenet" else 0.0
        means = [np.asarray(images[place], float).reshape(-1, 3).mean(0) / 255 + shift for place in range(len(images))]
        return torch.tensor(np.array(means), dtype=torch.float32).reshape(-1, 3)

    def encode_masked(self, image, masks, *, blocks: int = 3, normalisation: str = "own", resize: str = "bilinear"):
        """Twice the mean colour inside each mask, whatever the blocks: longer than a crop's vector, so that fusion matters."""
        import torch

        self._count("masked", len(masks))
        pixels = np.asarray(image, float) / 255
        return torch.tensor(np.array([2 * pixels[mask].mean(0) for mask in masks]), dtype=torch.float32)

    def encode_patches(self, image):
        import torch

        self._count("patches", 1)
        small = np.asarray(image.resize(self.grid[::-1], Image.Resampling.BOX), dtype=np.float32) / 255
        return torch.tensor(small)

    def gradcam(self, image, texts: Sequence[str]) -> np.ndarray:
        patches = self.encode_patches(image).numpy()
        return np.maximum(patches @ self.encode_texts(texts).numpy().T - 0.2, 0).transpose(2, 0, 1).astype(np.float32)

    def describe(self) -> dict[str, object]:
        return {"name": self.name, "family": "colours", "image_tower": self.tower}

    def _count(self, what: str, how_many: int) -> None:
        self.asked[what] = self.asked.get(what, 0) + how_many


class ColourCaptioner:
    """Names the strongest colour of a picture."""

    name = "colour names"

    def __init__(self) -> None:
        self.asked = 0

    def caption(self, image, max_words: int = 40) -> str:
        return "a red ball and a blue cube on grass"

    def caption_many(self, images, max_words: int = 40) -> list[str]:
        self.asked += len(images)
        means = [np.asarray(images[place], float).reshape(-1, 3).mean(0) for place in range(len(images))]
        return [f"a {list(COLOURS)[int(np.argmax(mean))]} thing" for mean in means]
