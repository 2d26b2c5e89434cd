"""Growth: memory beside a plain forward, memory over many pictures, and what each further expression and look costs.

    python -m benchmarks.growth                 a BLIP of base size with random weights, 1,000 pictures with the bundled one
    python -m benchmarks.growth --quick         a small one, few pictures and repeats: whether it runs

Memory is the peak of a fresh process for each line (Linux and macOS), of the CPU. Times are the smallest of the repeats, and the
line through them is the one of least squares.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.speed import BASE, PHRASES, QUICK, RECIPE, Size, all_maps, build, interleaved, looks_at
from iterprime_xai.evaluation.explanation.memory import process_peak
from iterprime_xai.models.blip import BlipMatcher
from iterprime_xai.saliency import refine_all

ROOT = Path(__file__).parents[1]
EXPRESSIONS = (1, 2, 4, 7, 10, 14)
PASSES = (1, 2, 3, 4, 5)


def a_picture(size: Size) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (size.image, size.image, 3), np.uint8))


def nothing(matcher: BlipMatcher, size: Size) -> None:
    """The model in memory, and one small product, so that threads have started."""
    torch.ones(512, 512) @ torch.ones(512, 512)


def plain(matcher: BlipMatcher, size: Size) -> None:
    """The stock model's forward, without gradients, of seven pairs of picture and expression."""
    texts = matcher.tokenizer(list(PHRASES), return_tensors="pt", padding=True)
    pixels = matcher.image_processor([a_picture(size)] * len(PHRASES), return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        matcher.model(pixel_values=pixels, input_ids=texts["input_ids"], attention_mask=texts["attention_mask"])


def maps(matcher: BlipMatcher, size: Size) -> None:
    """All 21 maps of one picture: seven expressions, three looks, with the gradient."""
    pixels = matcher.pixels_of([a_picture(size)])
    looks = looks_at(matcher, matcher.encode_pixels(pixels)[0], PHRASES)
    all_maps(matcher, [pixels], size.read, looks)


HELD: dict[str, Callable[[BlipMatcher, Size], None]] = {
    "model alone": nothing,
    "plain forward": plain,
    "all maps": maps,
}


def peak() -> float:
    """Most megabytes that this process has held so far."""
    held = process_peak()
    if held is None:
        raise SystemExit("This system does not tell how much memory a process holds.")
    return held / 1.024e6  # as its figures in docs/performance.md were taken: thousands of KiB


def peaks(quick: bool) -> dict[str, float]:
    """The peak of a fresh process for each entry of ``HELD``."""
    command = [sys.executable, "-m", "benchmarks.growth", *(["--quick"] if quick else []), "--hold"]
    found = {}
    for name in HELD:
        ended = subprocess.run([*command, name], check=True, capture_output=True, text=True, cwd=ROOT)
        found[name] = float(ended.stdout.split()[-1])
    return found


def over_pictures(count: int) -> list[tuple[int, float]]:
    """Peak megabytes after some of ``count`` different pictures, each grounded by the bundled model and let go."""
    import iterprime_xai as ix

    def pairs() -> object:
        rng = np.random.default_rng(0)
        for _ in range(count):
            yield rng.integers(0, 256, (336, 336, 3), np.uint8), "the red bike left of the tree"

    marks = {count // 10, count // 4, count // 2, count}
    grounder = ix.load("tiny")
    return [
        (place, peak())
        for place, _ in enumerate(grounder.ground_each(pairs(), proposals=False), 1)  # type: ignore[arg-type]
        if place in marks
    ]


def line(counts: tuple[int, ...], seconds: list[float]) -> tuple[float, float, float]:
    """Slope and start of the straight line through the points, and the largest distance from it as a share of the largest value."""
    slope, start = np.polyfit(counts, seconds, 1)
    away = np.abs(np.polyval([slope, start], counts) - seconds).max()
    return float(slope), float(start), float(away / max(seconds))


def growth(matcher: BlipMatcher, size: Size, repeats: int) -> str:
    """Two lines: over expressions at one look, over looks at seven expressions; all beside one image tower."""
    picture = a_picture(size)

    def work(expressions: int, passes: int) -> Callable[[], object]:
        phrases = [PHRASES[place % len(PHRASES)] for place in range(expressions)]
        recipe = replace(RECIPE, passes=passes)

        def run() -> object:
            tokens = matcher.encode_image(picture)
            return refine_all(matcher, looks_at(matcher, tokens, phrases), layer=size.read, recipe=recipe)

        return run

    asked = {f"{count} expressions": work(count, 1) for count in EXPRESSIONS}
    looked = {f"{count} looks": work(len(PHRASES), count) for count in PASSES}
    seconds = interleaved({"tower": lambda: matcher.encode_images([picture])} | asked | looked, repeats)
    least = {name: min(values) for name, values in seconds.items()}
    rows = [
        "| what | image towers | each further one | start of the line | furthest from it |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for name, ways, counts in (
        ("expressions, one look", asked, EXPRESSIONS),
        ("looks, seven expressions", looked, PASSES),
    ):
        towers = [least[way] / least["tower"] for way in ways]
        slope, start, away = line(counts, towers)
        listed = ", ".join(f"{count}: {value:.2f}" for count, value in zip(counts, towers, strict=True))
        rows.append(f"| {name} | {listed} | {slope:.3f} | {start:.2f} | {away:.1%} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small model, few pictures, two repeats")
    parser.add_argument("--repeats", type=int, default=7, help="repeats of each time (default: 7)")
    parser.add_argument("--hold", choices=HELD, help=argparse.SUPPRESS)
    options = parser.parse_args()
    size, repeats, count = (QUICK, 2, 40) if options.quick else (BASE, options.repeats, 1000)
    if options.hold:
        HELD[options.hold](build(size, "cpu", torch.float32), size)
        print(peak())
        return
    held = peaks(options.quick)
    alone, forward, ours = held.values()
    print("| process | peak, MB | above the model alone, MB |\n| --- | ---: | ---: |")
    for name, most in held.items():
        print(f"| {name} | {most:.0f} | {most - alone:.0f} |")
    print(
        f"\nAll maps take {ours / forward:.2f} of the memory of a plain forward of the same seven pairs.\n", flush=True
    )
    print("| pictures | peak, MB |\n| ---: | ---: |")
    for place, most in over_pictures(count):
        print(f"| {place} | {most:.0f} |", flush=True)
    print("\n" + growth(build(size, "cpu", torch.float32), size, repeats))


if __name__ == "__main__":
    sys.exit(main())
