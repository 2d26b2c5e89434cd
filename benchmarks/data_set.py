"""The saliency stage over a data set of RefCOCO val's shape: 1,500 pictures and 10,834 expressions of three looks, emphasis on.

    python -m benchmarks.data_set            a BLIP of base size with random weights; in bf16 on a GPU, in float32 on a CPU
    python -m benchmarks.data_set --quick    a small one and 12 pictures: whether it runs, not how fast

Twice: from JPEG files of 640 x 480 pixels to groundings, as a user has them, with `ground_each` (reading, decoding and preparing
included, no proposals), and from prepared pixels to the maps of every pass, which is what the model and the refinement take. The
files are 100 different ones that come again and again, never twice in a row, so that none is shared.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.speed import BASE, PHRASES, QUICK, RECIPE, build, looks_at
from iterprime_xai.models import Batches
from iterprime_xai.saliency import refine_all
from iterprime_xai.systems.grounder import AT_ONCE, AT_ONCE_ON_GPU, Grounder

FILES = 100


def files(folder: Path, count: int) -> list[Path]:
    """JPEG files of coloured noise, about as large as photographs."""
    rng = np.random.default_rng(0)
    paths = []
    for place in range(count):
        rough = Image.fromarray(rng.integers(0, 256, (60, 80, 3), np.uint8)).resize(
            (640, 480), Image.Resampling.BICUBIC
        )
        grain = rng.integers(-12, 13, (480, 640, 3))
        pixels = np.clip(np.asarray(rough, np.int64) + grain, 0, 255).astype(np.uint8)
        paths.append(folder / f"{place:03}.jpg")
        Image.fromarray(pixels).save(paths[-1], quality=90)
    return paths


def asked(pictures: int, expressions: int) -> list[list[str]]:
    """The expressions of each picture, as even as can be."""
    share, more = divmod(expressions, pictures)
    counts = [share + (place < more) for place in range(pictures)]
    return [[PHRASES[place % len(PHRASES)] for place in range(count)] for count in counts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small model and few pictures")
    options = parser.parse_args()
    on_gpu = torch.cuda.is_available()
    device, dtype = ("cuda", torch.bfloat16) if on_gpu else ("cpu", torch.float32)
    size, pictures, expressions = (QUICK, 12, 85) if options.quick else (BASE, 1_500, 10_834)
    matcher = build(size, device, dtype)
    matcher.model.requires_grad_(False)
    texts = asked(pictures, expressions)
    at_once = AT_ONCE_ON_GPU if on_gpu else AT_ONCE
    grounder = Grounder(matcher)
    recipe = RECIPE
    with tempfile.TemporaryDirectory() as folder:
        paths = files(Path(folder), min(FILES, pictures))
        pairs = [(paths[place % len(paths)], text) for place, each in enumerate(texts) for text in each]
        settings = {"layer": size.read, "recipe": recipe, "proposals": False}
        warm = min(len(pairs), 2 * at_once * len(PHRASES))
        list(grounder.ground_each(pairs[:warm], **settings))
        began = time.perf_counter()
        looks = sum(len(found.passes) for found in grounder.ground_each(iter(pairs), **settings))
        whole = time.perf_counter() - began
    pixels = [
        matcher.pixels_of([Image.fromarray(np.random.default_rng(place).integers(0, 256, (480, 640, 3), np.uint8))])
        for place in range(min(FILES, pictures))
    ]
    batches, rest, passes = Batches(matcher), iter(range(pictures)), 0
    began = time.perf_counter()
    while window := list(islice(rest, at_once)):
        encoded = batches.encode_pixels([pixels[place % len(pixels)] for place in window])
        windowed = [
            look
            for tokens, place in zip(encoded, window, strict=True)
            for look in looks_at(matcher, tokens, texts[place])
        ]
        passes += sum(map(len, refine_all(batches, windowed, layer=size.read, recipe=recipe)))
    alone = time.perf_counter() - began
    name = torch.cuda.get_device_name() if on_gpu else f"CPU, {torch.get_num_threads()} threads"
    print(
        f"{name}, {str(dtype).removeprefix('torch.')}: {pictures} pictures, {expressions} expressions, {at_once} pictures at once\n"
    )
    print("| from | seconds | maps | expressions a second |\n| --- | ---: | ---: | ---: |")
    print(f"| JPEG files to groundings | {whole:.1f} | {looks} | {expressions / whole:.0f} |")
    print(f"| prepared pixels to maps | {alone:.1f} | {passes} | {expressions / alone:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
