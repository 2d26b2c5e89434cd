"""The dual encoder of a system: by name, or one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from iterprime_xai.records import ModelLoadError
from iterprime_xai.systems.settings import DEVICE, Setting, Settings

if TYPE_CHECKING:
    import torch

    from iterprime_xai.models.encoder import ImageTextEncoder

PAPER_CLIP = "openai/clip-vit-base-patch32"

MODEL = Setting("model", "model", "tiny-clip", "the dual encoder: a bundled model, a folder or a hub id")
DTYPE = Setting("dtype", "text", None, "float32, float16 or bfloat16; nothing: float32", optional=True)
ABSTAIN_BELOW = Setting(
    "abstain_below",
    "number",
    None,
    "figure below which an answer that may abstain gives no mask; nothing: none was measured, so it never abstains",
    optional=True,
)
ENCODER = (MODEL, DEVICE, DTYPE)
"""The settings of every system that stands on a dual encoder."""


def encoder_of(settings: Settings) -> ImageTextEncoder:
    """The encoder that the settings name, loaded. Raises ``ModelLoadError`` for one that is not here."""
    model: Any = settings["model"]
    if hasattr(model, "encode_texts"):
        return model
    from iterprime_xai.models.encoder_loading import load_encoder

    with naming_offline(settings, "model"):
        return load_encoder(model, device=settings["device"], dtype=settings["dtype"])


@contextmanager
def naming_offline(settings: Settings, name: str) -> Iterator[None]:
    """Where a model that the preset "paper" asks for by itself is not here, its error names the preset "paper-offline" too."""
    try:
        yield
    except ModelLoadError as error:
        if settings.preset != "paper" or name in settings.given:
            raise
        raise ModelLoadError(
            f'{error} The preset "paper" of {settings.system} takes this {name}; without it, the preset "paper-offline" takes a '
            "bundled one and says so."
        ) from error


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Vectors (..., width) of length 1; a zero vector stays zero."""
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-12)


def cosines(vectors: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Cosines of every vector (n, width) with every other (m, width): (n, m)."""
    return unit(vectors) @ unit(others).T


def is_resnet(encoder: ImageTextEncoder) -> bool:
    """Whether the image tower is CLIP's ResNet, whose released code handles vectors differently."""
    return encoder.describe().get("image_tower") == "resnet"
