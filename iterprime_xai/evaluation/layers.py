"""Which layer to read: every cross-attention layer, and sets of neighbours, measured on a validation split."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.data.dataset import DataSet, PictureEntry
from iterprime_xai.data.images import read_image
from iterprime_xai.data.sources import open_data
from iterprime_xai.evaluation.bootstrap import Interval, difference
from iterprime_xai.evaluation.heat import HeatFound, HeatRow, gold_mask, heat_found, heat_rows
from iterprime_xai.evaluation.layer_table import LayerRow, LayerTable, chosen_row
from iterprime_xai.evaluation.measures.thresholds import VAL
from iterprime_xai.evaluation.runs.shards import asked_pictures
from iterprime_xai.language import parse
from iterprime_xai.models import Ask, Batches, ImageTextMatcher
from iterprime_xai.models.matcher import Match
from iterprime_xai.records import Expression
from iterprime_xai.records.errors import ImageInputError, OptionError, PhraseError, StorageError
from iterprime_xai.records.sample import Sample
from iterprime_xai.saliency import Look, Recipe, activation, fuse, get_recipe, look_at, token_roles
from iterprime_xai.saliency.layered_gradcam import combined
from iterprime_xai.saliency.refinement import slope
from iterprime_xai.systems import Grounder

if TYPE_CHECKING:
    from PIL import Image

AT_ONCE = 16
"""Texts whose maps of all layers are held at once: about 130 MB for a text encoder of BLIP-base size."""


def neighbours(layers: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Every run of two and of three neighbours among the layers that look, and all of them; each set once."""
    runs = [
        tuple(layers[start : start + size]) for size in (2, 3, len(layers)) for start in range(len(layers) - size + 1)
    ]
    return tuple(dict.fromkeys(run for run in runs if len(run) > 1))


def measure_layers(
    model: Grounder | ImageTextMatcher,
    data: DataSet | str,
    *,
    recipe: str | Recipe = "default",
    sets: bool = False,
    limit: int | None = None,
    seed: int = 0,
    seen: Callable[[int], object] | None = None,
) -> LayerTable:
    """Measure the first look of a recipe at every layer of a matcher that looks.

    Each picture is encoded once, and each expression matched once for all layers. Expressions that cannot be read, and those that
    mean nothing in their picture (an empty mask), are left out and named in the table.

    Args:
        model: what `iterprime_xai.load` gives, or its ``matcher``.
        data: a data set, or its name for `data.sources.open_data`, with a gold mask for every expression. It should be a validation
            split: what is chosen on test samples makes their results worthless, and a warning says so.
        recipe: how tokens become one map; its passes after the first are not made.
        sets: whether sets of neighbouring layers are measured too, see :func:`neighbours` and `saliency.layered_gradcam.combined`.
        limit: only the first expressions.
        seed: of the bootstrap over pictures.
        seen: told after every few pictures how many expressions they had.

    Raises:
        OptionError: a sample without a gold mask, a limit or recipe that is none, or nothing left to measure.
    """
    matcher, parser = (model.matcher, model.parser) if isinstance(model, Grounder) else (model, parse)
    chosen = get_recipe(recipe)
    opened = open_data(data) if isinstance(data, str) else data
    batches = Batches(matcher)
    groups = [(layer,) for layer in matcher.layers] + list(neighbours(matcher.layers) if sets else ())
    found: dict[tuple[int, ...], list[HeatFound]] = {group: [] for group in groups}
    wordless = dict.fromkeys(groups, 0)
    left_out: list[str] = []
    splits: set[str] = set()
    for window in _windows(opened, limit, left_out):
        read = _looks(batches, window, parser, chosen, left_out)
        for start in range(0, len(read), AT_ONCE):
            some = read[start : start + AT_ONCE]
            asks = [Ask(look.image, look.text) for *_, look in some]
            for (picture, sample, look), match in zip(
                some, batches.match_all(asks, layers=matcher.layers), strict=True
            ):
                maps, silent = _maps(match, matcher.layers, look, chosen)
                splits.add(sample.tags.get("split", ""))
                for group in groups:
                    one = maps[group[0]] if len(group) == 1 else combined([maps[layer] for layer in group])
                    found[group].append(heat_found(one, sample, picture))
                    wordless[group] += silent.issuperset(group)
        if seen is not None:
            seen(sum(len(samples) for _, samples in window))
    if not found[groups[0]]:
        raise OptionError(
            f"{opened.name} left nothing to measure layers by: {left_out[0] if left_out else 'no expression'}."
        )
    wrong = sorted(each for each in splits if each and each not in VAL)
    if wrong:
        warnings.warn(
            f"{opened.name} holds split {', '.join(wrong)}: layers are to be chosen on val only, since what is chosen on other "
            "samples makes their results worthless. Measure the val split.",
            stacklevel=2,
        )
    rows = _rows(found, wordless, seed)
    return LayerTable(
        model=str(matcher.describe().get("name", type(matcher).__name__)),
        data=opened.name,
        splits=tuple(sorted(splits)),
        recipe=chosen.name,
        rows=rows,
        chosen=chosen_row(rows).layers[0],
        count=len(found[groups[0]]),
        left_out=tuple(left_out),
        wrong_split=bool(wrong),
    )


