"""What it saves that masks of one picture share the lower blocks of CLIP's image tower.

    python -m benchmarks.clip_masks            ViT-B/32 and ViT-B/16 with random weights, 100 masks, one thread

Processor time, the least of some rounds, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from iterprime_xai.models.clip import ClipEncoder
from iterprime_xai.models.mask_grid import on_grid


def build(patch: int, layers: int = 12, width: int = 768) -> ClipEncoder:
    """A random CLIP of the published sizes; no text is asked, so it has no tokenizer."""
    torch.manual_seed(0)
    vision = {
        "patch_size": patch,
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_attention_heads": width // 64,
    }
    model = CLIPModel(CLIPConfig(vision_config=vision, text_config={"num_hidden_layers": 1}, projection_dim=512))
    return ClipEncoder(model.eval(), CLIPImageProcessorPil(), tokenizer=None)


def draw(count: int) -> tuple[Image.Image, np.ndarray]:
    """A picture of noise and boxes on it."""
    rng = np.random.default_rng(0)
    masks = np.zeros((count, 480, 640), bool)
    for mask in masks:
        row, column = rng.integers(0, 400), rng.integers(0, 500)
        mask[row : row + 80, column : column + 140] = True
    return Image.fromarray(rng.integers(0, 255, (480, 640, 3), dtype=np.uint8)), masks


@torch.no_grad()
def one_by_one(encoder: ClipEncoder, image: Image.Image, masks: np.ndarray, blocks: int = 3) -> torch.Tensor:
    """The same vectors with the whole tower run for every mask, in batches as large."""
    pixels = encoder._pixels([image], "own", "stretch")
    weights, most = torch.from_numpy(on_grid(masks, encoder.grid)), encoder.batches.most["masks"]
    found = []
    for start in range(0, len(masks), most):
        some = weights[start : start + most]
        states = encoder.lower(pixels.expand(len(some), -1, -1, -1), blocks)
        found.append(encoder.upper(states, blocks, some))
    return torch.cat(found)


def least(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Seconds of processor time of the best round, and what came out."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        found = work()
        times.append(time.process_time() - start)
    return min(times), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--masks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    image, masks = draw(arguments.masks)
    crops = [image.crop((column, row, column + 140, row + 80)) for row, column in _corners(masks)]
    print(
        "| tower | shared (s) | whole tower a mask (s) | shared is faster by | largest difference | crops of the same masks (s) |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    for patch in (32, 16):
        encoder = build(patch)
        shared, ours = least(lambda encoder=encoder: encoder.encode_masked(image, masks), arguments.rounds)
        alone, theirs = least(lambda encoder=encoder: one_by_one(encoder, image, masks), arguments.rounds)
        cropped, _ = least(lambda encoder=encoder: encoder.encode_images(crops), 1)
        apart = float((ours - theirs).abs().max() / theirs.abs().max())
        print(f"| ViT-B/{patch} | {shared:.2f} | {alone:.2f} | {alone / shared:.1f} | {apart:.0e} | {cropped:.2f} |")


def _corners(masks: np.ndarray) -> list[tuple[int, int]]:
    return [(int(mask.any(1).argmax()), int(mask.any(0).argmax())) for mask in masks]


if __name__ == "__main__":
    main()
