"""Every method's map of every phrase: where it lies, what the match loses without it, and whether it fails when it should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.data.images import read_image
from iterprime_xai.evaluation.explanation.deletion import Score, curve
from iterprime_xai.evaluation.explanation.localisation import (
    best_threshold_iou,
    energy_in_mask,
    pointing_game,
    relevance_rank_accuracy,
)
from iterprime_xai.evaluation.explanation.sanity import (
    Explain,
    SanityCheck,
    absent_object,
    randomised_weights,
    shuffled_words,
    wrong_phrase,
)
from iterprime_xai.evaluation.explanation.steadiness import Steadiness, SteadyRow
from iterprime_xai.language import parse
from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.heatmap import is_blank
from iterprime_xai.records.sample import Sample
from iterprime_xai.saliency import Method, Subject

if TYPE_CHECKING:
    from PIL import Image
    from torch import nn

    from iterprime_xai.models import ImageTokens
    from iterprime_xai.models.reading_matcher import ReadingMatcher

CURVE_STEPS = 14
"""Steps of the deletion and insertion curves in a table."""


@dataclass(frozen=True, slots=True)
class MapRow:
    """One method's map of one phrase, by the metrics of :mod:`iterprime_xai.evaluation.explanation`.

    ``seconds`` is the time of the map alone, the picture encoded before; ``blank`` whether it says nothing. The areas under the
    curves fill with the mean colour, and are ``None`` where none were asked for.
    """

    sample: str
    image: str
    kind: str
    method: str
    seconds: float
    blank: bool
    pointing: float
    energy: float
    rank: float
    iou: float
    deletion: float | None
    insertion: float | None


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One sanity check of one method on one phrase, see :class:`SanityCheck`."""

    sample: str
    image: str
    method: str
    test: str
    likeness: float
    repeated: float
    believed: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A phrase to be checked, beside ``others`` that mean something else in its picture, ``absent`` things, and ``same``: other
    phrases for the same thing."""

    sample: Sample
    others: tuple[str, ...]
    absent: tuple[str, ...] = ()
    same: tuple[str, ...] = ()


class Judge:
    """Judges the maps of some methods on one model.

    Args:
        matcher: the model.
        methods: made methods.
        layer: the text layer, for those that read one; ``None``: the checkpoint's own.
        curves: whether deletion and insertion curves are made, which costs 30 forward passes a map.
    """

    def __init__(
        self, matcher: ReadingMatcher, methods: Sequence[Method], *, layer: int | None = None, curves: bool = True
    ) -> None:
        self.matcher = matcher
        self.methods = tuple(methods)
        self.layer, _ = matcher.choose_layer(layer)
        self.curves = curves

    def maps(self, samples: Sequence[Sample]) -> Iterator[MapRow]:
        """Rows of one picture's samples: each phrase by every method.

        Raises:
            OptionError: a sample without a gold mask.
        """
        if not samples:
            return
        picture = read_image(samples[0].image).image
        encoded = self.matcher.encode_image(picture)
        for sample in samples:
            if sample.mask is None:
                raise OptionError(
                    f"Sample {sample.id} has no gold mask, without which nobody knows where a map should lie."
                )
            subject = self._subject(picture, encoded, sample.text)
            for method in self.methods:
                began = perf_counter()
                heatmap = method.look(self.matcher, subject).heatmap
                seconds = perf_counter() - began
                areas = self._areas(subject, heatmap) if self.curves else (None, None)
                yield MapRow(
                    sample=sample.id,
                    image=sample.tags.get("image_id", sample.id),
                    kind=sample.tags.get("kind", ""),
                    method=method.name,
                    seconds=seconds,
                    blank=is_blank(heatmap),
                    pointing=pointing_game(heatmap, sample.mask),
                    energy=energy_in_mask(heatmap, sample.mask),
                    rank=relevance_rank_accuracy(heatmap, sample.mask),
                    iou=best_threshold_iou(heatmap, sample.mask).iou,
                    deletion=areas[0],
                    insertion=areas[1],
                )

    def checks(self, asked: Checked) -> Iterator[CheckRow]:
        """The sanity checks of every method on one phrase."""
        sample = asked.sample
        picture, model = read_image(sample.image).image, self.matcher.model
        for method in self.methods:
            explain = self._explaining(method, picture)
            # Every check begins with the phrase's own map, asked for twice.
            own = explain(sample.text), explain(sample.text)
            made: list[SanityCheck] = [
                shuffled_words(_beginning(own, explain), sample.text, rounds=1),
                wrong_phrase(_beginning(own, explain), sample.text, asked.others),
                absent_object(_beginning(own, explain), sample.text, asked.absent),
                randomised_weights(partial(_beginning(own, explain), sample.text), model, layers_of(model)),
            ]
            for check in made:
                yield CheckRow(
                    sample=sample.id,
                    image=sample.tags.get("image_id", sample.id),
                    method=method.name,
                    test=check.test,
                    likeness=check.likeness,
                    repeated=check.repeated,
                    believed=check.believed,
                )

    def steadiness(self, asked: Checked) -> Iterator[SteadyRow]:
        """How steady every method is about one phrase."""
        sample, picture = asked.sample, read_image(asked.sample.image).image
        subject = self._subject(picture, self.matcher.encode_image(picture), sample.text)
        of_picture = Steadiness(self.matcher, subject)
        for method in self.methods:
            figures = of_picture.of(method, asked.same)
            yield SteadyRow(sample.id, sample.tags.get("image_id", sample.id), method.name, *figures)

    def _subject(self, picture: Image.Image, encoded: ImageTokens, text: str) -> Subject:
        return subject_of(self.matcher, picture, encoded, text, self.layer)

    def _explaining(self, method: Method, picture: Image.Image) -> Explain:
        """Phrase -> map; the picture is encoded anew each time, since weights may have changed."""

        def explain(text: str) -> np.ndarray:
            return method.look(self.matcher, self._subject(picture, self.matcher.encode_image(picture), text)).heatmap

        return explain

    def _areas(self, subject: Subject, heatmap: np.ndarray) -> tuple[float, float]:
        """Areas under the deletion and the insertion curve."""
        score, pixels = score_of(self.matcher, subject), np.asarray(subject.picture)
        deleted, inserted = (
            curve(score, pixels, heatmap, kind, steps=CURVE_STEPS).area for kind in ("deletion", "insertion")
        )
        return deleted, inserted


def subject_of(matcher: ReadingMatcher, picture: Image.Image, encoded: ImageTokens, text: str, layer: int) -> Subject:
    """A phrase about a picture that is encoded already, matched as it stands, without a prompt."""
    return Subject(picture, encoded, matcher.tokenize(text), parse(text), 0, layer)


def _beginning(known: Sequence[np.ndarray], explain: Explain) -> Explain:
    """Gives the maps that are known already to the first who ask, and makes the others."""
    left = list(known)
    return lambda text: left.pop(0) if left else explain(text)


def score_of(matcher: ReadingMatcher, subject: Subject) -> Score:
    """The match probability of the subject's text with other pictures."""
    from PIL import Image

    from iterprime_xai.saliency.removal import pixel_scores

    scores = pixel_scores(matcher, subject)

    def score(pictures: Sequence[np.ndarray]) -> np.ndarray:
        return scores(matcher.pixels_of([Image.fromarray(each) for each in pictures]))[1]

    return score


