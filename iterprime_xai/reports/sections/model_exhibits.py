"""What a report says of a checkpoint: what it is, which layer to read and on what that rests, its heads, checks and speed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.evaluation.explanation.beliefs import failed_checks
from iterprime_xai.evaluation.measures.summing_up import percent
from iterprime_xai.reports.charts import FAINT, MUTED, interval_rows
from iterprime_xai.reports.exhibits import Exhibit, Written, lead, sentence, table
from iterprime_xai.reports.sections.model_facts import Size, card_of
from iterprime_xai.reports.sheets import Picture, drawn
from iterprime_xai.visualize.tables import shown

if TYPE_CHECKING:
    from iterprime_xai.evaluation.explanation.judging import CheckRow
    from iterprime_xai.evaluation.heads import HeadTable
    from iterprime_xai.evaluation.layer_table import LayerTable
    from iterprime_xai.evaluation.matching import PairRow
    from iterprime_xai.evaluation.speed import Speed
    from iterprime_xai.records import Sample
    from iterprime_xai.systems import Grounder

NUMBERED = 16
"""Heads up to which each has its number and share in the chart."""

DRAWN = 24
"""Heads up to which an atlas is drawn; a model with query tokens has one a head and query."""

FEW = 50
"""Phrases below which shares by layer are only a first impression."""


def headline(layers: LayerTable, read: int, size: Size) -> Exhibit:
    """The finding: whether the layer that is read points, whether another one would point better, and how large the model is."""
    at = next((row for row in layers.rows if row.layers == (read,)), layers.row(layers.chosen))
    points, area = at.whole.peak, at.whole.area
    found = at.layers[0]
    verdict = (
        f"{layers.model}: layer {found} points at the thing"
        if points.low > area
        else (f"{layers.model}: layer {found} points no better than chance")
    )
    if layers.chosen == found:
        rest = "these phrases pick the same layer"
    elif at.tied:
        rest = f"these phrases pick layer {layers.chosen}, but do not tell the two apart by their peaks"
    else:
        rest = f"these phrases pick layer {layers.chosen} instead, which points more often"
    said = (
        f"in {percent(points)} % of {layers.count} phrases of {layers.data} (a random point: {100 * area:.1f} %); {rest}. "
        f"{size.weights / 1e6:.2f} million weights."
    )
    return lead(f"<b>{shown(verdict)}</b> {shown(said)}")


def caveats(grounder: Grounder, layers: LayerTable) -> Exhibit:
    """What limits the card: a layer that nobody validated, pictures that the model is made for, samples that are not of val."""
    matcher: Any = grounder.matcher
    profile, (_, why) = matcher.profile, matcher.choose_layer(None)
    found = Exhibit("")
    if "not validated" in why:
        found += sentence(f"Not validated: {why}.", caveat=True)
    if profile.domain:
        found += sentence(f"Made for {profile.domain}: on other pictures its answers mean nothing.", caveat=True)
    if profile.closed_vocabulary:
        found += sentence("It has a closed vocabulary: other words were never seen in training.", caveat=True)
    if profile.threshold is None:
        found += sentence(
            "No threshold was measured below which a phrase means nothing in the picture: not validated.", caveat=True
        )
    if layers.wrong_split:
        text = f"{layers.data} is not a validation split: a layer that is chosen on it flatters its results."
        found += sentence(text, caveat=True)
    elif layers.splits == ("",):
        found += sentence(
            f"{layers.data} names no split: report no results on what a layer was chosen on.", caveat=True
        )
    if layers.count < FEW:
        found += sentence(f"Measured on {layers.count} phrases only; ask for more with limit.", caveat=True)
    if layers.left_out:
        text = f"{len(layers.left_out)} phrases could not be measured, the first: {layers.left_out[0]}."
        found += sentence(text, caveat=True)
    return found


def identity(grounder: Grounder, size: Size) -> Exhibit:
    """Family, sizes, layers that look, and what rests on a validation."""
    matcher: Any = grounder.matcher
    described, profile = matcher.describe(), matcher.profile
    layer, why = matcher.choose_layer(None)
    rows, columns = matcher.grid
    files = "no folder here" if size.files is None else f"{size.files:.1f} MB"
    facts = [
        ("family", described.get("family", "")),
        ("picture", f"{matcher.image_size} x {matcher.image_size} pixels, {rows} x {columns} patches"),
        ("text layers", f"{described.get('text_layers', '')} of width {described.get('text_width', '')}"),
        ("layers that look at the picture", ", ".join(map(str, matcher.layers))),
        ("heads a layer", described.get("heads", "")),
        ("weights", f"{size.weights:,} ({', '.join(f'{name} {count:,}' for name, count in size.parts)})"),
        ("memory of the weights", f"{size.memory:.1f} MB as {described.get('dtype', '')}"),
        ("weight files", files),
        ("layer that is read", f"{layer}"),
        ("why that one", why),
        ("threshold for “means nothing”", "not validated" if profile.threshold is None else f"{profile.threshold:.3f}"),
        ("made for", profile.domain or "not told"),
        ("vocabulary", "closed" if profile.closed_vocabulary else "open"),
    ]
    return table(("", ""), facts)


def training(model: str) -> Written:
    """What the model's own card says of its data, training and limits; or that nothing here says so."""
    told = card_of(model)
    return Written(told or f"No card came with `{model}`: nothing here says what it was trained on. Not validated.")


