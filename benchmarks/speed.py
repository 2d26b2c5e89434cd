"""Speed: what a picture with seven expressions of three looks costs, beside two ways to do without what is shared.

    python -m benchmarks.speed                    a BLIP of base size with random weights, about five minutes on 2 CPU cores
    python -m benchmarks.speed --quick            a small one and few repeats: whether it runs, not how fast
    python -m benchmarks.speed --out FILE.json    the figures as data too

Three ways give the same maps, which is checked first:

- whole      the whole model forward and ``backward()`` to every weight, again for each expression and look
- careful    the image tower without gradients, again for each look; ``autograd.grad`` to the attention alone
- shared     this library: the tower, keys and values once a picture, expressions together, no gradient below the layer read; with
             one picture, and with four at once as `ground_each` takes them

Repeats of all ways are interleaved, and the smallest time counts. The first two ways do the same work for every expression, so one
expression is timed and multiplied by seven. Floors are counted operations over the speed of this machine's large matrix product, or
counted bytes over its copying speed where that takes longer, both measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import BlipConfig, BlipForImageTextRetrieval

from iterprime_xai.language import parse
from iterprime_xai.models import Ask, ImageTokens, Match, load_matcher
from iterprime_xai.models.blip import BlipMatcher
from iterprime_xai.models.reading import ReadingLayer
from iterprime_xai.models.reading_matcher import MATCH
from iterprime_xai.saliency import Look, Recipe, fuse, look_at, refine_all, token_roles

PHRASES = (
    "dog on the left",
    "red car",
    "the man in black",
    "second cat from the right",
    "woman",
    "blue umbrella above the bike",
    "small tree near the house",
)
"""Shaped like RefCOCO's: seven expressions of 3.4 words on average."""

AT_ONCE = 4
"""Pictures at once in a stream, the default of `ground_each`."""

RECIPE = Recipe("speed", passes=3, emphasis="both", keep_rejected=True, stop_on_fall=False)


@dataclass(frozen=True)
class Size:
    """A model's size and the layer that is read."""

    image: int
    patch: int
    width: int
    layers: int
    heads: int
    read: int


BASE = Size(384, 16, 768, 12, 12, 8)
QUICK = Size(96, 16, 64, 4, 4, 2)


def build(size: Size, device: str, dtype: torch.dtype) -> BlipMatcher:
    """A random model of this size with the bundled model's words."""
    bundled = load_matcher("tiny", device="cpu")
    processor = bundled.image_processor
    processor.size = {"height": size.image, "width": size.image}
    shared = {"hidden_size": size.width, "num_hidden_layers": size.layers, "num_attention_heads": size.heads}
    config = BlipConfig(
        text_config={
            **shared,
            "encoder_hidden_size": size.width,
            "intermediate_size": 4 * size.width,
            "vocab_size": 30524,
            "initializer_range": 0.04,
        },
        vision_config={
            **shared,
            "intermediate_size": 4 * size.width,
            "image_size": size.image,
            "patch_size": size.patch,
            "initializer_range": 0.04,
        },
        image_text_hidden_size=min(256, size.width),
    )
    torch.manual_seed(0)
    model = BlipForImageTextRetrieval(config).eval().to(device, dtype)
    return BlipMatcher(model, processor, bundled.tokenizer, name="random")