def _windows(data: DataSet, limit: int | None, left_out: list[str]) -> Iterator[list[tuple[str, list[Sample]]]]:
    """The samples of a few pictures at a time, about ``AT_ONCE`` expressions together, each with its picture's id."""
    window: list[tuple[str, list[Sample]]] = []
    for asked in asked_pictures(data.pictures(), limit):
        entry = PictureEntry(asked.entry.image_id, asked.sample_ids)
        try:
            window.append((entry.image_id, data.samples_of(entry)))
        except (ImageInputError, StorageError) as error:
            left_out += [f"{sample}: {error}" for sample in entry.sample_ids]
        if sum(len(samples) for _, samples in window) >= AT_ONCE:
            yield window
            window = []
    if window:
        yield window


def _means_something(sample: Sample, left_out: list[str]) -> bool:
    if gold_mask(sample).any():
        return True
    left_out.append(f"{sample.id}: means nothing in its picture, so no layer can point at it")
    return False


def _looks(
    batches: Batches,
    window: Sequence[tuple[str, Sequence[Sample]]],
    parser: Callable[[str], Expression],
    recipe: Recipe,
    left_out: list[str],
) -> list[tuple[str, Sample, Look]]:
    """What is looked at for the samples of a few pictures, each picture read and encoded once."""
    pictures: list[tuple[str, Image.Image, list[Sample]]] = []
    for name, samples in window:
        kept = [sample for sample in samples if _means_something(sample, left_out)]
        if not kept:
            continue
        try:
            pictures.append((name, read_image(kept[0].image).image, kept))
        except ImageInputError as error:
            left_out += [f"{sample.id}: {error}" for sample in kept]
    encoded = batches.encode_images([picture for _, picture, _ in pictures])
    found = []
    for tokens, (name, _, kept) in zip(encoded, pictures, strict=True):
        for sample in kept:
            try:
                found.append((name, sample, look_at(batches.matcher, tokens, parser(sample.text), recipe)))
            except PhraseError as error:
                left_out.append(f"{sample.id}: {error}")
    return found


def _maps(
    match: Match, layers: Sequence[int], look: Look, recipe: Recipe
) -> tuple[dict[int, np.ndarray], frozenset[int]]:
    """The recipe's map at each layer, and the layers where no token but the first has any heat."""
    roles = token_roles(look.expression, look.text, look.shift)
    maps, silent = {}, []
    for layer in layers:
        attention, gradient = match.attention[layer], slope(match, layer, recipe.gradient)
        maps[layer] = fuse(attention, gradient, roles, recipe.emphasis, recipe.local_weight).cpu().numpy()
        if not bool((activation(attention, gradient)[:, 1:] > 0).any()):
            silent.append(layer)
    return maps, frozenset(silent)


def _rows(
    found: dict[tuple[int, ...], list[HeatFound]], wordless: dict[tuple[int, ...], int], seed: int
) -> tuple[LayerRow, ...]:
    """A row for every layer and set, each with how far its peaks stay behind those of the best single layer."""
    tables: dict[tuple[int, ...], list[HeatRow]] = {group: heat_rows(each, seed) for group, each in found.items()}
    best = max((group for group in found if len(group) == 1), key=lambda group: tables[group][0].peak.mean)

    def behind(group: tuple[int, ...]) -> Interval:
        ones, others = ([float(each.peak) for each in found[which]] for which in (best, group))
        return difference(ones, others, [each.picture for each in found[best]], seed)

    return tuple(
        LayerRow(group, tuple(rows), behind(group), wordless[group], len(found[group]))
        for group, rows in tables.items()
    )
