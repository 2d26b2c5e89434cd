"""The whole path from a picture and a phrase to a heatmap and a mask, for one model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from iterprime_xai.data.images import Picture, read_image
from iterprime_xai.language import parse
from iterprime_xai.masks import as_proposals
from iterprime_xai.masks.proposer import PromptedProposer, Proposer
from iterprime_xai.masks.proposers import load_proposer
from iterprime_xai.masks.selection import check_answer
from iterprime_xai.masks.several import SET_SHARE, share_note
from iterprime_xai.models import Batches, load_matcher
from iterprime_xai.models.batching import on_cpu
from iterprime_xai.records import Expression, Grounding, OptionError, Pass, Proposals
from iterprime_xai.records.proposals import Answer
from iterprime_xai.records.rendering import renderer
from iterprime_xai.saliency import (
    Look,
    Method,
    Recipe,
    Saliency,
    Subject,
    get_method,
    get_recipe,
    look_at,
    refine_all,
)
from iterprime_xai.saliency.emphasis import check
from iterprime_xai.saliency.recipe import RECIPES
from iterprime_xai.systems.ahead import Window, in_windows
from iterprime_xai.systems.answers import Prepared, Settings, conclude
from iterprime_xai.systems.segmenter import check_texts

if TYPE_CHECKING:
    import torch

    from iterprime_xai.models import GroundingMatcher
    from iterprime_xai.models.reading_matcher import ReadingMatcher

ABSTAIN_BELOW = 0.5
"""With ``answer="may_abstain"``, no mask is given when the first pass's match probability is below this, for a checkpoint whose
profile names no threshold of its own."""


AT_ONCE, AT_ONCE_ON_GPU = 4, 32
"""Pictures that :meth:`Grounder.ground_each` looks at together."""

READERS = 8
"""Threads that read pictures ahead of a GPU."""


@dataclass(frozen=True, eq=False, slots=True)
class Unencoded:
    """A picture that was read: with its masks, or what makes them once there is a heatmap, or none; and with what the image tower
    is given, where that was made ahead."""

    picture: Picture
    masks: Proposals | PromptedProposer | None
    pixels: torch.Tensor | None = None


class Grounder:
    """Grounds phrases in pictures with one model; made by :func:`load`.

    Args:
        matcher: the model, see :class:`~iterprime_xai.models.GroundingMatcher` for one of your own.
        abstain_below: threshold of ``answer="may_abstain"`` and "set"; ``None``: the checkpoint's own, else ``ABSTAIN_BELOW``.
        set_share: what a further mask needs with ``answer="set"``, see `masks.several`; ``None``: its ``SET_SHARE``, not measured.
        parser: takes a phrase apart.
    """

    def __init__(
        self,
        matcher: GroundingMatcher,
        *,
        abstain_below: float | None = None,
        set_share: float | None = None,
        parser: Callable[[str], Expression] = parse,
    ) -> None:
        # Ways to look other than "gradcam" read more of a matcher than the protocol says.
        self.matcher = cast("ReadingMatcher", matcher)
        self.batches = Batches(matcher)
        self.parser = parser
        self._abstain_below = abstain_below
        self._set_share = set_share
        self._proposers: dict[str, Proposer] = {}

    @property
    def abstain_below(self) -> tuple[float, str]:
        """The match probability below which ``answer="may_abstain"`` gives no mask, and a sentence on where it comes from."""
        if self._abstain_below is not None:
            return self._abstain_below, f"may abstain below match probability {self._abstain_below:.3g}, as asked"
        threshold = self.matcher.profile.threshold
        if threshold is not None:
            return threshold, f"may abstain below match probability {threshold:.3g}, from the checkpoint's profile"
        return ABSTAIN_BELOW, f"may abstain below match probability {ABSTAIN_BELOW:g}: not measured for this checkpoint"

    def ground(
        self,
        image: Any,
        text: str,
        *,
        method: str | Method = "gradcam",
        layer: int | None = None,
        recipe: str | Recipe | None = "default",
        passes: int | None = None,
        emphasis: str | bool | None = None,
        proposals: Any = None,
        answer: Answer = "always",
    ) -> Grounding:
        """Show where the model looks for ``text`` in ``image``, and the mask that follows.

        Args:
            image: a path, PIL image or uint8 array (height, width[, channels]); or what :meth:`prepare` made of one.
            text: the referring expression.
            method: "gradcam", refined as the recipe says, or another way to look: one of `iterprime_xai.saliency.methods`, or one
                made by `iterprime_xai.saliency.get_method` with options of its own. All but "gradcam" look once.
            layer: the text encoder's own 0-based index; default: the checkpoint's profile, else a stated guess.
            recipe: "default" (also ``None``), "paper" or a `Recipe`.
            passes: at most this many looks; 1 turns refinement off.
            emphasis: "both", "local", "global", "none", "all_tokens", "sentence", true ("both") or false ("none").
            proposals: masks to choose from (`Proposals`, bool array (n, height, width) or a list of masks), or what proposes them:
                a name such as "sam-hf:FOLDER", or what `iterprime_xai.masks.proposers.load_proposer` gives. ``None`` makes
                classical ones, ``False`` or "none" stops after the heatmap.
            answer: "always" gives a mask whenever there is a proposal; "may_abstain" gives none when the match is unlikely,
                see :attr:`abstain_below`; "set" gives none then too, and else every mask that stands out, united in one.

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
        method: str | Method = "gradcam",
        layer: int | None = None,
        recipe: str | Recipe | None = "default",
        passes: int | None = None,
        emphasis: str | bool | None = None,
        proposals: Any = None,
        answer: Answer = "always",
    ) -> list[Grounding]:
        """Ground several phrases in one picture, which is read, encoded and cut into proposals once. See :meth:`ground`."""
        check_texts(texts, "ground")
        settings = self._settings(method, layer, recipe, passes, emphasis, answer)
        expressions = [self.parser(text) for text in texts]
        prepared = self.prepare(image, proposals)
        return self._answer([(prepared, each) for each in expressions], settings)

    def prepare(self, image: Any, proposals: Any = None) -> Prepared:
        """Read, encode and cut a picture once, to ask about it with different settings: what this returns stands for the image::

            looked = grounder.prepare("photo.jpg")
            for layer in grounder.matcher.layers:
                grounder.ground(looked, "the dog", layer=layer)

        Of a picture that is prepared already only the masks are made anew, where ``proposals`` asks for others. See :meth:`ground`
        for both arguments. Raises ``OptionError`` for a picture that another model encoded.
        """
        if not isinstance(image, Prepared):
            (prepared,) = self._encode(self._read([image], self._source(proposals)))
            return prepared
        if image.encoded_by is not self.matcher:
            raise OptionError(
                "This picture was prepared by another grounder, whose model encoded it; prepare it with this one."
            )
        if proposals is None:
            return image
        return replace(image, masks=self._masks(image.picture, self._source(proposals)))

    def ground_each(
        self,
        pairs: Iterable[tuple[Any, str]],
        *,
        method: str | Method = "gradcam",
        layer: int | None = None,
        recipe: str | Recipe | None = "default",
        passes: int | None = None,
        emphasis: str | bool | None = None,
        proposals: Proposer | str | Literal[False] | None = None,
        answer: Answer = "always",
        images_at_once: int | None = None,
    ) -> Iterator[Grounding]:
        """Ground many (image, text) pairs, yielding groundings in their order. See :meth:`ground`.

        Pairs about one image that follow each other (the same path, or the same object) share its reading, encoding and
        proposals. ``images_at_once`` images (default: 4 on a CPU, else 32) are encoded together and their phrases asked together;
        where the model is not on the CPU, the next ones are read and cut into proposals meanwhile. Images are taken before they are
        looked at: an array must not be written to after it was given. What is found does not depend on what else is asked, and the
        error of a pair that cannot be used is raised after the groundings of all pairs before it.
        """
        settings = self._settings(method, layer, recipe, passes, emphasis, answer)
        source = self._source(proposals)
        if source is not False and not isinstance(source, Proposer):
            raise OptionError(
                "With many images, proposals must be a proposer or its name, None (classical ones) or False (none), but got "
                f"{type(proposals).__name__}."
            )
        # On a CPU the model and what is done ahead would only take the cores from each other.
        ahead = not on_cpu(self.matcher)
        if images_at_once is None:
            images_at_once = AT_ONCE_ON_GPU if ahead else AT_ONCE
        if isinstance(images_at_once, bool) or not isinstance(images_at_once, int) or images_at_once < 1:
            raise OptionError(f"images_at_once must be a whole number of at least 1, but is {images_at_once!r}.")

        def read(window: Window) -> list[tuple[Unencoded, list[Expression]]]:
            pictures = self._read([image for image, _ in window], source, ahead=ahead)
            asked = [[self.parser(text) for text in texts] for _, texts in window]
            return list(zip(pictures, asked, strict=True))

        def look(window: list[tuple[Unencoded, list[Expression]]]) -> list[Grounding]:
            prepared = self._encode([one for one, _ in window])
            subjects = [
                (one, each) for one, (_, expressions) in zip(prepared, window, strict=True) for each in expressions
            ]
            return self._answer(subjects, settings)

        return in_windows(pairs, images_at_once, read, look, prefetch=ahead)

    def live(
        self,
        image: Any,
        text: str,
        *,
        method: str | Method = "gradcam",
        layer: int | None = None,
        recipe: str | Recipe | None = "default",
        passes: int | None = None,
        emphasis: str | bool | None = None,
        proposals: Any = None,
        answer: Answer = "always",
    ) -> Any:
        """A live widget on one picture: type another phrase, and it is grounded at once.

        The picture is read, encoded and cut into proposals once, and kept until the widget's ``close()``. ``.grounding`` of the
        widget is what it shows. Outside a Jupyter kernel this is the static figure of the first phrase. See :meth:`ground` for
        the options.
        """
        settings = self._settings(method, layer, recipe, passes, emphasis, answer)
        expression, prepared = self.parser(text), self.prepare(image, proposals)

        def ask(text: str) -> Grounding:
            return self._answer([(prepared, self.parser(text))], settings)[0]

        return renderer().live(self._answer([(prepared, expression)], settings)[0], ask)

    def _settings(
        self,
        method: str | Method,
        layer: int | None,
        recipe: str | Recipe | None,
        passes: int | None,
        emphasis: str | bool | None,
        answer: Answer,
    ) -> Settings:
        """What was asked for, checked."""
        way = get_method(method)
        refines = method == "gradcam"
        if not refines:
            for option, value in (("passes", None if passes == 1 else passes), ("emphasis", emphasis)):
                if value is not None:
                    raise OptionError(
                        f"{option}={value!r} goes with method 'gradcam'; {way.name} looks once, in its own way."
                    )
            if layer is not None and not way.reads_layer:
                raise OptionError(
                    f"layer={layer!r} does not go with {way.name}, which reads no single layer. Leave it out."
                )
        check_answer(answer)
        if recipe is not None and not isinstance(recipe, str | Recipe):
            raise OptionError(f"recipe must be one of {', '.join(RECIPES)} or a Recipe, but got {recipe!r}.")
        named = get_recipe("default" if recipe is None else recipe, passes=passes)
        chosen = get_recipe(named, emphasis=check(emphasis, named.emphasis))
        share = SET_SHARE if self._set_share is None else self._set_share
        return Settings(
            way,
            answer,
            chosen,
            *self.matcher.choose_layer(layer),
            *self.abstain_below,
            share,
            share_note(self._set_share),
            refines,
        )

    def _read(self, images: Sequence[Any], source: Any, *, ahead: bool = False) -> list[Unencoded]:
        """Pictures with their masks; ``ahead`` of the model by several threads, with what its image tower is given."""
        if not ahead:
            pictures = [read_image(image) for image in images]
            return [Unencoded(picture, self._masks(picture, source)) for picture in pictures]
        pixels_of = self.matcher.pixels_of if hasattr(self.matcher, "encode_pixels") else None

        def read(image: Any) -> tuple[Picture, torch.Tensor | None]:
            picture = read_image(image)
            _ = picture.sha256  # every result names it
            return picture, None if pixels_of is None else pixels_of([picture.image])

        with ThreadPoolExecutor(READERS) as readers:
            found = list(readers.map(read, images))
        # One after the other: a proposer need not be safe for several threads.
        return [Unencoded(picture, self._masks(picture, source), pixels) for picture, pixels in found]

    def _encode(self, given: Sequence[Unencoded]) -> list[Prepared]:
        """Pictures, encoded together."""
        pixels = [each.pixels for each in given if each.pixels is not None]
        if len(pixels) == len(given):
            encoded = self.batches.encode_pixels(pixels)
        else:
            encoded = self.batches.encode_images([each.picture.image for each in given])
        return [
            Prepared(each.picture, tokens, each.masks, self.matcher)
            for each, tokens in zip(given, encoded, strict=True)
        ]

    def _answer(self, subjects: Sequence[tuple[Prepared, Expression]], settings: Settings) -> list[Grounding]:
        """What is found for all subjects, looked at together."""
        looks = [look_at(self.matcher, one.image_tokens, each, settings.recipe) for one, each in subjects]
        if settings.refines:
            found = refine_all(self.batches, looks, layer=settings.layer, recipe=settings.recipe)
        else:
            found = [(self._single(settings, one, look),) for (one, _), look in zip(subjects, looks, strict=True)]
        return [
            conclude(self.matcher, one, each, passes, settings)
            for (one, each), passes in zip(subjects, found, strict=True)
        ]

    def _single(self, settings: Settings, one: Prepared, look: Look) -> Pass:
        """The only pass of a method that looks once."""
        masks = one.masks if isinstance(one.masks, Proposals) else None
        subject = Subject(one.picture.image, look.image, look.text, look.expression, look.shift, settings.layer, masks)
        seen = self._seen(settings.method, subject)
        return Pass(
            heatmap=seen.heatmap,
            blended=seen.heatmap,
            keep=np.ones(seen.heatmap.shape, bool),
            logit=seen.logit,
            probability=seen.probability,
            words=seen.words,
            stopped=f"{settings.method.name} looks once",
        )

    def _seen(self, method: Method, subject: Subject) -> Saliency:
        """What a method sees; ``OptionError`` where it reads more of a matcher of one's own than that offers."""
        from iterprime_xai.models.reading_matcher import ReadingMatcher

        try:
            return method.look(self.matcher, subject)
        except AttributeError as error:
            if isinstance(self.matcher, ReadingMatcher):
                raise
            raise OptionError(
                f"{method.name} reads more of a model than {self.matcher.name} offers ({error}); use method='gradcam', which "
                "asks for the members of `iterprime_xai.models.GroundingMatcher` alone."
            ) from error

    def _source(self, proposals: Any) -> Any:
        """Where masks come from: a proposer, loaded once for each name, ``False`` for none, or the masks themselves."""
        if proposals is False or (isinstance(proposals, str) and proposals == "none"):
            return False
        if proposals is None or isinstance(proposals, str):
            name = "classical" if proposals is None else proposals
            if name not in self._proposers:
                self._proposers[name] = load_proposer(name)
            return self._proposers[name]
        return proposals

    def _masks(self, picture: Picture, source: Any) -> Proposals | PromptedProposer | None:
        """The masks of a picture; what asks for a heatmap first is kept for later."""
        if source is False:
            return None
        if isinstance(source, PromptedProposer):
            return source
        if isinstance(source, Proposer):
            return source.propose(picture.image)
        return as_proposals(source, (picture.image.height, picture.image.width))

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
    image_size: int | None = None,
) -> Grounder:
    """Load a grounder: the bundled model, a folder in the hub's layout, a hub id, a released ALBEF checkpoint, or a model in memory
    with its processor.

    Args:
        name_or_folder_or_model: "tiny", a folder, a hub id such as "Salesforce/blip-itm-base-coco", a file such as "ALBEF.pth",
            or a `BlipForImageTextRetrieval`, which is used as it is and left as it was.
        processor: a `BlipProcessor`, with a model in memory only.
        device, dtype: where and how to load; default CUDA, MPS or CPU in float32.
        revision, cache_dir, local_files_only: passed to the hub.
        image_size: pixels a side that a .pth file looks at (default: as it was trained); all others say it themselves.

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
            image_size=image_size,
        )
    )
