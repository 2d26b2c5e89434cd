"""Infidelity and max-sensitivity, worked out by captum: does the map say what patches are worth, and does it stand still?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.records.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from torch import Tensor

PixelScore = Callable[["Tensor"], "Tensor"]
"""Pixels, float (n, channels, height, width), -> match scores (n,)."""

PixelExplain = Callable[["Tensor"], "Tensor"]
"""Pixels, float (n, channels, height, width), -> maps (n, rows, columns)."""


def infidelity(
    score: PixelScore,
    explain: PixelExplain,
    pixels: Tensor,
    *,
    share: float = 0.2,
    samples: int = 32,
    normalise: bool = True,
    seed: int = 0,
    batch: int = 16,
) -> float:
    """Mean squared gap between what a map says some patches are worth and what the score loses without them (Yeh et al. 2019).

    What is perturbed: in each of ``samples`` pictures every patch of the map's grid is, with probability ``share``, replaced by the
    picture's mean in each channel; the map's word on it is the sum of its values there. A map has no unit, so with ``normalise``
    it is first scaled by the factor that fits best; a map that says nothing then gets the mean squared loss itself, which no map
    can exceed.

    Args:
        score: the match of pixels; probability or logit, the figure is in its unit squared.
        explain: asked once, for the picture as it is. It may use gradients.
        pixels: one picture as the model takes it, float (1, channels, height, width), sides multiples of the grid's.
        share: probability that a patch is replaced, above 0 and below 1.
        samples: perturbed pictures.
        normalise: whether the map is scaled to fit.
        seed: of the patches drawn, on the CPU: every device has the same.
        batch: pictures that are scored at once.

    Returns:
        From 0, lower is better. NaN for a map that is not finite.

    Raises:
        OptionError: a wrong shape, type or number. MissingExtraError: captum is not installed.
    """
    import torch

    metrics = _captum()
    _check(pixels, samples=samples, batch=batch)
    if not 0 < share < 1:
        raise OptionError(f"share must lie between 0 and 1, but got {share!r}.")
    heatmap = _maps(explain, pixels)
    if not bool(torch.isfinite(heatmap).all()):
        return float("nan")
    rows, columns = heatmap.shape[1:]
    high, wide = pixels.shape[2] // rows, pixels.shape[3] // columns
    if (rows * high, columns * wide) != tuple(pixels.shape[2:]):
        raise OptionError(
            f"The sides of the picture, {tuple(pixels.shape[2:])}, must be multiples of the map's, {(rows, columns)}."
        )

    def spread(values: Tensor) -> Tensor:
        """The value of each patch at all of its pixels and channels."""
        large = values.repeat_interleave(high, 1).repeat_interleave(wide, 2)
        return large[:, None].expand(-1, pixels.shape[1], -1, -1)

    generator = torch.Generator().manual_seed(seed)
    mean = pixels.mean((2, 3), keepdim=True)

    def perturbed(given: Tensor) -> tuple[Tensor, Tensor]:
        """captum multiplies the first by the attributions; what is 1 there is what the second lacks."""
        gone = spread((torch.rand((len(given), rows, columns), generator=generator) < share).to(given.device))
        return gone.float(), torch.where(gone, mean, given)

    if normalise and bool(heatmap.any()):
        heatmap = heatmap / heatmap.abs().max()  # any factor fits; a map of 1e-10 squared would vanish in float32
    each = spread(heatmap) / (high * wide * pixels.shape[1])
    found = metrics.infidelity(
        lambda given: _scores(score, given),
        perturbed,
        pixels,
        each,
        n_perturb_samples=samples,
        max_examples_per_batch=min(batch, samples),
        normalize=normalise,
    )
    # The fit is worked out as a difference of sums, which rounding may leave a little below 0.
    return max(0.0, float(found[0]))


def max_sensitivity(
    explain: PixelExplain, pixels: Tensor, *, radius: float = 0.02, samples: int = 10, seed: int = 0, batch: int = 8
) -> float:
    """The largest change of a map, relative to its norm, under noise too small to see (Yeh et al. 2019).

    What is perturbed: every value of the pixels, by noise drawn evenly from -``radius`` to ``radius`` in the unit of ``pixels``
    (normalised pixels of standard deviation 1: 0.02 is about one grey level of 255), ``samples`` times.

    Args:
        explain: asked for the picture as it is and for ``samples`` noisy ones. It may use gradients.
        pixels: one picture as the model takes it, float (1, channels, height, width).
        radius: largest noise, above 0.
        samples: noisy pictures.
        seed: of the noise, on the CPU: every device has the same.
        batch: pictures that are explained at once.

    Returns:
        From 0, lower is steadier; 1 means a change as large as the map. NaN for a map of zeros or one that is not finite.

    Raises:
        OptionError: a wrong shape, type or number. MissingExtraError: captum is not installed.
    """
    import torch

    metrics = _captum()
    _check(pixels, samples=samples, batch=batch)
    if not 0 < radius < np.inf:
        raise OptionError(f"radius must be above 0, but got {radius!r}.")
    heatmap = _maps(explain, pixels)
    if not bool(torch.isfinite(heatmap).all()) or not bool(heatmap.any()):
        return float("nan")
    largest = heatmap.abs().max()  # norms are sums of squares: a map of 1e-30 would have none in float32
    generator = torch.Generator().manual_seed(seed)

    def noisy(given: Tensor) -> Tensor:
        return given + (2 * torch.rand(given.shape, generator=generator) - 1).to(given) * radius

    def asked(given: Any) -> Any:
        """captum hands the picture as it is in a tuple, and wants one back; that map is known."""
        return (heatmap / largest,) if isinstance(given, tuple) else _maps(explain, given, heatmap.shape[1:]) / largest

    found = metrics.sensitivity_max(
        asked, pixels, noisy, n_perturb_samples=samples, max_examples_per_batch=min(batch, samples)
    )
    return float(found[0])


def _captum() -> Any:
    try:
        import captum.metrics
    except ImportError as error:
        raise MissingExtraError(
            'Infidelity and max-sensitivity need the package captum: pip install "iterprime-xai[attributions]".'
        ) from error
    return captum.metrics


def _maps(explain: PixelExplain, pixels: Tensor, grid: tuple[int, ...] | None = None) -> Tensor:
    """Maps with gradients allowed, which captum switches off, and without a graph behind them."""
    import torch

    with torch.enable_grad():
        maps = explain(pixels)
    expected = f"({len(pixels)}, rows, columns)" if grid is None else str((len(pixels), *grid))
    if not isinstance(maps, torch.Tensor) or maps.ndim != 3 or len(maps) != len(pixels) or not maps.numel():
        got = tuple(maps.shape) if isinstance(maps, torch.Tensor) else type(maps).__name__
        raise OptionError(f"explain must give a tensor of maps {expected}, but gave {got}.")
    if grid is not None and maps.shape[1:] != grid:
        raise OptionError(f"explain must give a tensor of maps {expected}, but gave {tuple(maps.shape)}.")
    return maps.detach().float().contiguous().to(pixels.device)


def _scores(score: PixelScore, pixels: Tensor) -> Tensor:
    import torch

    scores = score(pixels)
    if not isinstance(scores, torch.Tensor) or scores.shape != (len(pixels),):
        got = tuple(scores.shape) if isinstance(scores, torch.Tensor) else type(scores).__name__
        raise OptionError(f"score must give a tensor with a score a picture, ({len(pixels)},), but gave {got}.")
    return scores.detach().float().to(pixels.device)


def _check(pixels: Tensor, **counts: int) -> None:
    import torch

    if not isinstance(pixels, torch.Tensor) or not pixels.is_floating_point() or pixels.ndim != 4 or len(pixels) != 1:
        got = f"{pixels.dtype} {tuple(pixels.shape)}" if isinstance(pixels, torch.Tensor) else type(pixels).__name__
        raise OptionError(f"pixels must be a float tensor (1, channels, height, width), but got {got}.")
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise OptionError(f"{name} must be a whole number from 1, but got {value!r}.")
