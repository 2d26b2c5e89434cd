"""Models of base size with random weights, in the hub's layout: to try commands and measure costs, never to look at maps.

python -m benchmarks.random_base FOLDER        FOLDER/blip-base (0.9 GB) and FOLDER/clip-base (0.6 GB)
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from transformers import BlipProcessor, CLIPConfig, CLIPModel, CLIPProcessor

from benchmarks.speed import BASE, build
from iterprime_xai import load_encoder


def save_blip(folder: Path) -> None:
    """BLIP-base for image-text retrieval, reading the bundled model's words."""
    matcher = build(BASE, "cpu", torch.float32)
    matcher.model.save_pretrained(folder)
    BlipProcessor(matcher.image_processor, matcher.tokenizer).save_pretrained(folder)


def save_clip(folder: Path) -> None:
    """CLIP ViT-B/32, reading the bundled encoder's words."""
    bundled: Any = load_encoder("tiny-clip", device="cpu")
    torch.manual_seed(0)
    config = CLIPConfig()  # its defaults are ViT-B/32
    config.text_config.eos_token_id = bundled.model.config.text_config.eos_token_id
    CLIPModel(config).save_pretrained(folder)
    bundled.image_processor.size = {"shortest_edge": 224}
    bundled.image_processor.crop_size = {"height": 224, "width": 224}
    CLIPProcessor(bundled.image_processor, bundled.tokenizer).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    save_blip(folder / "blip-base")
    save_clip(folder / "clip-base")
    print(f"wrote {folder / 'blip-base'} and {folder / 'clip-base'}")


if __name__ == "__main__":
    main()
