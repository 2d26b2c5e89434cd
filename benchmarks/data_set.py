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
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.speed import BASE, PHRASES, QUICK, RECIPE, Size, build, looks_at, pictures
from iterprime_xai.models import Batches
from iterprime_xai.models.blip import BlipMatcher
from iterprime_xai.saliency import refine_all
from iterprime_xai.systems.ahead import batched
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


def asked(count: int, expressions: int) -> list[list[str]]:
    """The expressions of each picture, as even as can be."""
    share, more = divmod(expressions, count)
    counts = [share + (place < more) for place in range(count)]
    return [[PHRASES[place % len(PHRASES)] for place in range(count)] for count in counts]


def from_files(matcher: BlipMatcher, size: Size, texts: list[list[str]], at_once: int) -> tuple[float, int]:
    """Seconds from JPEG files to groundings, and maps made; what is loaded at first use is loaded before."""
    grounder = Grounder(matcher)
    settings = {"layer": size.read, "recipe": RECIPE, "proposals": False}
    with tempfile.TemporaryDirectory() as folder:
        paths = files(Path(folder), min(FILES, len(texts)))
        pairs = [(paths[place % len(paths)], text) for place, each in enumerate(texts) for text in each]
        list(grounder.ground_each(pairs[: 2 * at_once * len(PHRASES)], **settings))
        began = time.perf_counter()
        maps = sum(len(found.passes) for found in grounder.ground_each(iter(pairs), **settings))
        return time.perf_counter() - began, maps


def from_pixels(matcher: BlipMatcher, size: Size, texts: list[list[str]], at_once: int) -> tuple[float, int]:
    """Seconds from prepared pixels to the maps of every pass, and maps made."""
    pixels = pictures(matcher, min(FILES, len(texts)), size.image)
    batches, maps = Batches(matcher), 0
    began = time.perf_counter()
    for window in batched(range(len(texts)), at_once):
        encoded = batches.encode_pixels([pixels[place % len(pixels)] for place in window])
        looks = [
            look
            for tokens, place in zip(encoded, window, strict=True)
            for look in looks_at(matcher, tokens, texts[place])
        ]
        maps += sum(map(len, refine_all(batches, looks, layer=size.read, recipe=RECIPE)))
    return time.perf_counter() - began, maps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small model and few pictures")
    options = parser.parse_args()
    on_gpu = torch.cuda.is_available()
    device, dtype = ("cuda", torch.bfloat16) if on_gpu else ("cpu", torch.float32)
    size, count, expressions = (QUICK, 12, 85) if options.quick else (BASE, 1_500, 10_834)
    at_once = AT_ONCE_ON_GPU if on_gpu else AT_ONCE
    matcher = build(size, device, dtype)
    matcher.model.requires_grad_(False)
    texts = asked(count, expressions)
    found = {
        "JPEG files to groundings": from_files(matcher, size, texts, at_once),
        "prepared pixels to maps": from_pixels(matcher, size, texts, at_once),
    }
    name = torch.cuda.get_device_name() if on_gpu else f"CPU, {torch.get_num_threads()} threads"
    kind = str(dtype).removeprefix("torch.")
    print(f"{name}, {kind}: {count} pictures, {expressions} expressions, {at_once} pictures at once\n")
    print("| from | seconds | maps | expressions a second |\n| --- | ---: | ---: | ---: |")
    for way, (seconds, maps) in found.items():
        print(f"| {way} | {seconds:.1f} | {maps} | {expressions / seconds:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
