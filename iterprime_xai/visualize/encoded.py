"""Pictures as bytes and data URIs, for pages and widgets."""

from __future__ import annotations

import io
from base64 import b64encode

import numpy as np
from PIL import Image

from iterprime_xai.records.heatmap import resize
from iterprime_xai.visualize.colours import Scale, faded, heat_layer


def fitting(image: Image.Image, longest: int) -> Image.Image:
    """The picture as RGB, made smaller (never larger) so that its longer side has at most ``longest`` pixels."""
    factor = min(1.0, longest / max(image.size))
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def jpeg(image: Image.Image, quality: int = 88) -> bytes:
    """The picture as a JPEG without colour subsampling, so that thin lines and letters stay crisp."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True)
    return buffer.getvalue()


def faded_jpeg(image: Image.Image, longest: int) -> bytes:
    """The picture with most of its own colours gone, as it lies under heat."""
    return jpeg(Image.fromarray(faded(np.asarray(fitting(image, longest)))), quality=82)


def heat_png(heatmap: np.ndarray, scale: Scale, shape: tuple[int, int]) -> bytes:
    """Heat as a PNG with transparency to lay over a picture; ``shape`` is its (height, width) in pixels."""
    layer = heat_layer(resize(np.nan_to_num(heatmap), shape), scale)
    buffer = io.BytesIO()
    Image.fromarray(layer).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """Bytes as a ``data:`` address; ``kind`` is "image/png" or "image/jpeg"."""
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
