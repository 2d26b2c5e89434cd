"""Gradients of the match down to the pixels, by captum: integrated gradients and SmoothGrad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from iterprime_xai.models.whole_graph import differentiating, look_through
from iterprime_xai.records import MissingExtraError, OptionError
from iterprime_xai.saliency.method import Saliency, Subject, on_patches, whole_number

if TYPE_CHECKING:
    from iterprime_xai.models.reading_matcher import ReadingMatcher

AT_ONCE = 8
"""Pictures differentiated together on a GPU."""

AT_ONCE_ON_CPU = 2
"""On a CPU more are not faster, and each holds 0.7 GB in BLIP-base."""


@dataclass(frozen=True, slots=True)
class IntegratedGradients:
    """The gradient of the logit by the pixels along the way from the mean colour to the picture, times that way: signed, the sum
    over colours, the mean of each patch."""

    steps: int = 32
    name: ClassVar[str] = "integrated_gradients"
    title: ClassVar[str] = "integrated gradients"
    cost: ClassVar[str] = "1 forward and 1 backward pass of the model a step (32)"
    paper: ClassVar[str] = "Sundararajan, Taly, Yan, ICML 2017"
    reads_layer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole_number("steps", self.steps)

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        attr = _captum(self.name)

        def attribute(logit: Callable[[Any], Any], pixels: torch.Tensor) -> torch.Tensor:
            return attr.IntegratedGradients(logit).attribute(
                pixels, baselines=torch.zeros_like(pixels), n_steps=self.steps, internal_batch_size=_at_once(pixels)
            )

        return _of_pixels(matcher, subject, attribute)


@dataclass(frozen=True, slots=True)
class SmoothGrad:
    """The size of the logit's gradient by the pixels, the mean over ``samples`` pictures with noise of ``noise`` times the
    picture's range; the sum over colours, the mean of each patch."""

    samples: int = 16
    noise: float = 0.15
    seed: int = 0
    name: ClassVar[str] = "smoothgrad"
    title: ClassVar[str] = "SmoothGrad"
    cost: ClassVar[str] = "1 forward and 1 backward pass of the model a sample (16)"
    paper: ClassVar[str] = "Smilkov et al., 2017"
    reads_layer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole_number("samples", self.samples)
        whole_number("seed", self.seed, least=0)
        if not (isinstance(self.noise, int | float) and 0 <= self.noise < float("inf")):
            raise OptionError(f"noise must be a number of at least 0, but got {self.noise!r}.")

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        attr = _captum(self.name)

        def attribute(logit: Callable[[Any], Any], pixels: torch.Tensor) -> torch.Tensor:
            spread = self.noise * float((pixels.max() - pixels.min()).detach())
            # Noise of a generator of our own: captum's NoiseTunnel draws from the global one, which is the caller's, and which
            # two threads would share.
            dice = torch.Generator().manual_seed(self.seed)
            total = torch.zeros_like(pixels)
            most = _at_once(pixels)
            for start in range(0, self.samples, most):
                count = min(most, self.samples - start)
                noise = torch.randn((count, *pixels.shape[1:]), generator=dice).to(pixels)
                total = total + attr.Saliency(logit).attribute((pixels + spread * noise).detach().requires_grad_()).sum(
                    0, keepdim=True
                )
            return total / self.samples

        return _of_pixels(matcher, subject, attribute)


def _of_pixels(matcher: ReadingMatcher, subject: Subject, attribute: Callable[..., torch.Tensor]) -> Saliency:
    """The map of one of captum's attributions of the match logit to the pixels."""
    with differentiating(matcher):
        pixels = matcher.pixels_of([subject.picture]).requires_grad_()

        def logit(some: torch.Tensor) -> torch.Tensor:
            return look_through(matcher, some, subject.text).logit

        found = attribute(logit, pixels).detach().float().sum((0, 1)).cpu().numpy()
    match = matcher.match(subject.image, subject.text)
    heatmap = on_patches(np.asarray(found, np.float64), matcher.grid)
    return Saliency(heatmap, match.logit, match.probability)


def _at_once(pixels: torch.Tensor) -> int:
    return AT_ONCE_ON_CPU if pixels.device.type == "cpu" else AT_ONCE


def _captum(name: str) -> Any:
    try:
        import captum.attr
    except ImportError as error:
        raise MissingExtraError(
            f'Method {name} needs captum, which is not installed: pip install "iterprime-xai[attributions]".'
        ) from error
    return captum.attr
