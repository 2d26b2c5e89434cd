"""Memory of every way to look, beside a plain forward and over many pictures.

    python -m benchmarks.method_growth                        each method on 1,000 pictures with a small random model; some minutes
    python -m benchmarks.method_growth --base                 one picture, a random BLIP of base size: what each holds at most
    python -m benchmarks.method_growth --pictures 50 --methods rise relevance

One fresh process a method (Linux and macOS): the peak of its memory after a tenth of the pictures and after all of them. What is
flat stays the same.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.growth import peak
from benchmarks.speed import BASE, QUICK, build
from iterprime_xai import Grounder
from iterprime_xai.saliency import METHODS, get_method

ROOT = Path(__file__).parents[1]
LIGHT = {
    "occlusion": {"window": 3, "stride": 3},
    "ablation": {"regions": 16},
    "integrated_gradients": {"steps": 8},
    "smoothgrad": {"samples": 8},
    "rise": {"masks": 16},
}
"""Fewer questions a picture, but a whole batch of them: neither the peak nor what is kept depends on how many batches follow."""

FLAT = 10.0
"""Megabytes that count as flat: the allocator's own ups and downs."""


def grown(name: str, pictures: int, base: bool) -> tuple[float, float]:
    """Peak in megabytes after a tenth of the pictures, and after all of them; of a base model, before the first and after."""
    torch.set_num_threads(1)
    size = BASE if base else QUICK
    grounder = Grounder(build(size, "cpu", torch.float32))
    method = get_method(name, **LIGHT.get(name, {}))
    dice, early = np.random.default_rng(0), peak()
    for place in range(pictures):
        image = Image.fromarray(dice.integers(0, 256, (size.image, size.image, 3), np.uint8))
        grounder.ground(image, "the red dog", method=method, proposals=False)
        if not base and place + 1 == max(1, pictures // 10):
            early = peak()
    return early, peak()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, help="default: 1,000, or 1 with --base")
    parser.add_argument("--base", action="store_true", help="a model of base size")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--one", choices=METHODS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    pictures = options.pictures or (1 if options.base else 1000)
    if options.one:
        print("{:.1f} {:.1f}".format(*grown(options.one, pictures, options.base)))
        return
    heads = ("model alone", "at most") if options.base else ("after a tenth", f"after {pictures}")
    print(f"{'method':22}{heads[0]:>16}{heads[1]:>16}")
    for name in options.methods:
        command = [sys.executable, "-m", "benchmarks.method_growth", "--one", name, "--pictures", str(pictures)]
        command += ["--base"] if options.base else []
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        early, late = (float(each) for each in found.split())
        flat = options.base or late - early < FLAT
        print(f"{name:22}{early:13.0f} MB{late:13.0f} MB{'' if flat else '   grows'}", flush=True)


if __name__ == "__main__":
    main()
