"""Speed: what pictures with seven expressions of three looks cost, beside two ways to do without what is shared.

    python -m benchmarks.speed                    a BLIP of base size with random weights, about five minutes on 2 CPU cores
    python -m benchmarks.speed --quick            a small one and few repeats: whether it runs, not how fast
    python -m benchmarks.speed --device cuda      on a GPU alone; without it there too, where there is one
    python -m benchmarks.speed --out FILE.json    the figures as data too

Three ways give the same maps, which is checked first, in float32:

- whole      the whole model forward and ``backward()`` to every weight, again for each expression and look
- careful    the image tower without gradients, again for each look; ``autograd.grad`` to the attention alone
- shared     this library: the tower, keys and values once a picture, expressions together, no gradient below the layer read

Each is timed with several sizes of its batch: of expressions for the first two, of pictures for the third; on a CPU one expression,
and one picture or four, as `ground_each` takes them. Pixels and phrases are prepared beforehand for all three, and looks become
maps in the same way. Repeats of all ways are interleaved, and the smallest time counts. Floors are counted operations over the
speed of this machine's large matrix product, or counted bytes over its copying speed where that takes longer, both measured in the
same run.
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

from benchmarks.unshared import Unshared
from iterprime_xai.language import parse
from iterprime_xai.models import Ask, Batches, ImageTokens, load_matcher
from iterprime_xai.models.blip import BlipMatcher
from iterprime_xai.models.reading import ReadingLayer
from iterprime_xai.saliency import Look, Recipe, look_at, refine_all, token_roles
from iterprime_xai.saliency.emphasis import fuse_all

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


def all_maps(matcher: BlipMatcher, pixels: Sequence[torch.Tensor], layer: int, given: Sequence[Look]) -> list[Any]:
    """Everything that some pictures with all expressions of ``given`` cost, once pixels and phrases are prepared."""
    encoded = matcher.encode_pixels(torch.cat(list(pixels)))
    looks = [replace(each, image=tokens) for tokens in encoded for each in given]
    return refine_all(Batches(matcher), looks, layer=layer, recipe=RECIPE)


def looks_at(matcher: BlipMatcher, tokens: ImageTokens, phrases: Sequence[str]) -> list[Look]:
    return [look_at(matcher, tokens, parse(phrase), RECIPE) for phrase in phrases]


def pictures(matcher: BlipMatcher, count: int, side: int) -> list[torch.Tensor]:
    """Pixels of different pictures, as the image tower is given them."""
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    rolled = [Image.fromarray(np.roll(noise, 7 * place, axis=0)) for place in range(count)]
    return [matcher.pixels_of([each]) for each in rolled]


def same_maps(matcher: BlipMatcher, pixels: torch.Tensor, layer: int) -> dict[str, float]:
    """The largest difference from the shared way's maps, relative to their largest value, for both other ways.

    Every look is compared with the same patches masked. (A patch on the edge of the threshold may be masked in one way and not in
    another, for a difference in the seventh digit; from there on their looks are different questions. Compared without emphasis:
    with one context word, local emphasis is the sign of a difference, which rounding can turn where there is none.)
    """
    (tokens,) = matcher.encode_pixels(pixels)
    looks = looks_at(matcher, tokens, PHRASES)
    passes = refine_all(matcher, looks, layer=layer, recipe=replace(RECIPE, emphasis="none"))
    asks = [Ask(tokens, look.text, each.keep) for look, ours in zip(looks, passes, strict=True) for each in ours]
    roles = [token_roles(look.expression, look.text) for look in looks for _ in range(RECIPE.passes)]
    ours = np.stack([each.heatmap for those in passes for each in those])
    found = {}
    for name, careful in (("whole", False), ("careful", True)):
        other = Unshared(matcher, {tokens: pixels}, careful=careful).match_all(asks, layers=(layer,))
        theirs = fuse_all(other.attention[layer], other.gradient[layer], roles, other.lengths, "none").cpu().numpy()
        most = np.abs(theirs).max((1, 2))
        found[name] = float((np.abs(ours - theirs).max((1, 2)) / most).max())
    return found


def stages(matcher: BlipMatcher, pixels: Sequence[torch.Tensor], size: Size, repeats: int) -> list[Stage]:
    """The stages of some pictures together, each timed alone with what it needs already there."""
    count = len(pixels)
    texts = [matcher.tokenize(phrase) for phrase in PHRASES]
    real = count * sum(map(len, texts))
    seen, width, layer = (size.image // size.patch) ** 2 + 1, size.width, size.read
    number = torch.finfo(matcher.dtype).bits // 8
    given = torch.cat(list(pixels))
    encoded = matcher.encode_pixels(given)
    hidden = torch.cat([tokens.hidden for tokens in encoded])
    asks = [Ask(tokens, text) for tokens in encoded for text in texts]
    matcher.match_all(asks, layers=(layer,))
    layers: list[ReadingLayer] = matcher.reading_layers()

    def keys_values() -> None:
        with torch.no_grad():
            for each in layers:
                each.keys_values(hidden)

    def stock() -> None:
        with torch.no_grad():
            matcher.model.vision_model(pixel_values=given)

    ways = {
        "stock": stock,
        "tower": lambda: matcher.encode_pixels(given),
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
    kept = count * 2 * seen * width * number
    above = size.layers - layer
    # Above the layer that is read each product has one backward product, since weights get no gradient; in its attention
    # there is one, towards the probabilities.
    backward = (above - 1) * (2 * 14 * square + 2 * look) + 2 * 9 * square + look / 2
    tower = count * vision, size.layers * 12 * square * number
    return [
        Stage("image tower, stock", *tower, seconds["stock"]),
        Stage("image tower", *tower, seconds["tower"]),
        Stage(
            "keys and values of every layer",
            count * size.layers * 4 * square * seen,
            size.layers * (2 * square + count * 3 * seen * width) * number,
            seconds["keys"],
        ),
        Stage(
            f"text layers, {len(asks)} expressions of {real} tokens",
            size.layers * text * real,
            size.layers * (weights + kept),
            seconds["read"],
        ),
        Stage(
            f"gradient to layer {layer}, and its maps",
            backward * real,
            above * (weights + kept),
            max(0.0, seconds["slope"] - seconds["read"]),
        ),
    ]


@dataclass(frozen=True)
class Together:
    """What is tried together: expressions of the ways that share nothing, pictures of the one that shares; and for how many
    pictures the stages are shown."""

    expressions: tuple[int, ...]
    pictures: tuple[int, ...]
    shown: tuple[int, ...]


ON_CPU, ON_GPU = Together((1,), (1, 4), (1, 4)), Together((16, 64, 128), (1, 8, 32, 64, 128), (32,))


def memory(matcher: BlipMatcher, pixels: Sequence[torch.Tensor], layer: int, looks: Sequence[Look]) -> dict[str, float]:
    """Most megabytes of a GPU above the model: for all maps of some pictures, and for a plain forward of as many pairs."""
    texts = torch.nn.utils.rnn.pad_sequence([look.text.ids[0] for look in looks], batch_first=True)
    ids = texts.repeat(len(pixels), 1).to(matcher.device)
    there = (ids != 0).long()
    pairs = torch.cat(list(pixels)).repeat_interleave(len(looks), 0)

    def plain() -> None:
        with torch.no_grad():
            matcher.model(pixel_values=pairs, input_ids=ids, attention_mask=there)

    ways = {"all maps": lambda: all_maps(matcher, pixels, layer, looks), "plain forward": plain}
    found = {}
    for name, way in ways.items():
        torch.cuda.empty_cache()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        way()
        found[name] = (torch.cuda.max_memory_allocated() - before) / 1e6
    return found


def measure(size: Size, device: str, dtype: torch.dtype, repeats: int, together: Together) -> dict[str, Any]:
    exact = build(size, device, torch.float32)
    differences = same_maps(exact, pictures(exact, 1, size.image)[0], size.read)
    del exact
    matcher = build(size, device, dtype)
    most = max(*together.pictures, -(-max(together.expressions) // len(PHRASES)))
    pixels = pictures(matcher, most, size.image)
    encoded = matcher.encode_pixels(torch.cat(pixels))
    given = dict(zip(encoded, pixels, strict=True))
    looks = [look for tokens in encoded for look in looks_at(matcher, tokens, PHRASES)]
    first = Recipe("one", passes=1, emphasis="both")

    def unshared(careful: bool, count: int) -> Callable[[], Any]:
        other = Batches(Unshared(matcher, given, careful=careful), texts=count)  # type: ignore[arg-type]
        return lambda: refine_all(other, looks[:count], layer=size.read, recipe=RECIPE)

    def shared(count: int) -> Callable[[], Any]:
        return lambda: all_maps(matcher, pixels[:count], size.read, looks[: len(PHRASES)])

    def towers(count: int) -> Callable[[], Any]:
        some = torch.cat(pixels[:count])
        return lambda: matcher.encode_pixels(some)

    def stock_towers(count: int) -> Callable[[], Any]:
        some = torch.cat(pixels[:count])

        def run() -> None:
            with torch.no_grad():
                matcher.model.vision_model(pixel_values=some)

        return run

    def single() -> None:
        (fresh,) = matcher.encode_pixels(pixels[0])
        refine_all(matcher, [replace(looks[0], image=fresh)], layer=size.read, recipe=first)

    plain = Unshared(matcher, given, careful=True)
    asked = [Ask(encoded[0], matcher.tokenize(PHRASES[0]))]
    ways: dict[str, Callable[[], Any]] = {
        **{f"whole {count}": unshared(False, count) for count in together.expressions},
        **{f"careful {count}": unshared(True, count) for count in together.expressions},
        **{f"shared {count}": shared(count) for count in together.pictures},
        **{f"towers {count}": towers(count) for count in together.pictures},
        **{f"stock towers {count}": stock_towers(count) for count in together.pictures},
        "single": single,
        "plain": lambda: plain.match_all(asked, layers=(size.read,)),
    }
    seconds = interleaved(ways, repeats)
    least = {name: min(values) for name, values in seconds.items()}
    speed, copying = ceilings(device, dtype)

    def rates(way: str, counts: Sequence[int], each: int) -> dict[int, float]:
        return {count: count * each / least[f"{way} {count}"] for count in counts}

    count = len(PHRASES)
    rate = {
        "whole": rates("whole", together.expressions, 1),
        "careful": rates("careful", together.expressions, 1),
        "shared": rates("shared", together.pictures, count),
    }
    best = {way: max(found.values()) for way, found in rate.items()}
    alone = min(least["towers 1"], least["stock towers 1"])
    tower = {
        each: min(least[f"towers {each}"], least[f"stock towers {each}"], each * alone) for each in together.pictures
    }
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads",
        "dtype": str(dtype).removeprefix("torch."),
        "torch": torch.__version__,
        "size": asdict(size),
        "ceilings": {"operations": speed, "bytes": copying},
        "same maps": differences,
        "expressions a second": rate,
        "spread": {name: max(values) / min(values) - 1 for name, values in seconds.items()},
        "times whole": {each: value / best["whole"] for each, value in rate["shared"].items()},
        "times careful": {each: value / best["careful"] for each, value in rate["shared"].items()},
        "towers for all maps": {each: least[f"shared {each}"] / tower[each] for each in together.pictures},
        "stock towers for all maps": {
            each: least[f"shared {each}"] / least[f"stock towers {each}"] for each in together.pictures
        },
        "one look over plain": least["single"] / least["plain"],
        "memory": memory(matcher, pixels[:32], size.read, looks[:count]) if device == "cuda" else {},
        "stages": {
            shown: [
                {
                    **asdict(stage),
                    "floor": stage.floor(speed, copying),
                    "over": stage.seconds / stage.floor(speed, copying),
                }
                for stage in stages(matcher, pixels[:shown], size, repeats)
            ]
            for shown in together.shown
        },
    }


def report(found: dict[str, Any]) -> str:
    spread = found["spread"]
    whole, careful = found["times whole"], found["times careful"]
    own, stock = found["towers for all maps"], found["stock towers for all maps"]
    rows = []
    for way, rates in found["expressions a second"].items():
        for count, rate in rates.items():
            beside = "| | |"
            if way == "shared":
                beside = f"{whole[count]:.1f} | {careful[count]:.1f} | {own[count]:.2f} | {stock[count]:.2f}"
            what = "picture" if way == "shared" else "expression"
            together = f"{count} {what}{'s' * (count > 1)}"
            rows.append(f"| {way} | {together} | {rate:.4g} | {spread[f'{way} {count}']:.0%} | {beside} |")
    lines = [
        f"## {found['device']}, {found['dtype']}, torch {found['torch']}",
        "",
        f"Ceilings: {found['ceilings']['operations'] / 1e9:.0f} GFLOP/s, {found['ceilings']['bytes'] / 1e9:.1f} GB/s. "
        "Largest difference of maps in float32, relative: "
        + ", ".join(f"{name} {value:.1e}" for name, value in found["same maps"].items())
        + ".",
        "",
        "| way | together | expressions a second | spread | times whole | times careful | towers for all maps | stock towers |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        "Times are those of the fastest row of each way; towers are the fastest for as many pictures, or the stock ones. One "
        f"expression and one look cost {found['one look over plain']:.2f} plain forwards with the gradient to that layer.",
        *(
            f"Most memory above the model, {min(32, max(own))} pictures: {name} {value:.0f} MB."
            for name, value in found["memory"].items()
        ),
    ]
    for count, stages in found["stages"].items():
        lines += [
            "",
            f"| stage, {count} picture{'s' * (count > 1)} | GFLOP | MB | ms | floor, ms | over floor |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {each['name']} | {each['operations'] / 1e9:.1f} | {each['bytes'] / 1e6:.0f} | "
                f"{1e3 * each['seconds']:.1f} | {1e3 * each['floor']:.1f} | {each['over']:.2f} |"
                for each in stages
            ),
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small model and two repeats")
    parser.add_argument("--repeats", type=int, default=7, help="repeats of each way (default: 7)")
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), help="only there (default: the CPU, and a GPU where there is one)"
    )
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    options = parser.parse_args()
    size, repeats = (QUICK, 2) if options.quick else (BASE, options.repeats)
    runs = [("cpu", torch.float32, ON_CPU), ("cuda", torch.bfloat16, ON_GPU)]
    found = []
    for device, dtype, together in runs:
        if options.device not in (None, device):
            continue
        if device == "cuda" and not torch.cuda.is_available():
            print("No GPU here: its rows are left out.")
            continue
        found.append(measure(size, device, dtype, repeats, together))
        print(report(found[-1]), flush=True)
    if options.out:
        options.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
