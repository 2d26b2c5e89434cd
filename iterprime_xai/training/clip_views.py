"""Views of drawn scenes for a contrastive training: whole pictures, crops of parts, and single things cut out by their masks.

A text goes with a view only where it is visibly true of it. Whole pictures and crops are CLIP's own diet (its augmentation is a
random crop); things before a plain colour are what the systems that choose among masks show it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from iterprime_xai.data.scenes.cut_out import cut_out
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.render import render
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.vocabulary import COLOURS
from iterprime_xai.training.clip_needs import MOST_NEEDS, NAMES, needs_of, shown_by
from iterprime_xai.training.clip_texts import Pair, clip_words, naming_pair, scene_pairs
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.pool import training_atlas

VIEWS = 4
"""Of each scene: the whole picture, a crop of a part, and two single things."""

DRAWN = (224, 336, 336, 448)
"""Sides in pixels at which a scene is drawn before it is cropped."""

TIGHT: tuple[tuple[str, float], ...] = (("mean", 4), ("black", 4), ("box", 2), ("nothing", 0.7))
"""How a single thing is shown: before the mean colour, stretched; before black, padded to a square; with what is around it."""


@dataclass(frozen=True, eq=False)
class Views:
    """``images`` uint8 (n, side, side, 3); token ids (n, pairs, length) of ``true`` and ``false`` texts, all 0 where there is none;
    ``true_needs``, ``false_needs`` int16 (n, pairs, MOST_NEEDS), -1 behind the last; ``shown`` bool (n, FEATURES); ``kinds``
    str (n,); ``noun``, ``colour`` int16 (n,) of the one thing that is shown, -1 where it is not one.
    """

    images: np.ndarray
    true: np.ndarray
    false: np.ndarray
    true_needs: np.ndarray
    false_needs: np.ndarray
    shown: np.ndarray
    kinds: np.ndarray
    noun: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True, eq=False)
class View:
    """One view: its picture (any size), what is said of it, what it shows, how it was made, and the one thing it shows."""

    picture: Image.Image
    pairs: list[Pair]
    shown: np.ndarray
    kind: str
    thing: tuple[str, str] | None = None


def compose_views(number: int, config: TrainConfig, split: str = "train", views: int | None = None) -> Views:
    """Compose ``views`` views (default: a chunk), four of each scene; the same number and settings give the same ones.

    In the split "train" scenes are drawn by many artists and hands, as for the matcher.
    """
    from iterprime_xai.training.tokenizer import build_tokenizer

    count, each, side = views or config.chunk, config.pairs_kept, config.shape.image_size
    tokenizer = build_tokenizer(clip_words(), config.shape.max_tokens)
    found: list[View] = []
    index = number * config.chunk
    while len(found) < count:
        rng = np.random.default_rng([config.seed, index + 1, 6])
        scene = generate(config.seed, index, split, training_atlas(rng) if split == "train" else None)
        found += views_of(scene, Dice(config.seed, index, 6), each)
        index += 1
    found = found[:count]
    texts = [text for view in found for pair in view.pairs for text in pair]
    ids = tokenizer(texts, padding=True, truncation=True, max_length=config.shape.max_tokens)["input_ids"]
    tokens = np.asarray(ids, np.int16)
    tokens[[not text for text in texts]] = 0
    tokens = tokens.reshape(count, each, 2, -1)
    flat = np.full((len(texts), MOST_NEEDS), -1, np.int16)
    for row, text in enumerate(texts):
        flat[row, : len(needs_of(text))] = needs_of(text)
    needs = flat.reshape(count, each, 2, -1)
    things = [view.thing for view in found]
    return Views(
        images=np.stack([np.asarray(_fitted(view.picture, side)) for view in found]),
        true=tokens[:, :, 0],
        false=tokens[:, :, 1],
        true_needs=needs[:, :, 0],
        false_needs=needs[:, :, 1],
        shown=np.stack([view.shown for view in found]),
        kinds=np.asarray([view.kind for view in found]),
        noun=np.asarray([NAMES.index(thing[0]) if thing else -1 for thing in things], np.int16),
        colour=np.asarray([COLOURS.index(thing[1]) if thing else -1 for thing in things], np.int16),
    )


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    return picture.resize((side, side), Image.Resampling.BICUBIC)


def views_of(scene: Scene, dice: Dice, each: int) -> list[View]:
    """The four views of a scene, each with ``each`` pairs of texts."""
    size = dice.pick(DRAWN)
    drawn = render(scene, size)
    things = [(thing.noun, thing.colour) for thing in scene.things]
    shown = shown_by(things)
    whole = View(Image.fromarray(drawn.image), scene_pairs(scene, shown, dice, True, (2, 2, 2)), shown, "whole")
    views = [
        whole,
        part_view(scene, drawn.image, drawn.masks, dice) or tight_view(scene, drawn.image, drawn.masks, dice),
    ]
    views += [tight_view(scene, drawn.image, drawn.masks, dice) for _ in range(VIEWS - 2)]
    return [replace(view, pairs=_exactly(view.pairs, each, dice)) for view in views]


def _exactly(pairs: list[Pair], count: int, dice: Dice) -> list[Pair]:
    pairs = dice.shuffled(pairs)
    return [pairs[place % len(pairs)] for place in range(count)]


def part_view(scene: Scene, image: np.ndarray, masks: np.ndarray, dice: Dice) -> View | None:
    """A square crop that cuts nothing in two, said of as a scene of its own; ``None`` where six tries found none."""
    side = len(image)
    for _ in range(6):
        thing = dice.pick(scene.things)
        size = min(0.85, thing.extent * dice.between(1.3, 3.0))
        x0, y0 = (
            dice.between(max(0.0, middle + reach - size), min(1 - size, middle - reach))
            if max(0.0, middle + reach - size) < min(1 - size, middle - reach)
            else min(max(0.0, middle - size / 2), 1 - size)
            for middle, reach in ((thing.x, thing.extent / 2), (thing.y, thing.extent / 2))
        )
        left, top, long = round(x0 * side), round(y0 * side), round(size * side)
        inside = masks[:, top : top + long, left : left + long].sum((1, 2)) / np.maximum(1, masks.sum((1, 2)))
        if ((inside > 0.02) & (inside < 0.7)).any() or not (inside >= 0.7).any():
            continue
        kept = np.flatnonzero(inside >= 0.7).tolist()
        part, sized = _part_of(scene, kept, left / side, top / side, long / side)
        shown = shown_by((each.noun, each.colour) for each in part.things)
        pairs = scene_pairs(part, shown, dice, sized, (2, 1, 3))
        if pairs:
            crop = Image.fromarray(image[top : top + long, left : left + long])
            return View(crop, pairs, shown, "part")
    return None


def _part_of(scene: Scene, kept: list[int], x0: float, y0: float, size: float) -> tuple[Scene, bool]:
    """The scene that a crop shows, in the crop's own coordinates, and whether the sizes of all its things are sure there."""
    sizes = [_size_class(scene.things[index].extent / size) for index in kept]
    things = tuple(
        replace(
            scene.things[index],
            x=(scene.things[index].x - x0) / size,
            y=(scene.things[index].y - y0) / size,
            extent=scene.things[index].extent / size,
            size=name or "large",
        )
        for index, name in zip(kept, sizes, strict=True)
    )
    places = {index: place for place, index in enumerate(kept)}
    hidden = tuple(
        (places[front], places[back], share)
        for front, back, share in scene.hidden
        if front in places and back in places
    )
    return replace(scene, things=things, hidden=hidden), all(sizes)


