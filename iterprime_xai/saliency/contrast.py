"""Why this phrase and not that one: the map of the difference of two match logits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from iterprime_xai.language import parse
from iterprime_xai.records import OptionError
from iterprime_xai.saliency.method import Saliency, Subject
from iterprime_xai.saliency.pixel_gradients import IntegratedGradients
from iterprime_xai.saliency.removal import Ablation, Occlusion

if TYPE_CHECKING:
    from iterprime_xai.models.reading_matcher import ReadingMatcher

BY = {"occlusion": Occlusion, "ablation": Ablation, "integrated_gradients": IntegratedGradients}
"""Methods whose map of a difference of logits is the difference of their maps: they add up what the logit does."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What speaks for the phrase and against ``instead``: above 0 where hiding a patch costs the phrase more, below 0 where it
    costs the other more. ``by`` is how both are looked at. Logit and probability are those of the phrase."""

    instead: str = ""
    by: str = "occlusion"
    name: ClassVar[str] = "contrast"
    title: ClassVar[str] = "contrast with another phrase"
    cost: ClassVar[str] = "twice that of the method that looks"
    paper: ClassVar[str] = "after Prabhushankar et al., Contrastive explanations in neural networks, ICIP 2020"
    reads_layer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not isinstance(self.instead, str) or not self.instead.strip():
            raise OptionError(f'contrast needs the other phrase: instead="the blue bike". It got {self.instead!r}.')
        if self.by not in BY:
            raise OptionError(
                f"by must be one of {', '.join(BY)}, but got {self.by!r}: of other methods the map of a difference is not the "
                "difference of the maps."
            )

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        method: Any = BY[self.by]()
        whole, start = subject.text.text, subject.shift
        text = whole[:start] + self.instead + whole[start + len(subject.expression.text) :]
        other = replace(subject, text=matcher.tokenize(text), expression=parse(self.instead))
        own, against = method.look(matcher, subject), method.look(matcher, other)
        return replace(own, heatmap=own.heatmap - against.heatmap)
