"""Small widgets for teaching, of the same parts as the large ones: a grounding, its passes, its words, the layers of a model."""

from __future__ import annotations

from typing import Any

from iterprime_xai.records.grounding import Grounding
from iterprime_xai.saliency.atlas import Atlas


def show(grounding: Grounding) -> Any:
    """A grounding as a live widget in Jupyter; elsewhere its static figure."""
    return grounding.show()


def refinement_stepper(grounding: Grounding) -> Any:
    """A grounding pass by pass, from the first look to the result: what was hidden, what the next look found, why it ended."""
    return _small(grounding, "steps")


def word_shader(grounding: Grounding) -> Any:
    """The words of a phrase, shaded by their heat; a click shows where one of them looks."""
    return _small(grounding, "words")


def layer_atlas(atlas: Atlas) -> Any:
    """Every layer and head of an atlas to click through, the picked one over the picture; outside Jupyter its picture."""
    from iterprime_xai.visualize.renderer import live_or

    def build() -> Any:
        from iterprime_xai.visualize.atlas_widget import AtlasWidget

        return AtlasWidget(atlas)

    return live_or(lambda _: atlas.show(), build)


def _small(grounding: Grounding, part: Any) -> Any:
    from iterprime_xai.visualize.renderer import live_or
    from iterprime_xai.visualize.static import StaticFigure

    def build() -> Any:
        from iterprime_xai.visualize.live_widget import GroundingWidget

        return GroundingWidget(grounding, part=part)

    return live_or(lambda hint: StaticFigure(grounding, hint), build)