def _size_class(extent: float) -> str | None:
    """The size that a thing of this extent has in a picture; ``None`` between two sizes."""
    for name, low, high in (("small", 0.0, 0.19), ("medium", 0.24, 0.29), ("large", 0.37, 1.0)):
        if low <= extent <= high:
            return name
    return None


def tight_view(scene: Scene, image: np.ndarray, masks: np.ndarray, dice: Dice) -> View:
    """One thing alone (now and then two): cut out by its mask, more or less exactly, or with what surrounds it; or nothing."""
    kind = dice.weighted(TIGHT)
    chosen = [dice.below(len(scene.things))]
    if kind == "nothing":
        return _nothing_view(scene, image, masks, dice)
    if kind != "box" and dice.chance(0.08):
        chosen.append(dice.below(len(scene.things)))
    mask = np.asarray(masks[chosen].any(axis=0))
    if kind == "box":
        picture, box = _surrounded(image, mask, dice)
        visible = masks[:, box[1] : box[3], box[0] : box[2]].sum((1, 2)) > 0.04 * masks.sum((1, 2))
        told, seen = chosen, np.flatnonzero(visible).tolist()
    else:
        picture = cut_out(image, _roughly(mask, dice), kind)
        told = seen = chosen
    shown = shown_by((scene.things[index].noun, scene.things[index].colour) for index in {*seen, *told})
    pairs: list[Pair] = []
    for _ in range(40):
        thing = scene.things[dice.pick(told)]
        pair = naming_pair(thing.noun, thing.colour, shown, dice)
        if pair and pair not in pairs:
            pairs.append(pair)
        if len(pairs) == 8:
            break
    alone = scene.things[told[0]] if len(set(told)) == 1 else None
    if not pairs and alone:
        pairs = [(f"{alone.colour} {alone.noun}", "")]
    return View(picture, pairs or [("", "")], shown, kind, (alone.noun, alone.colour) if alone else None)