class Unshared:
    """Answers one ask after the other with the stock model, sharing nothing; ``careful`` leaves out needless gradients."""

    def __init__(self, matcher: BlipMatcher, picture: Image.Image, careful: bool) -> None:
        self.model, self.matcher, self.careful = matcher.model, matcher, careful
        pixels = matcher.image_processor(images=picture, return_tensors="pt")["pixel_values"]
        self.pixels = pixels.to(matcher.device, matcher.dtype)

    def match_all(self, asks: Sequence[Ask], *, layers: tuple[int, ...] = ()) -> list[Match]:
        return [self._match(ask, layers[0]) for ask in asks]

    def _match(self, ask: Ask, layer: int) -> Match:
        with torch.set_grad_enabled(not self.careful):
            hidden = self.model.vision_model(pixel_values=self.pixels).last_hidden_state
        keep = np.ones(ask.image.grid, bool) if ask.keep is None else ask.keep
        kept = torch.tensor([0, *(1 + np.flatnonzero(keep))], device=hidden.device)
        seen = hidden[:, kept].detach().requires_grad_() if self.careful else hidden[:, kept]
        out = self.model.text_encoder(
            input_ids=ask.text.ids,
            attention_mask=torch.ones_like(ask.text.ids),
            encoder_hidden_states=seen,
            output_attentions=True,
        )
        attention = out.cross_attentions[layer]
        scores = self.model.itm_head(out.last_hidden_state[:, 0])
        if self.careful:
            (gradient,) = torch.autograd.grad(scores[0, MATCH], attention)
        else:
            attention.retain_grad()
            self.model.zero_grad()
            scores[0, MATCH].backward()
            gradient = attention.grad

        def on_grid(values: torch.Tensor) -> torch.Tensor:
            full = values.new_zeros(*values.shape[1:3], hidden.shape[1])
            full[..., kept] = values[0].detach()
            return full[..., 1:].reshape(*full.shape[:2], *ask.image.grid).float()

        scores = scores.detach().float()
        probability = float(scores[0].softmax(-1)[MATCH])
        maps = {layer: on_grid(attention)}, {layer: on_grid(gradient)}
        return Match(float(scores[0, MATCH]), probability, *maps)


@dataclass(frozen=True)
class Stage:
    """Operations (multiply and add are two) and bytes that one stage cannot do without, and its seconds."""

    name: str
    operations: float
    bytes: float
    seconds: float

    def floor(self, speed: float, copying: float) -> float:
        """Seconds that this machine needs at least."""
        return max(self.operations / speed, self.bytes / copying)


