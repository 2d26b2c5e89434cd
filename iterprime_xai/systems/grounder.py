"""The whole path from a picture and a phrase to a heatmap and a mask, for one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from iterprime_xai.data.images import Picture, read_image, sha256
from iterprime_xai.language import parse
from iterprime_xai.masks import as_proposals, classical_proposals, select
from iterprime_xai.models import Batches, ImageTokens, load_matcher
from iterprime_xai.records import Expression, Grounding, OptionError, Pass, Proposals
from iterprime_xai.records.heatmap import box_of, is_blank, minmax, peak
from iterprime_xai.saliency import Recipe, get_recipe, look_at, refine_all
from iterprime_xai.saliency.emphasis import check
from iterprime_xai.saliency.recipe import RECIPES
from iterprime_xai.systems.ahead import Window, in_windows
from iterprime_xai.systems.notes import domain_notes, language_notes, pass_notes

if TYPE_CHECKING:
    from iterprime_xai.models.blip import BlipMatcher

METHODS = ("gradcam",)
ANSWERS = ("always", "may_abstain")
ABSTAIN_BELOW = 0.5
"""With ``answer="may_abstain"``, no mask is given when the first pass's match probability is below this, for a checkpoint whose
profile names no threshold of its own."""


@dataclass(frozen=True, slots=True)
class _Settings:
    """The checked options of one call; ``layer_note`` says where the layer comes from."""

    method: str
    answer: Literal["always", "may_abstain"]
    recipe: Recipe
    layer: int
    layer_note: str


class Grounder:
    """Grounds phrases in pictures with one model; made by :func:`load`."""

    def __init__(self, matcher: BlipMatcher) -> None:
        self.matcher = matcher
        self.batches = Batches(matcher)

    @property
    def abstain_below(self) -> tuple[float, str]:
        """The match probability below which ``answer="may_abstain"`` gives no mask, and a sentence on where it comes from."""
        threshold = self.matcher.profile.threshold
        if threshold is not None:
            return threshold, f"may abstain below match probability {threshold:.3g}, from the checkpoint's profile"
        return ABSTAIN_BELOW, f"may abstain below match probability {ABSTAIN_BELOW:g}: not measured for this checkpoint"

    def ground(
        self,
        image: Any,
        text: str,
        *,
        method: str = "gradcam",
        layer: int | None = None,
        recipe: str | Recipe | None = "default",
        passes: int | None = None,
        emphasis: str | bool | None = None,
        proposals: Any = None,
        answer: Literal["always", "may_abstain"] = "always",
    ) -> Grounding:
        """Show where the model looks for ``text`` in ``image``, and the mask that follows.

        Args:
            image: a path, PIL image or uint8 array (height, width[, channels]).
            text: the referring expression.
            method: "gradcam".
            layer: the text encoder's own 0-based index; default: the checkpoint's profile, else a stated guess.
            recipe: "default" (also ``None``), "paper" or a `Recipe`.
            passes: at most this many looks; 1 turns refinement off.
            emphasis: "both", "local", "global", "none", "all_tokens", "sentence", true ("both") or false ("none").
            proposals: masks to choose from (`Proposals`, bool array (n, height, width) or a list of masks); ``None``
                makes classical ones, ``False`` stops after the heatmap.
            answer: "always" gives a mask whenever there is a proposal; "may_abstain" gives none when the match is unlikely,
                see :attr:`abstain_below`.

        Raises:
            ImageInputError, PhraseError, LayerError, OptionError, ProposalError: with what was expected, what came, what to do.
        """
        return self.ground_many(
            image,
            [text],
            method=method,
            layer=layer,
            recipe=recipe,
            passes=passes,
            emphasis=emphasis,
            proposals=proposals,
            answer=answer,
        )[0]

    def ground_many(
        self,
        image: Any,
        texts: Sequence[str],
        *,
        method: str = "gradcam",
        layer: int | None = None,
        recipe: str | Recipe | None = "default",
        passes: int | None = None,
        emphasis: str | bool | None = None,
        proposals: Any = None,
        answer: Literal["always", "may_abstain"] = "always",
    ) -> list[Grounding]:
        """Ground several phrases in one picture, which is read, encoded and cut into proposals once. See :meth:`ground`."""
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            came = "one string" if isinstance(texts, str) else type(texts).__name__
            raise OptionError(
                f"texts must be a list of phrases, but got {came}; use ground(image, text) for one phrase."
            )
        settings = self._settings(method, layer, recipe, passes, emphasis, answer)
        expressions = [parse(text) for text in texts]
        picture = read_image(image)
        candidates = self._proposals(picture, proposals)
        (image_tokens,) = self.batches.encode_images([picture.image])
        found = self._look([(image_tokens, each) for each in expressions], settings)
        return [
            self._decide(picture, candidates, expression, passes, settings)
            for expression, passes in zip(expressions, found, strict=True)
        ]

    def ground_each(
        self,
        pairs: Iterable[tuple[Any, str]],
        *,
        method: str = "gradcam",
        layer: int | None = None,
        recipe: str | Recipe | None = "default",
        passes: int | None = None,
        emphasis: str | bool | None = None,
        proposals: Literal[False] | None = None,
        answer: Literal["always", "may_abstain"] = "always",
        images_at_once: int = 4,
    ) -> Iterator[Grounding]:
        """Ground many (image, text) pairs, yielding groundings in their order. See :meth:`ground`.

        Pairs about one image that follow each other (the same path, or the same object) share its reading, encoding and
        proposals. ``images_at_once`` images are encoded together and their phrases asked together. Where the model is not on
        the CPU, the next ones are read and cut into proposals meanwhile: an array that is written to must be copied first. What is
        found does not depend on what else is asked, and the error of a pair that cannot be used is raised after the
        groundings of all pairs before it.
        """
        settings = self._settings(method, layer, recipe, passes, emphasis, answer)
        if proposals is not None and proposals is not False:
            raise OptionError("With many images, proposals must be None (classical ones) or False (none).")
        if isinstance(images_at_once, bool) or not isinstance(images_at_once, int) or images_at_once < 1:
            raise OptionError(f"images_at_once must be a whole number of at least 1, but is {images_at_once!r}.")

        def prepare(window: Window) -> list[tuple[Picture, Proposals | None, list[Expression]]]:
            pictures = [read_image(image) for image, _ in window]
            return [
                (picture, self._proposals(picture, proposals), [parse(text) for text in texts])
                for picture, (_, texts) in zip(pictures, window, strict=True)
            ]

        def look(prepared: list[tuple[Picture, Proposals | None, list[Expression]]]) -> list[Grounding]:
            encoded = self.batches.encode_images([picture.image for picture, _, _ in prepared])
            subjects = [
                (picture, candidates, image_tokens, expression)
                for (picture, candidates, expressions), image_tokens in zip(prepared, encoded, strict=True)
                for expression in expressions
            ]
            found = self._look([subject[2:] for subject in subjects], settings)
            return [
                self._decide(picture, candidates, expression, passes, settings)
                for (picture, candidates, _, expression), passes in zip(subjects, found, strict=True)
            ]

        # On a CPU the model and the proposals would only take the cores from each other.
        return in_windows(pairs, images_at_once, prepare, look, prefetch=self.matcher.device.type != "cpu")

    def _settings(
        self,
        method: str,
        layer: int | None,
        recipe: str | Recipe | None,
        passes: int | None,
        emphasis: str | bool | None,
        answer: Literal["always", "may_abstain"],
    ) -> _Settings:
        """What was asked for, checked."""
        if method not in METHODS:
            raise OptionError(f"method must be one of {', '.join(METHODS)}, but got {method!r}.")
        if answer not in ANSWERS:
            raise OptionError(f"answer must be one of {', '.join(ANSWERS)}, but got {answer!r}.")
        if recipe is not None and not isinstance(recipe, str | Recipe):
            raise OptionError(f"recipe must be one of {', '.join(RECIPES)} or a Recipe, but got {recipe!r}.")
        named = get_recipe("default" if recipe is None else recipe, passes=passes)
        chosen = get_recipe(named, emphasis=check(emphasis, named.emphasis))
        return _Settings(method, answer, chosen, *self.matcher.choose_layer(layer))

    def _look(self, subjects: Sequence[tuple[ImageTokens, Expression]], settings: _Settings) -> list[tuple[Pass, ...]]:
        """The passes of all subjects, looked at together."""
        looks = [look_at(self.matcher, tokens, expression, settings.recipe) for tokens, expression in subjects]
        return refine_all(self.batches, looks, layer=settings.layer, recipe=settings.recipe)

    def _decide(
        self,
        picture: Picture,
        proposals: Proposals | None,
        expression: Expression,
        passes: tuple[Pass, ...],
        settings: _Settings,
    ) -> Grounding:
        """The box, point and mask that follow from the passes."""
        heatmap = passes[-1].blended
        height, width = picture.image.height, picture.image.width
        blank = is_blank(heatmap)
        selection, mask = None, None
        if proposals is not None:
            selection = select(
                proposals,
                heatmap,
                rule=settings.recipe.selection,
                answer=settings.answer,
                probability=passes[0].probability,
                abstain_below=self.abstain_below[0],
            )
            if selection.answer is not None:
                mask = proposals.masks[selection.answer]
        return Grounding(
            image=picture.image,
            expression=expression,
            heatmap=heatmap,
            passes=passes,
            box=box_of(mask) if mask is not None else _hot_box(heatmap, (height, width)),
            point=None if blank else peak(heatmap, (height, width)),
            proposals=proposals,
            selection=selection,
            mask=mask,
            trace=(
                *picture.notes,
                *language_notes(self.matcher, expression),
                f"start token [{self.matcher.profile.start_token.upper()}]",
                settings.layer_note,
                *pass_notes(passes),
                *((f"{len(proposals)} proposals from {proposals.source}",) if proposals is not None else ()),
                *((self.abstain_below[1],) if selection is not None and settings.answer == "may_abstain" else ()),
                *((selection.reason,) if selection is not None else ("saliency only, no mask asked for",)),
                *domain_notes(self.matcher, picture.image),
            ),
            parameters={
                "method": settings.method,
                "answer": settings.answer,
                "image": _identity(picture),
                "model": self.matcher.describe(),
                "layer": settings.layer,
                "recipe": asdict(settings.recipe),
                "proposals": None if proposals is None else proposals.source,
                "version": _version(),
            },
        )

    def _proposals(self, picture: Picture, proposals: Any) -> Proposals | None:
        if proposals is False:
            return None
        if proposals is None:
            return classical_proposals(picture.image)
        return as_proposals(proposals, (picture.image.height, picture.image.width))

    def __repr__(self) -> str:
        rows, columns = self.matcher.grid
        return f"Grounder({self.matcher.name!r}, grid {rows}x{columns}, layers {list(self.matcher.layers)})"


def load(
    name_or_folder_or_model: Any = "tiny",
    processor: Any = None,
    *,
    device: Any = None,
    dtype: Any = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> Grounder:
    """Load a grounder: the bundled model, a folder in the hub's layout, a hub id, or a model in memory with its processor.

    Args:
        name_or_folder_or_model: "tiny", a folder, a hub id such as "Salesforce/blip-itm-base-coco", or a
            `BlipForImageTextRetrieval`, which is used as it is and left as it was.
        processor: a `BlipProcessor`, with a model in memory only.
        device, dtype: where and how to load; default CUDA, MPS or CPU in float32.
        revision, cache_dir, local_files_only: passed to the hub.

    Raises:
        ModelLoadError: what is missing and the command that fetches it. OptionError: arguments that do not go together.
    """
    return Grounder(
        load_matcher(
            name_or_folder_or_model,
            processor,
            device=device,
            dtype=dtype,
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
        )
    )


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


def _identity(picture: Picture) -> dict[str, Any]:
    return {
        "path": None if picture.path is None else str(picture.path),
        "sha256": sha256(picture.image),
        "size": [picture.image.height, picture.image.width],
    }


def _version() -> str:
    from iterprime_xai import __version__

    return __version__
