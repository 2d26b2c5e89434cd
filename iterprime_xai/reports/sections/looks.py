"""The same picture and phrase looked at in other ways, for comparing: without emphasis, and from other layers."""

from __future__ import annotations

from iterprime_xai.records import Grounding
from iterprime_xai.reports.sections.subject import Subject
from iterprime_xai.reports.sheets import Panel, Picture, sheet
from iterprime_xai.visualize import describe

NO_LAYERS = "This system has no text layers with cross-attention, so there is nothing to compare here."


def with_and_without_emphasis(subject: Subject) -> list[tuple[str, Grounding]]:
    """The grounding as it is, and looked at again with the primary word emphasised, and with a plain mean of the words.

    Empty for a system without text layers. All choose among the same proposals.
    """
    if subject.grounder is None:
        return []
    return [
        ("as it is", subject.grounding),
        ("emphasis on", subject.again(emphasis="both")),
        ("emphasis off", subject.again(emphasis="none")),
    ]


def layer_looks(subject: Subject, most: int) -> dict[int, Grounding]:
    """One look from each text layer, or from ``most`` of them: the one that was read, and others spread over the depth."""
    if subject.grounder is None:
        return {}
    layers, read = subject.grounder.matcher.layers, layer_read(subject)
    if len(layers) > most:
        spread = {layers[round(step * (len(layers) - 1) / max(1, most - 1))] for step in range(max(0, most - 1))}
        layers = tuple(sorted(spread | {read}))
    return {each: subject.again(layer=each, passes=1, proposals=False) for each in layers}


def layer_read(subject: Subject) -> int:
    """The text layer that the grounding was read from."""
    assert subject.grounder is not None
    return subject.grounder.matcher.choose_layer(subject.settings["layer"])[0]


def side_by_side(subject: Subject, named: list[tuple[str, Grounding]]) -> Picture:
    """Final heat and mask of several groundings, each on its own colour scale."""
    truth = None if subject.sample is None else subject.sample.mask
    panels = [Panel(name, f"{_looks(each)}, own scale", each.heatmap, each.mask, gold=truth) for name, each in named]
    return sheet(subject.grounding.image, panels, alt=f"The final heat: {', '.join(name for name, _ in named)}.")


def layer_sheet(subject: Subject, looks: dict[int, Grounding]) -> Picture:
    """One panel a layer, each on its own colour scale; the layer that was read has a heavy frame."""
    read = layer_read(subject)
    panels = [
        Panel(
            f"layer {number}{' (read here)' if number == read else ''}",
            "blank" if look.point is None else f"peak {describe.number(float(look.heatmap.max()))}",
            look.heatmap,
            subject.grounding.mask,
            marked=number == read,
        )
        for number, look in looks.items()
    ]
    alt = f"The first look, read from layers {', '.join(map(str, looks))}."
    return sheet(subject.grounding.image, panels, alt=alt)


def _looks(grounding: Grounding) -> str:
    return f"{len(grounding.passes)} look{'s' if len(grounding.passes) != 1 else ''}"
