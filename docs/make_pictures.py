"""Draw the pictures of README and docs with the bundled model: ``python docs/make_pictures.py``."""

from __future__ import annotations

from pathlib import Path

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.reports.sheets import Panel, Picture, sheet, word_maps
from iterprime_xai.visualize.static import figure_jpeg

IMAGES = Path(__file__).parent / "images"


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


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    sample, grounder = bundled_samples()[0], ix.load("tiny")
    g = grounder.ground(sample.image, sample.text)
    (IMAGES / "first.jpg").write_bytes(figure_jpeg(g))
    for name, picture in (("words", word_maps(g)), ("passes", passes(g)), ("emphasis", emphasis(grounder, sample))):
        (IMAGES / f"{name}.jpg").write_bytes(picture.content)


if __name__ == "__main__":
    main()