def layer_table(found: LayerTable) -> Exhibit:
    """Every layer by the share of peaks on the object and the share of heat in it; the picked one bold."""
    head = ("layer", "peak on object", "behind the best", "heat in object", "blank", "no word has heat")
    chosen = next(place for place, each in enumerate(found.rows) if each.layers == (found.chosen,))
    note = "Percent, with 95 % intervals from a bootstrap over pictures; differences are paired. Bold: what these phrases pick."
    return table(head, found.cells(), chosen) + sentence(note)


def layer_chart(found: LayerTable, read: int) -> Picture:
    """Peaks on the object at each layer; the layer that is read in the second colour, chance dashed."""
    singles = [row for row in found.rows if len(row.layers) == 1]
    names = [f"{row.name}{' (read)' if row.layers == (read,) else ''}" for row in singles]
    values = [row.whole.peak.times(100) for row in singles]
    chance = 100 * found.rows[0].whole.area
    said = "; ".join(f"{name} {percent(row.whole.peak)}" for name, row in zip(names, singles, strict=True))
    return interval_rows(
        names,
        values,
        axis="peak on the object, % of phrases; dashed: a random point",
        alt=f"Share of peaks on the object by layer, in percent: {said}; a random point {chance:.1f}.",
        line=chance,
        marked=[row.layers == (read,) for row in singles],
        from_zero=True,
    )


def kinds_table(found: LayerTable, read: int) -> Exhibit:
    """The layer that is read by kind of phrase, where the data tells kinds."""
    row = next((each for each in found.rows if each.layers == (read,)), None)
    kinds = [] if row is None else [each for each in row.rows[1:] if each.kind]
    if not kinds:
        return sentence("The data set tells no kinds of phrases.")
    body = [
        (each.kind, each.count, percent(each.peak), percent(each.heat), f"{100 * each.guess:.0f}") for each in kinds
    ]
    return table(("kind", "phrases", "peak on object", "heat in object", "any thing, at random"), body)