def _surrounded(image: np.ndarray, mask: np.ndarray, dice: Dice) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """The box of a mask with a margin of up to 30 % on every side, and that box (left, top, right, bottom)."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    top, bottom = rows[0] - dice.between(0, 0.3) * height, rows[-1] + 1 + dice.between(0, 0.3) * height
    left, right = columns[0] - dice.between(0, 0.3) * width, columns[-1] + 1 + dice.between(0, 0.3) * width
    box = (max(0, round(left)), max(0, round(top)), min(len(image), round(right)), min(len(image), round(bottom)))
    return Image.fromarray(image[box[1] : box[3], box[0] : box[2]]), box


def _roughly(mask: np.ndarray, dice: Dice) -> np.ndarray:
    """The mask as proposals have it: exact, or a little too wide or too narrow."""
    turn, size = dice.uniform(), dice.pick((3, 5))
    if turn < 0.5:
        return mask
    filter_ = ImageFilter.MaxFilter(size) if turn < 0.8 else ImageFilter.MinFilter(3)
    changed = np.asarray(Image.fromarray(mask).convert("L").filter(filter_)) > 0
    return changed if changed.sum() >= 0.5 * mask.sum() else mask


def _nothing_view(scene: Scene, image: np.ndarray, masks: np.ndarray, dice: Dice) -> View:
    """A piece of background, of which nothing that is said is true."""
    side = len(image)
    wide, high = (max(8, round(dice.between(0.1, 0.6) * side)) for _ in range(2))
    left, top = dice.below(side - wide + 1), dice.below(side - high + 1)
    mask: np.ndarray = np.zeros((side, side), bool)
    mask[top : top + high, left : left + wide] = True
    mask &= ~masks.any(axis=0)
    pairs: list[Pair] = []
    shown = shown_by(())
    for _ in range(12):
        thing = dice.pick(scene.things)
        pair = naming_pair(thing.noun, thing.colour, shown, dice)
        pairs += [("", pair[0])] if pair else []
    if mask.sum() < 64:
        mask = np.asarray(~masks.any(axis=0))
    return View(cut_out(image, mask, dice.pick(("mean", "black"))), pairs or [("", "")], shown, "nothing")
