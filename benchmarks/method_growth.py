"""Memory of every way to look, beside a plain forward and over many pictures.

    python -m benchmarks.method_growth                        each method on 1,000 pictures with a small random model; some minutes
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
from benchmarks.speed import QUICK, build
from iterprime_xai import Grounder
from iterprime_xai.saliency import METHODS, get_method

ROOT = Path(__file__).parents[1]
LIGHT = {
    "occlusion": {"window": 3, "stride": 3},
    "ablation": {"regions": 4},
    "integrated_gradients": {"steps": 4},
    "smoothgrad": {"samples": 2},
    "rise": {"masks": 8},
}
"""Fewer questions a picture: what is kept from one picture to the next does not depend on them."""

FLAT = 10.0
"""Megabytes that count as flat: the allocator's own ups and downs."""


def grown(name: str, pictures: int) -> tuple[float, float]:
    """Peak in megabytes after a tenth of the pictures, and after all of them."""
    torch.set_num_threads(1)
    grounder = Grounder(build(QUICK, "cpu", torch.float32))
    method = get_method(name, **LIGHT.get(name, {}))
    dice, early = np.random.default_rng(0), 0.0
    for place in range(pictures):
        image = Image.fromarray(dice.integers(0, 256, (QUICK.image, QUICK.image, 3), np.uint8))
        grounder.ground(image, "the red dog", method=method, proposals=False)
        if place + 1 == max(1, pictures // 10):
            early = peak()
    return early, peak()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--one", choices=METHODS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print("{:.1f} {:.1f}".format(*grown(options.one, options.pictures)))
        return
    print(f"{'method':22}{'after a tenth':>16}{f'after {options.pictures}':>16}")
    for name in options.methods:
        command = [sys.executable, "-m", "benchmarks.method_growth", "--one", name, "--pictures", str(options.pictures)]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        early, late = (float(each) for each in found.split())
        print(f"{name:22}{early:13.0f} MB{late:13.0f} MB{'' if late - early < FLAT else '   grows'}", flush=True)


if __name__ == "__main__":
    main()
