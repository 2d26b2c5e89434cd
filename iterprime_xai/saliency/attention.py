"""Raw cross-attention, and the gradient of the match by it without the attention (LeGrad): the two halves of Grad-CAM alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from iterprime_xai.saliency.emphasis import token_roles
from iterprime_xai.saliency.method import Saliency, Subject
from iterprime_xai.saliency.words import word_maps

if TYPE_CHECKING:
    from iterprime_xai.models.reading_matcher import ReadingMatcher


@dataclass(frozen=True, slots=True)
class Attention:
    """C of one layer, the mean over heads and over the tokens of the content words: what is read, not what it is read for."""

    name: ClassVar[str] = "attention"
    title: ClassVar[str] = "raw cross-attention"
    cost: ClassVar[str] = "1 forward pass of the text side"
    paper: ClassVar[str] = "Bahdanau, Cho, Bengio, ICLR 2015"
    reads_layer: ClassVar[bool] = True

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        match = matcher.match(subject.image, subject.text, layers=(subject.layer,))
        maps = match.attention[subject.layer].mean(0)
        roles = token_roles(subject.expression, subject.text, subject.shift)
        content = sorted({*roles.primary, *roles.context}) or list(range(len(maps)))
        words = word_maps(subject.expression, subject.text, maps.cpu().numpy(), subject.shift)
        return Saliency(maps[content].mean(0).cpu().numpy(), match.logit, match.probability, words)


@dataclass(frozen=True, slots=True)
class LeGrad:
    """max(0, dS/dC), the mean over heads and tokens, summed over all layers with cross-attention.

    LeGrad was published for the self-attention of a ViT, where every layer is given a score of its own. Here S is the match logit
    for all layers, and C the cross-attention.
    """

    name: ClassVar[str] = "legrad"
    title: ClassVar[str] = "LeGrad on cross-attention"
    cost: ClassVar[str] = "1 forward and 1 backward pass of the text side"
    paper: ClassVar[str] = "Bousselham et al., ICCV 2025"
    reads_layer: ClassVar[bool] = False

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        match = matcher.match(subject.image, subject.text, layers=matcher.layers)
        maps = sum(match.gradient[layer].clamp(min=0).mean(0) for layer in matcher.layers)
        found = maps.cpu().numpy()  # type: ignore[union-attr]
        words = word_maps(subject.expression, subject.text, found, subject.shift)
        return Saliency(found.mean(0), match.logit, match.probability, words)
