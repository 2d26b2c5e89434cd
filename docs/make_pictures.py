"""Draw the pictures of README and docs with the bundled model: ``python docs/make_pictures.py``."""

from __future__ import annotations

from pathlib import Path

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples, samples
from iterprime_xai.evaluation.explanation import energy_in_mask
from iterprime_xai.reports.sheets import Panel, Picture, sheet, word_maps
from iterprime_xai.saliency import Recipe, get_method
from iterprime_xai.saliency.atlas import atlas
from iterprime_xai.visualize import caption_sheet
from iterprime_xai.visualize.atlas import ShownAtlas
from iterprime_xai.visualize.static import figure_jpeg

IMAGES = Path(__file__).parent / "images"

LOOKING_ON = Recipe(
    "looking on", gradient="scores", emphasis="sentence", blend=0.5, stop_on_fall=False, keep_rejected=True
)
OUTCOMES = {
    "looking-on-fixed": "val-0-000183-2",
    "looking-on-broke": "val-0-000069-2",
    "local-fixed": "val-0-000184-2",
    "local-broke": "val-0-000020-2",
    "gradient": "val-0-000199-1",
}
"""Samples that docs/findings.md shows, by the name of their picture."""


def passes(g: ix.Grounding) -> Picture:
    """One panel a pass, each on its own colour scale, hidden patches hatched."""
    panels = [
        Panel(
            f"pass {number}: match {look.probability:.3f}",
            look.stopped or f"{int(look.keep.sum())} of {look.keep.size} patches seen",
            heatmap=look.heatmap,
            keep=look.keep,
            mask=g.mask,
            marked=not look.accepted,
        )
        for number, look in enumerate(g.passes, 1)
    ]
    return sheet(g.image, panels, alt="The heatmap of each pass.")


def emphasis(grounder: ix.Grounder, sample: ix.Sample) -> Picture:
    """The first look without, with local, with global and with both kinds of emphasis."""
    found = {
        mode: grounder.ground(sample.image, sample.text, emphasis=mode, passes=1)
        for mode in ("none", "local", "global", "both")
    }
    panels = [Panel(f"emphasis: {mode}", heatmap=g.heatmap, mask=g.mask) for mode, g in found.items()]
    return sheet(sample.image, panels, alt="The heatmap without and with primary-word emphasis.")


def looking_on(grounder: ix.Grounder, sample: ix.Sample) -> Picture:
    """Every look of a refinement that goes on after a fall, and the map they make together; outlined is the gold mask."""
    g = grounder.ground(sample.image, sample.text, recipe=LOOKING_ON, proposals=False)
    panels = [
        Panel(f"look {number}: match {look.probability:.2f}", heatmap=look.heatmap, keep=look.keep, mask=sample.mask)
        for number, look in enumerate(g.passes, 1)
    ]
    panels.append(Panel("all three together", heatmap=g.heatmap, mask=sample.mask))
    return sheet(g.image, panels, alt=f"{sample.text}: each look and all together.")


def local(grounder: ix.Grounder, sample: ix.Sample) -> Picture:
    """The first look without and with local emphasis, and the primary word's own map; outlined is the gold mask."""
    none, with_it = (
        grounder.ground(sample.image, sample.text, emphasis=mode, passes=1, proposals=False)
        for mode in ("none", "local")
    )
    primary, last = none.expression.primary, none.words[-1]
    word = none.words[primary]
    panels = [
        Panel("without emphasis", heatmap=none.heatmap, mask=sample.mask),
        Panel("local emphasis", heatmap=with_it.heatmap, mask=sample.mask),
        Panel(f"primary word: {word.text}", heatmap=word.heatmap, mask=sample.mask),
        Panel(f"last word: {last.text}", heatmap=last.heatmap, mask=sample.mask),
    ]
    return sheet(none.image, panels, alt=f"{sample.text}: without and with local emphasis, and two words' own maps.")


def gradient(grounder: ix.Grounder, sample: ix.Sample) -> Picture:
    """The first look by both gradients; outlined is the gold mask."""
    panels = []
    for name in ("attention", "scores"):
        recipe = Recipe(name, gradient=name, emphasis="sentence", passes=1)
        g = grounder.ground(sample.image, sample.text, recipe=recipe, proposals=False)
        panels.append(Panel(f"gradient by the {name}", heatmap=g.heatmap, mask=sample.mask))
    return sheet(sample.image, panels, alt=f"{sample.text}: Grad-CAM by the attention and by its scores.")


def heads(grounder: ix.Grounder, sample: ix.Sample) -> bytes:
    """Every layer x head for one phrase."""
    return ShownAtlas(atlas(grounder.matcher, sample.image, sample.text, mask=sample.mask))._repr_jpeg_()


def methods(grounder: ix.Grounder, sample: ix.Sample) -> Picture:
    """The map of every way to look, each on its own colour scale, and the picture with the gold mask outlined."""
    panels = []
    for name in ix.saliency.METHODS:
        # A made method looks once, as the others do; the name "gradcam" would refine.
        g = grounder.ground(sample.image, sample.text, method=ix.saliency.get_method(name), proposals=False)
        panels.append(Panel(name, f"{energy_in_mask(g.heatmap, sample.mask):.1%} of the heat on it", heatmap=g.heatmap))
    panels.append(Panel("the picture", "outlined: what is meant", mask=sample.mask))
    said = ", ".join(f"{panel.title}: {panel.line}" for panel in panels[:-1])
    return sheet(sample.image, panels, alt=f"{sample.text}: the map of every method. {said}.", columns=5)


def outcomes(grounder: ix.Grounder) -> None:
    """The pictures of both outcomes."""
    wanted = {sample: name for name, sample in OUTCOMES.items()}
    for sample in samples("val", 1000):
        if sample.id in wanted:
            name = wanted.pop(sample.id)
            draw = {"local": local, "looking": looking_on, "gradient": gradient}[name.split("-")[0]]
            (IMAGES / f"{name}.jpg").write_bytes(draw(grounder, sample).content)
            print(f"{name}: {sample.text!r} ({sample.tags['kind']})")
        if not wanted:
            return


def caption(sample: ix.Sample) -> bytes:
    """A caption word by word."""
    return caption_sheet.to_jpeg(ix.saliency.caption_maps(ix.load_captioner("tiny"), sample.image))


def contrast(grounder: ix.Grounder, sample: ix.Sample) -> bytes:
    """What speaks for the phrase and against the one that means the other bike."""
    method = get_method("contrast", instead="the bike right of the tree")
    return figure_jpeg(grounder.ground(sample.image, sample.text, method=method))


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    sample, grounder = bundled_samples()[0], ix.load("tiny")
    outcomes(grounder)
    g = grounder.ground(sample.image, sample.text)
    (IMAGES / "atlas.jpg").write_bytes(heads(grounder, sample))
    (IMAGES / "caption_maps.jpg").write_bytes(caption(sample))
    (IMAGES / "contrast.jpg").write_bytes(contrast(grounder, sample))
    (IMAGES / "first.jpg").write_bytes(figure_jpeg(g))
    for name, picture in (
        ("words", word_maps(g)),
        ("passes", passes(g)),
        ("emphasis", emphasis(grounder, sample)),
        ("methods", methods(grounder, sample)),
    ):
        (IMAGES / f"{name}.jpg").write_bytes(picture.content)


if __name__ == "__main__":
    main()
