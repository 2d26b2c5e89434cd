"""Draw the pictures of docs/metrics with the bundled model: ``python docs/make_metric_pictures.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.evaluation.explanation import (
    best_threshold_iou,
    curve,
    energy_in_mask,
    pointing_game,
    randomised,
    relevance_rank_accuracy,
    spearman,
)
from iterprime_xai.evaluation.explanation.judging import layers_of, score_of, subject_of
from iterprime_xai.reports.sheets import Panel, Picture, sheet
from iterprime_xai.saliency import get_method

IMAGES = Path(__file__).parent / "images"
WAYS = ("gradcam", "relevance", "edges", "centre")
STEPS = 8


def look(grounder: ix.Grounder, sample: ix.Sample, way: str, text: str = "") -> np.ndarray:
    """The map of one method, of the sample's phrase or another."""
    return grounder.ground(sample.image, text or sample.text, method=get_method(way), proposals=False).heatmap


def where(grounder: ix.Grounder, sample: ix.Sample) -> Picture:
    """Where maps lie: two methods and two floors, with their figures."""
    panels = []
    for way in WAYS:
        heatmap = look(grounder, sample, way)
        figures = (
            f"points {pointing_game(heatmap, sample.mask):.0f}",
            f"energy {energy_in_mask(heatmap, sample.mask):.2f}",
            f"rank {relevance_rank_accuracy(heatmap, sample.mask):.2f}",
            f"IoU {best_threshold_iou(heatmap, sample.mask).iou:.2f}",
        )
        panels.append(Panel(way, ", ".join(figures), heatmap=heatmap))
    said = "; ".join(f"{panel.title}: {panel.line}" for panel in panels)
    panels.append(Panel("the picture", "outlined: what is meant", mask=sample.mask))
    alt = f"{sample.text}: maps that lie on what is meant, and maps that do not. {said}."
    return sheet(sample.image, panels, alt=alt, columns=3)


def worth(grounder: ix.Grounder, sample: ix.Sample) -> Picture:
    """The match while the hottest patches go, by Grad-CAM in the first row and by the picture's middle in the second."""
    matcher, panels = grounder.matcher, []
    layer, _ = matcher.choose_layer(None)
    subject = subject_of(matcher, sample.image, matcher.encode_image(sample.image), sample.text, layer)
    score, pixels = score_of(matcher, subject), np.asarray(sample.image)
    for way in ("gradcam", "centre"):
        heatmap = look(grounder, sample, way)
        found = curve(score, pixels, heatmap, "deletion", steps=STEPS)
        order = np.argsort(-heatmap, axis=None, kind="stable")
        for step in (0, 1, 2, 4):
            keep = np.ones(heatmap.size, bool)
            keep[order[: round(found.fractions[step] * heatmap.size)]] = False
            title = f"{way}: {found.fractions[step]:.0%} deleted"
            panels.append(Panel(title, f"match {found.probabilities[step]:.3f}", keep=keep.reshape(heatmap.shape)))
    said = "; ".join(f"{panel.title}, {panel.line}" for panel in panels)
    return sheet(sample.image, panels, alt=f"{sample.text}: the match while the hottest patches are deleted. {said}.")


def change(grounder: ix.Grounder, sample: ix.Sample) -> Picture:
    """Grad-CAM's map and those of other questions, and of a model with random layers, each with its likeness to the first."""
    own = look(grounder, sample, "gradcam")
    others = {
        "in other words": "the bike at the left of the tree",
        "another phrase": "the bike right of the tree",
        "shuffled words": "tree the of bike left the",
        "an absent thing": "the elephant",
    }
    maps = {title: look(grounder, sample, "gradcam", text) for title, text in others.items()}
    with randomised(grounder.matcher.model, layers_of(grounder.matcher.model)):
        maps["random weights"] = look(grounder, sample, "gradcam")
    panels = [Panel("the phrase", f"peak {own.max():.2g}", heatmap=own)]
    for title, heatmap in maps.items():
        likeness = f"Spearman {spearman(own, heatmap):.2f}, peak {heatmap.max():.2g}"
        panels.append(Panel(title, likeness, heatmap=heatmap))
    said = "; ".join(f"{panel.title}: {panel.line}" for panel in panels)
    return sheet(sample.image, panels, alt=f"{sample.text}: how the map changes with the question. {said}.", columns=3)


def main() -> None:
    sample, grounder = bundled_samples()[0], ix.load("tiny")
    for name, draw in (("metrics-where", where), ("metrics-worth", worth), ("metrics-change", change)):
        (IMAGES / f"{name}.jpg").write_bytes(draw(grounder, sample).content)


if __name__ == "__main__":
    main()
