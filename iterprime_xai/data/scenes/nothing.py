"""Pictures that hold none of the things that scenes are made of: of these, nothing that is said is true."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def nothing(size: int, rng: np.random.Generator) -> np.ndarray:
    """uint8 (size, size, 3): cloudy noise, blots and strokes of any colour, or a mixture, soft or hard."""
    picture = Image.fromarray(_clouds(size, rng))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(0, 40)) if rng.random() < 0.7 else 0):
        _mark(pen, size, rng)
    if rng.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, size / 40))))
    pixels = np.asarray(picture, np.float32) + rng.normal(0, rng.uniform(0, 14), (size, size, 1))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _clouds(size: int, rng: np.random.Generator) -> np.ndarray:
    """Noise with the fall of power over frequency that photographs have, in colours that go along with each other."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij"))
    fall = 1 / np.maximum(frequency, 1 / size) ** rng.uniform(0.7, 2.2)
    waves = rng.normal(size=(3, *frequency.shape)) + 1j * rng.normal(size=(3, *frequency.shape))
    noise = np.fft.irfft2(waves * fall, s=(size, size))
    noise /= noise.std(axis=(1, 2), keepdims=True) + 1e-9
    mix = np.eye(3) * rng.uniform(0, 0.7) + rng.uniform(0, 1, 3)[:, None] * np.array([[1.0, 0.2, 0.2]])
    level = rng.uniform(40, 215, 3)[:, None, None] + rng.uniform(15, 70) * np.tensordot(mix, noise, 1)
    return np.clip(level, 0, 255).astype(np.uint8).transpose(1, 2, 0)


def _mark(pen: ImageDraw.ImageDraw, size: int, rng: np.random.Generator) -> None:
    """One blot, box, stroke or shard."""
    colour = tuple(int(value) for value in rng.integers(0, 256, 3))
    x, y, wide, high = rng.uniform(0, 1, 2).tolist() + (rng.uniform(0.02, 0.5, 2) ** 1.3).tolist()
    box = [(x - wide / 2) * size, (y - high / 2) * size, (x + wide / 2) * size, (y + high / 2) * size]
    kind = rng.integers(4)
    if kind == 0:
        pen.ellipse(box, fill=colour)
    elif kind == 1:
        pen.rectangle(box, fill=colour)
    elif kind == 2:
        pen.line(box, fill=colour, width=int(rng.integers(1, max(2, size // 20))))
    else:
        corners = [
            (float(rng.uniform(box[0], box[2])), float(rng.uniform(box[1], box[3])))
            for _ in range(int(rng.integers(3, 7)))
        ]
        pen.polygon(corners, fill=colour)
