"""Whether a method's map says what patches are worth, stands still, and stays when the same is said in other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.evaluation.explanation.agreement import paraphrase_consistency
from iterprime_xai.evaluation.explanation.faithfulness import infidelity, max_sensitivity
from iterprime_xai.saliency import Method, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image
    from torch import Tensor

    from iterprime_xai.models.reading_matcher import ReadingMatcher

LOSSES = 32
"""Pictures with patches taken away, for infidelity."""
NOISES = 4
"""Noisy pictures, each with its own map, for max-sensitivity."""


@dataclass(frozen=True, slots=True)
class SteadyRow:
    """How steady one method is about one phrase.

    ``infidelity`` is a share of that of an empty map: 0 where the map says what every patch is worth, 1 where it says nothing.
    ``sensitivity``: the largest change of the map, relative to its norm, under noise of about one grey level. ``paraphrase``: mean
    Spearman correlation with the maps of other phrases for the same thing, NaN where the data set has none.
    """

    sample: str
    image: str
    method: str
    infidelity: float
    sensitivity: float
    paraphrase: float


class Steadiness:
    """Measures :class:`SteadyRow` on one model, one picture and phrase; needs captum.

    Noise and holes are made in the picture as the model sees it, so that a method meets a picture and not only pixels.

    Args:
        matcher: the model.
        subject: the phrase about the picture.
    """

    def __init__(self, matcher: ReadingMatcher, subject: Subject) -> None:
        import torch

        self.matcher = matcher
        seen = pictures_of(matcher, matcher.pixels_of([subject.picture]))
        self.subject = replace(subject, picture=seen[0], image=matcher.encode_image(seen[0]))
        self.pixels = matcher.pixels_of(seen)
        empty = torch.zeros(1, *matcher.grid)
        self.most = infidelity(self._score, lambda _: empty, self.pixels, samples=LOSSES)

    def of(self, method: Method, paraphrases: Sequence[str]) -> tuple[float, float, float]:
        """Infidelity as a share of an empty map's, max-sensitivity, and consistency under ``paraphrases``."""
        explain = self._explaining(method)
        lost = infidelity(self._score, explain, self.pixels, samples=LOSSES)
        return (
            lost / self.most if self.most > 0 else float("nan"),
            max_sensitivity(explain, self.pixels, samples=NOISES),
            paraphrase_consistency(self._reading(method), self.subject.text.text, paraphrases)
            if paraphrases
            else float("nan"),
        )

    def _score(self, pixels: Tensor) -> Tensor:
        """The match probability of pixels."""
        import torch

        from iterprime_xai.saliency.removal import pixel_scores

        return torch.from_numpy(pixel_scores(self.matcher, self.subject)(pixels)[1])

    def _explaining(self, method: Method) -> Callable[[Tensor], Tensor]:
        """Pixels -> maps."""
        import torch

        def explain(pixels: Tensor) -> Tensor:
            found = []
            for picture in pictures_of(self.matcher, pixels):
                subject = replace(self.subject, picture=picture, image=self.matcher.encode_image(picture))
                found.append(torch.from_numpy(method.look(self.matcher, subject).heatmap))
            return torch.stack(found)

        return explain

    def _reading(self, method: Method) -> Callable[[str], np.ndarray]:
        """Phrase -> map of the same picture."""
        from iterprime_xai.language import parse

        def explain(text: str) -> np.ndarray:
            subject = replace(self.subject, text=self.matcher.tokenize(text), expression=parse(text))
            return method.look(self.matcher, subject).heatmap

        return explain


def pictures_of(matcher: ReadingMatcher, pixels: Tensor) -> list[Image.Image]:
    """The pictures, 8-bit RGB, whose normalised pixels (n, 3, side, side) are given; values beyond a picture's range are cut."""
    import torch
    from PIL import Image

    processor = matcher.image_processor
    mean, deviation = (
        torch.tensor(each, dtype=torch.float32)[:, None, None] for each in (processor.image_mean, processor.image_std)
    )
    grey = ((pixels.detach().float().cpu() * deviation + mean) * 255).round().clamp(0, 255).to(torch.uint8)
    return [Image.fromarray(each) for each in grey.permute(0, 2, 3, 1).contiguous().numpy()]