def interleaved(ways: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each way, its first call left out, one call of each way in turn."""
    for way in ways.values():
        way()
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            found[name].append(timed(way))
    return found


def timed(way: Callable[[], Any]) -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    began = time.perf_counter()
    way()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


def ceilings(device: str, dtype: torch.dtype) -> tuple[float, float]:
    """Operations a second of a large matrix product, and bytes a second of reading and writing a large array."""
    side = 8192 if device == "cuda" else 2048
    one, two = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    large = torch.zeros(64 * 2**20, device=device)
    other = torch.empty_like(large)
    product = min(interleaved({"": lambda: one @ two}, 7)[""])
    copied = min(interleaved({"": lambda: other.copy_(large)}, 7)[""])
    return 2 * side**3 / product, 2 * 4 * large.numel() / copied


def all_maps(matcher: BlipMatcher, pictures: Sequence[Image.Image], layer: int) -> list[Any]:
    """Everything that some pictures with all their expressions cost."""
    encoded = matcher.encode_images(pictures)
    looks = [look for tokens in encoded for look in looks_at(matcher, tokens, PHRASES)]
    return refine_all(matcher, looks, layer=layer, recipe=RECIPE)


def looks_at(matcher: BlipMatcher, tokens: ImageTokens, phrases: Sequence[str]) -> list[Look]:
    return [look_at(matcher, tokens, parse(phrase), RECIPE) for phrase in phrases]


def same_maps(matcher: BlipMatcher, picture: Image.Image, layer: int) -> dict[str, float]:
    """The largest difference from the shared way's maps, relative to their largest value, for both other ways.

    Every look is compared with the same patches masked. (A patch on the edge of the threshold may be masked in one way and not in
    another, for a difference in the seventh digit; from there on their looks are different questions. Compared without emphasis:
    with one context word, local emphasis is the sign of a difference, which rounding can turn where there is none.)
    """
    tokens = matcher.encode_image(picture)
    looks = looks_at(matcher, tokens, PHRASES)
    passes = refine_all(matcher, looks, layer=layer, recipe=replace(RECIPE, emphasis="none"))
    found = {}
    for name, careful in (("whole", False), ("careful", True)):
        other = Unshared(matcher, picture, careful)
        differences = []
        for look, ours in zip(looks[:2], passes, strict=False):
            roles = token_roles(look.expression, look.text)
            for each in ours:
                (match,) = other.match_all([Ask(tokens, look.text, each.keep)], layers=(layer,))
                theirs = fuse(match.attention[layer], match.gradient[layer], roles, "none")
                differences.append(float(np.abs(each.heatmap - theirs.cpu().numpy()).max() / theirs.abs().max()))
        found[name] = max(differences)
    return found


def stages(matcher: BlipMatcher, picture: Image.Image, size: Size, repeats: int) -> list[Stage]:
    """The stages of one picture, each timed alone with what it needs already there."""
    texts = [matcher.tokenize(phrase) for phrase in PHRASES]
    real = sum(map(len, texts))
    seen, width, layer = (size.image // size.patch) ** 2 + 1, size.width, size.read
    number = torch.finfo(matcher.dtype).bits // 8
    tokens = matcher.encode_image(picture)
    asks = [Ask(tokens, text) for text in texts]
    matcher.match_all(asks, layers=(layer,))
    pixels = matcher.image_processor(images=picture, return_tensors="pt")["pixel_values"].to(
        matcher.device, matcher.dtype
    )
    layers: list[ReadingLayer] = matcher.reading_layers()

    def keys_values() -> None:
        with torch.no_grad():
            for each in layers:
                each.keys_values(tokens.hidden)

    def stock() -> None:
        with torch.no_grad():
            matcher.model.vision_model(pixel_values=pixels)

    ways = {
        "stock": stock,
        "tower": lambda: matcher.encode_images([picture]),
        "keys": keys_values,
        "read": lambda: matcher.match_all(asks),
        "slope": lambda: matcher.match_all(asks, layers=(layer,)),
    }
    seconds = {name: min(values) for name, values in interleaved(ways, repeats).items()}
    square = width * width
    vision = size.layers * (2 * 12 * square * seen + 4 * seen * seen * width) + 2 * 3 * size.patch**2 * seen * width
    look = 4 * seen * width
    text = 2 * 14 * square + look
    weights = 14 * square * number
    above = size.layers - layer
    # Above the layer that is read each product has one backward product, since weights get no gradient; in its attention
    # there is one, towards the probabilities.
    backward = (above - 1) * (2 * 14 * square + 2 * look) + 2 * 9 * square + look / 2
    return [
        Stage("image tower, stock", vision, size.layers * 12 * square * number, seconds["stock"]),
        Stage(
            "image tower, with the picture's preparation", vision, size.layers * 12 * square * number, seconds["tower"]
        ),
        Stage(
            "keys and values of every layer",
            size.layers * 4 * square * seen,
            size.layers * (2 * square + 3 * seen * width) * number,
            seconds["keys"],
        ),
        Stage(
            f"text layers, {len(texts)} expressions of {real} tokens",
            size.layers * text * real,
            size.layers * (weights + 2 * seen * width * number),
            seconds["read"],
        ),
        Stage(
            f"gradient to layer {layer}, and its maps",
            backward * real,
            above * (weights + 2 * seen * width * number),
            max(0.0, seconds["slope"] - seconds["read"]),
        ),
    ]


def measure(size: Size, device: str, dtype: torch.dtype, repeats: int) -> dict[str, Any]:
    matcher = build(size, device, dtype)
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (size.image, size.image, 3), np.uint8))
    tokens = matcher.encode_image(picture)
    one = looks_at(matcher, tokens, PHRASES[:1])
    first = Recipe("one", passes=1, emphasis="both")
    text = matcher.tokenize(PHRASES[0])
    plain = Unshared(matcher, picture, careful=True)

    def tower() -> None:
        matcher.encode_images([picture])

    def single() -> None:
        (fresh,) = matcher.encode_images([picture])
        refine_all(matcher, looks_at(matcher, fresh, PHRASES[:1]), layer=size.read, recipe=first)

    four = [Image.fromarray(np.roll(np.asarray(picture), 7 * place, axis=0)) for place in range(AT_ONCE)]
    differences = same_maps(matcher, picture, size.read)
    ways = {
        "whole": lambda: refine_all(Unshared(matcher, picture, False), one, layer=size.read, recipe=RECIPE),
        "careful": lambda: refine_all(Unshared(matcher, picture, True), one, layer=size.read, recipe=RECIPE),
        "shared": lambda: all_maps(matcher, [picture], size.read),
        "stream": lambda: all_maps(matcher, four, size.read),
        "four towers": lambda: matcher.encode_images(four),
        "tower": tower,
        "single": single,
        "plain": lambda: plain.match_all([Ask(tokens, text)], layers=(size.read,)),
    }
    seconds = interleaved(ways, repeats)
    least = {name: min(values) for name, values in seconds.items()}
    speed, copying = ceilings(device, dtype)
    count = len(PHRASES)
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads",
        "dtype": str(dtype).removeprefix("torch."),
        "size": asdict(size),
        "ceilings": {"operations": speed, "bytes": copying},
        "same maps": differences,
        "expressions a second": {
            "whole": 1 / least["whole"],
            "careful": 1 / least["careful"],
            "shared": count / least["shared"],
            "stream": AT_ONCE * count / least["stream"],
        },
        "spread": {name: max(values) / min(values) - 1 for name, values in seconds.items()},
        "times whole": count * least["whole"] / least["shared"],
        "times careful": count * least["careful"] / least["shared"],
        "stream, times whole": AT_ONCE * count * least["whole"] / least["stream"],
        "stream, times careful": AT_ONCE * count * least["careful"] / least["stream"],
        "towers for all maps": least["shared"] / least["tower"],
        "towers in a stream": least["stream"] / min(least["four towers"], AT_ONCE * least["tower"]),
        "one look over plain": least["single"] / least["plain"],
        "stages": [
            {**asdict(stage), "floor": stage.floor(speed, copying), "over": stage.seconds / stage.floor(speed, copying)}
            for stage in stages(matcher, picture, size, repeats)
        ],
    }


def report(found: dict[str, Any]) -> str:
    rate, spread = found["expressions a second"], found["spread"]
    lines = [
        f"## {found['device']}, {found['dtype']}",
        "",
        f"Ceilings: {found['ceilings']['operations'] / 1e9:.0f} GFLOP/s, {found['ceilings']['bytes'] / 1e9:.1f} GB/s.",
        "Largest difference of maps, relative: "
        + ", ".join(f"{name} {value:.1e}" for name, value in found["same maps"].items())
        + ".",
        "",
        "| way | expressions a second | spread | shared is faster by |",
        "| --- | ---: | ---: | ---: |",
        f"| whole | {rate['whole']:.3f} | {spread['whole']:.0%} | {found['times whole']:.1f} |",
        f"| careful | {rate['careful']:.3f} | {spread['careful']:.0%} | {found['times careful']:.1f} |",
        f"| shared | {rate['shared']:.3f} | {spread['shared']:.0%} | 1 |",
        f"| shared, {AT_ONCE} pictures at once | {rate['stream']:.3f} | {spread['stream']:.0%} | "
        f"({found['stream, times whole']:.1f} than whole, {found['stream, times careful']:.1f} than careful) |",
        "",
        f"All {RECIPE.passes * len(PHRASES)} maps of a picture cost {found['towers for all maps']:.2f} image towers, tower "
        f"included, and {found['towers in a stream']:.2f} with {AT_ONCE} pictures at once; one expression and one look "
        f"{found['one look over plain']:.2f} plain forwards with the gradient to that layer.",
        "",
        "| stage | GFLOP | MB | ms | floor, ms | over floor |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {each['name']} | {each['operations'] / 1e9:.1f} | {each['bytes'] / 1e6:.0f} | {1e3 * each['seconds']:.1f} | "
            f"{1e3 * each['floor']:.1f} | {each['over']:.2f} |"
            for each in found["stages"]
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small model and two repeats")
    parser.add_argument("--repeats", type=int, default=7, help="repeats of each way (default: 7)")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    options = parser.parse_args()
    size, repeats = (QUICK, 2) if options.quick else (BASE, options.repeats)
    runs = [("cpu", torch.float32)]
    if torch.cuda.is_available():
        runs.append(("cuda", torch.bfloat16))
    found = []
    for device, dtype in runs:
        found.append(measure(size, device, dtype, repeats))
        print(report(found[-1]), flush=True)
    if not torch.cuda.is_available():
        print("No GPU here: its rows are left out.")
    if options.out:
        options.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
