"""From the passes over one picture and phrase to the grounding: box, point, mask, and how they came about."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.data.images import Picture
from iterprime_xai.masks import select
from iterprime_xai.masks.proposer import PromptedProposer
from iterprime_xai.masks.several import united
from iterprime_xai.models import ImageTokens
from iterprime_xai.records import Expression, Grounding, Pass, Proposals
from iterprime_xai.records.heatmap import box_of, is_blank, minmax, peak
from iterprime_xai.records.proposals import Answer
from iterprime_xai.saliency import Method, Recipe
from iterprime_xai.systems.notes import domain_notes, language_notes, pass_notes, reading_notes

if TYPE_CHECKING:
    from iterprime_xai.models import GroundingMatcher


@dataclass(frozen=True, slots=True)
class Settings:
    """The checked options of one call; ``layer_note`` and ``threshold_note`` say where the two numbers come from.

    ``refines``: the recipe's refinement is what looks; else ``method`` does, once.
    """

    method: Method
    answer: Answer
    recipe: Recipe
    layer: int
    layer_note: str
    abstain_below: float
    threshold_note: str
    set_share: float
    set_note: str
    refines: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture that was read, encoded and cut into proposals, once for all phrases; made by `Grounder.prepare`.

    ``masks`` may instead be what proposes masks once there is a heatmap. ``encoded_by`` is the matcher of ``image_tokens``.
    """

    picture: Picture
    image_tokens: ImageTokens
    masks: Proposals | PromptedProposer | None
    encoded_by: GroundingMatcher

    def proposals_at(self, heatmap: np.ndarray) -> Proposals | None:
        """The masks to choose from for one heatmap."""
        if isinstance(self.masks, PromptedProposer):
            return self.masks.propose_at(self.picture.image, heatmap)
        return self.masks


def conclude(
    matcher: GroundingMatcher, prepared: Prepared, expression: Expression, passes: tuple[Pass, ...], settings: Settings
) -> Grounding:
    """The box, point and mask that follow from the passes."""
    picture, heatmap = prepared.picture, passes[-1].blended
    proposals = prepared.proposals_at(heatmap)
    height, width = picture.image.height, picture.image.width
    selection, mask = None, None
    if proposals is not None:
        selection = select(
            proposals,
            heatmap,
            rule=settings.recipe.selection,
            answer=settings.answer,
            probability=passes[0].probability,
            abstain_below=settings.abstain_below,
            set_share=settings.set_share,
        )
        mask = united(proposals.masks, selection.chosen)
    return Grounding(
        image=picture.image,
        expression=expression,
        heatmap=heatmap,
        passes=passes,
        box=box_of(mask) if mask is not None else _hot_box(heatmap, (height, width)),
        point=None if is_blank(heatmap) else peak(heatmap, (height, width)),
        proposals=proposals,
        selection=selection,
        mask=mask,
        trace=(
            *picture.notes,
            *language_notes(matcher, expression),
            f"start token [{matcher.profile.start_token.upper()}]",
            *((settings.layer_note,) if settings.method.reads_layer else ()),
            *((method_note(settings.method),) if not settings.refines else ()),
            *reading_notes(matcher, settings.recipe),
            *pass_notes(passes),
            *((f"{len(proposals)} proposals from {proposals.source}",) if proposals is not None else ()),
            *((settings.threshold_note,) if selection is not None and settings.answer != "always" else ()),
            *((settings.set_note,) if selection is not None and settings.answer == "set" else ()),
            *((selection.reason,) if selection is not None else ("saliency only, no mask asked for",)),
            *domain_notes(matcher, picture),
        ),
        parameters={
            "method": settings.method.name,
            **({} if settings.refines else {"method_options": asdict(settings.method)}),  # type: ignore[call-overload]
            "answer": settings.answer,
            "image": identity(picture),
            "model": matcher.describe(),
            "layer": settings.layer if settings.method.reads_layer else None,
            "recipe": recipe_used(settings),
            "proposals": None if proposals is None else proposals.source,
            "version": version(),
        },
    )


def method_note(method: Method) -> str:
    """What looked, with which options, and what it cost."""
    options: dict[str, Any] = asdict(method)  # type: ignore[call-overload]
    said = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return f"method {method.title}{f' ({said})' if said else ''}: {method.cost}"


def recipe_used(settings: Settings) -> dict[str, Any]:
    """The recipe's settings; of one whose refinement does not look, those that were used all the same."""
    said = asdict(settings.recipe)
    return said if settings.refines else {name: said[name] for name in ("name", "prompt", "selection")}


def _hot_box(heatmap: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The pixel box of the patches at or above half the map's range that hang together with the peak; ``None`` if blank."""
    if is_blank(heatmap):
        return None
    from skimage.measure import label

    regions = label(minmax(heatmap) >= 0.5, connectivity=1)
    left, top, right, bottom = box_of(regions == regions.flat[int(np.argmax(heatmap))]) or (0, 0, 1, 1)
    (rows, columns), (height, width) = heatmap.shape, size
    return (
        left * width // columns,
        top * height // rows,
        max(-(-right * width // columns), left * width // columns + 1),
        max(-(-bottom * height // rows), top * height // rows + 1),
    )


def identity(picture: Picture) -> dict[str, Any]:
    """Path, hash and size (height, width) of a picture, as JSON values."""
    return {
        "path": None if picture.path is None else str(picture.path),
        "sha256": picture.sha256,
        "size": [picture.image.height, picture.image.width],
    }


def version() -> str:
    """The package's own."""
    from iterprime_xai import __version__

    return __version__