def layers_of(model: nn.Module) -> tuple[str, ...]:
    """The stacks of layers of a matcher's model, the text side first: what a randomisation goes through from the top down.

    A stack is a list of layers that lies in no other list. Each counts as one step; `from_the_top` gives its layers one by one.
    """
    from torch import nn

    stacks: list[str] = []
    for name, part in model.named_modules():
        inside = any(name.startswith(f"{stack}.") for stack in stacks)
        if isinstance(part, nn.ModuleList) and len(part) and not inside:
            stacks.append(name)
    return tuple(sorted(stacks, key=lambda name: "vis" in name.split(".")[0]))


def meaning_something_else(sample: Sample, samples: Sequence[Sample]) -> list[str]:
    """The phrases of the same picture whose mask is another one."""
    assert sample.mask is not None
    return [
        other.text
        for other in samples
        if other.mask is not None and not np.array_equal(other.mask, sample.mask) and other.text != sample.text
    ]


def meaning_the_same(sample: Sample, samples: Sequence[Sample]) -> list[str]:
    """The other phrases of the same picture for the same mask."""
    assert sample.mask is not None
    return [
        other.text
        for other in samples
        if other.mask is not None and np.array_equal(other.mask, sample.mask) and other.text != sample.text
    ]


def absent_from(sample: Sample, samples: Sequence[Sample]) -> list[str]:
    """The categories of ``samples``, of another picture, that the sample's picture does not hold; none where it has none told."""
    here = {sample.tags.get("category", ""), *sample.other_categories}
    if here == {""}:
        return []
    there = [each for other in samples for each in (other.tags.get("category", ""), *other.other_categories)]
    return [category for category in dict.fromkeys(there) if category and category not in here]