def heads_chart(found: HeadTable) -> Picture:
    """Every layer and head by how often it points: Grad-CAM of the head, and its attention alone."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from iterprime_xai.visualize.lettering import SETTINGS

    layers, heads = found.gradcam.shape
    grids = (("Grad-CAM of each head", found.gradcam), ("attention of each head", found.attention))
    with rc_context(SETTINGS):
        high = 0.9 + 0.36 * layers
        figure = Figure(figsize=(min(11.0, max(6.0, 1.6 + 1.1 * heads)), high), layout="constrained")
        for axes, (title, counts) in zip(figure.subplots(1, 2, sharey=True), grids, strict=True):
            shares = 100 * counts / found.count
            axes.imshow(shares, cmap="viridis", vmin=0, vmax=100, aspect="auto")
            for (row, head), share in np.ndenumerate(shares):
                colour = "#1b1f24" if share > 60 else "#ffffff"
                if heads <= NUMBERED:
                    axes.text(head, row, f"{share:.0f}", ha="center", va="center", size=8, color=colour)
            step = -(-heads // NUMBERED)
            axes.set_xticks(range(0, heads, step), [str(each) for each in range(0, heads, step)])
            axes.set_yticks(range(layers), [f"layer {each}" for each in found.layers])
            axes.tick_params(colors=MUTED, labelsize=8.5, length=0)
            axes.set_xlabel("head", size=8.5, color=MUTED)
            axes.set_title(title, size=9, color="#1b1f24", loc="left")
            for spine in axes.spines.values():
                spine.set_color(FAINT)
    layer, head = found.best
    most, alone = (100 * each.max() / found.count for each in (found.gradcam, found.attention))
    alt = (
        f"Share of {found.count} phrases at which each head points. Best by Grad-CAM: layer {layer}, head {head}, {most:.0f} %; by "
        f"attention alone at most {alone:.0f} %."
    )
    return drawn(figure, alt)


def heads_said(found: HeadTable) -> Exhibit:
    """Which head points best, and how many point more often than a random point would."""
    from iterprime_xai.evaluation.failures.rates import wilson

    layer, head = found.best
    low, _ = wilson(found.gradcam.ravel(), np.full(found.gradcam.size, found.count))
    above = int((low > found.area).sum())
    most = int(found.gradcam.max())
    if not most:
        return sentence(f"No head points at what is meant in any of {found.count} phrases.", caveat=True)
    return sentence(
        f"By Grad-CAM the best is head {head} of layer {layer}: {most} of {found.count} phrases. {above} of {found.gradcam.size} "
        f"heads point surely more often than a random point ({100 * found.area:.1f} %). The best of many looks a little too good."
    )


def atlas_of(grounder: Grounder, sample: Sample) -> Any:
    """Every layer and head for one phrase as a picture; a sentence where there are too many to be drawn."""
    from iterprime_xai.saliency.atlas import atlas

    found = atlas(grounder.matcher, sample.image, sample.text, mask=sample.mask)
    heads = found.gradcam.shape[1]
    if heads > DRAWN:
        return sentence(f"{heads} maps a layer (heads, times query tokens where it has them) are too many to draw.")
    return found.show()


def matching(rows: Sequence[PairRow]) -> Exhibit | Written:
    """How often the true statement scores above its false twin; or that these data have no twins."""
    from iterprime_xai.evaluation.matching import matching_rows
    from iterprime_xai.evaluation.tables import matching_markdown

    if not rows:
        return sentence("Only scenes have true statements with false twins: not validated on these data.", caveat=True)
    return Written(matching_markdown(matching_rows(rows)))


def pairs_of(grounder: Grounder, data: str, count: int) -> list[PairRow]:
    """True statements and their false twins, scored, for "scenes:SPLIT"; none for other data."""
    from iterprime_xai.data.scenes import matching_pairs
    from iterprime_xai.evaluation.matching import matcher_score, score_pair

    kind, _, split = data.partition(":")
    if kind != "scenes":
        return []
    score = matcher_score(grounder.matcher)
    return [score_pair(score, each, split) for each in matching_pairs(split, count)]


def checked(rows: Sequence[CheckRow], method: str = "gradcam") -> Exhibit:
    """Whether the maps of a method pass the sanity checks on this model, in a sentence."""
    own = [row for row in rows if row.method == method]
    if not own:
        return sentence("No phrase could be checked: not validated.", caveat=True)
    number, failed = len({row.sample for row in own}), failed_checks(own)
    on = f"on {number} phrase{'' if number == 1 else 's'}"
    if failed:
        text = f"{method} fails {' and '.join(failed)} {on}: do not believe its maps of this model."
        return sentence(text, caveat=True)
    return sentence(f"{method} passes random weights and another phrase {on}: its maps depend on both.")


def speed_table(found: Speed) -> Exhibit:
    """Every stage in milliseconds, the median first, and on what it was measured."""
    rows = [
        (each.name, f"{1000 * each.seconds:.1f}", f"{1000 * each.fastest:.1f}", f"{1000 * each.slowest:.1f}")
        for each in found.stages
    ]
    repeats = found.stages[0].repeats
    least, most = min(found.tokens), max(found.tokens)
    tokens = f"{least}" if least == most else f"{least} to {most}"
    text = (
        f"Milliseconds, medians of {repeats} on {found.device or 'an unknown device'} with {found.threads} torch "
        f"{'thread' if found.threads == 1 else 'threads'}; phrases of {tokens} tokens. Other work on the machine makes them larger."
    )
    return table(("stage", "median", "fastest", "slowest"), rows) + sentence(text)
