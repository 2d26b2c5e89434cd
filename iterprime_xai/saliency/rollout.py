"""Attention rollout and relevance: what the read token has to do with each patch, through all layers of both towers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from iterprime_xai.models.whole_graph import WholeGraph, differentiating, look_through
from iterprime_xai.saliency.method import Saliency, Subject

if TYPE_CHECKING:
    import numpy as np

    from iterprime_xai.models.reading_matcher import ReadingMatcher

Layer = tuple[torch.Tensor, torch.Tensor | None]
"""A text layer's self-attention (tokens, tokens) and, where it looks, its cross-attention (tokens that look, seen)."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """Attention multiplied through all layers, half of every layer being what passes by it. The match is never asked."""

    name: ClassVar[str] = "rollout"
    title: ClassVar[str] = "attention rollout through both towers"
    cost: ClassVar[str] = "1 forward pass of the model"
    paper: ClassVar[str] = "Abnar, Zuidema, ACL 2020"
    reads_layer: ClassVar[bool] = False

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        with differentiating(matcher), torch.no_grad():
            found = look_through(matcher, matcher.pixels_of([subject.picture]), subject.text, watched=True)
            tower = [each[0].float().mean(0) for each in found.image]
            layers = [
                (own[0].float().mean(0), found.cross[index][0].mean(0) if index in found.cross else None)
                for index, own in enumerate(found.own)
            ]
            return _saliency(matcher, subject, found, rollout(tower, layers))


@dataclass(frozen=True, slots=True)
class Relevance:
    """max(0, dS/dA * A) of every attention A, the mean over heads, carried through both towers."""

    name: ClassVar[str] = "relevance"
    title: ClassVar[str] = "attention relevance through both towers"
    cost: ClassVar[str] = "1 forward and 1 backward pass of the model"
    paper: ClassVar[str] = "Chefer, Gur, Wolf, ICCV 2021"
    reads_layer: ClassVar[bool] = False

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        with differentiating(matcher):
            pixels = matcher.pixels_of([subject.picture]).requires_grad_()
            found = look_through(matcher, pixels, subject.text, watched=True)
            attention = [*found.image, *found.own, *found.cross.values()]
            slopes = torch.autograd.grad(found.logit.sum(), attention, allow_unused=True)
            weighted = [
                torch.zeros_like(each[0, 0]).float()
                if slope
                is None  # an attention whose result nobody reads, as the last layer's of words behind query tokens
                else (each[0].detach().float() * slope[0].float()).clamp(min=0).mean(0)
                for each, slope in zip(attention, slopes, strict=True)
            ]
            tower, rest = weighted[: len(found.image)], weighted[len(found.image) :]
            own, looks = rest[: len(found.own)], dict(zip(found.cross, rest[len(found.own) :], strict=True))
            layers = [(each, looks.get(index)) for index, each in enumerate(own)]
            return _saliency(matcher, subject, found, relevance(tower, layers))


def rollout(tower: Sequence[torch.Tensor], layers: Sequence[Layer]) -> torch.Tensor:
    """How much of each image token is in each text token at the end: (tokens, seen); a row holds at most 1.

    Args:
        tower: the image tower's attention, from the bottom, (seen, seen).
        layers: the text layers, from the bottom.

    A layer passes on half of what it was given: R <- (A + I) / 2 R. In a cross-attention C the other half comes from the picture:
    R_text <- R_text / 2, R_image <- (R_image + C R_tower) / 2.
    """
    through = _identity(tower[0])
    for each in tower:
        through = (each @ through + through) / 2
    first, cross = next(layer for layer in layers if layer[1] is not None)
    image = first.new_zeros(len(first), cross.shape[1])  # type: ignore[union-attr]
    for own, looks in layers:
        image = (own @ image + image) / 2
        if looks is not None:
            image[: len(looks)] = (image[: len(looks)] + looks @ through) / 2
    return image


def relevance(tower: Sequence[torch.Tensor], layers: Sequence[Layer]) -> torch.Tensor:
    """How relevant each image token is for each text token: (tokens, seen), not negative.

    Args:
        tower: the image tower's weighted attention, from the bottom, (seen, seen).
        layers: the text layers', from the bottom.

    As published: R_ii <- R_ii + A R_ii in the tower; for the text R_tt <- R_tt + A R_tt and R_ti <- R_ti + A R_ti, and at a
    cross-attention R_ti <- R_ti + norm(R_tt)^T A norm(R_ii), where norm divides each row of R - I by its sum and adds I back.
    """
    image = _identity(tower[0])
    for each in tower:
        image = image + each @ image
    image = _normed(image)
    first, cross = next(layer for layer in layers if layer[1] is not None)
    text = _identity(first)
    found = first.new_zeros(len(first), cross.shape[1])  # type: ignore[union-attr]
    for own, looks in layers:
        text, found = text + own @ text, found + own @ found
        if looks is not None:
            found = found + _normed(text)[: len(looks)].T @ (looks @ image)
    return found


def _saliency(matcher: ReadingMatcher, subject: Subject, found: WholeGraph, image: torch.Tensor) -> Saliency:
    """The rows of the tokens that the head reads, their mean, without the image's own prefix tokens."""
    seen = image[list(found.read)].mean(0)[matcher.prefix :].detach()
    heatmap: np.ndarray = seen.reshape(matcher.grid).float().cpu().numpy()
    return Saliency(heatmap, float(found.logit[0].detach()), float(found.probability[0].detach()))


def _identity(like: torch.Tensor) -> torch.Tensor:
    return torch.eye(len(like), dtype=like.dtype, device=like.device)


def _normed(relevance: torch.Tensor) -> torch.Tensor:
    """R - I with rows of sum 1 (a row of zeros stays), plus I."""
    own = _identity(relevance)
    rest = relevance - own
    return rest / rest.sum(-1, keepdim=True).clamp(min=torch.finfo(rest.dtype).tiny) + own
