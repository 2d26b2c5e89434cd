"""What checks of tensors need: small tensors from a seed, and the name of the mistake that an answer looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from iterprime_xai.tutorials.exercise import Hint, expect

if TYPE_CHECKING:
    from torch import Tensor


def drawn(seed: int, *shape: int) -> Tensor:
    """Normal numbers, always the same for the same seed; the global generator is left alone."""
    import torch

    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def as_tensor(found: Any) -> Tensor:
    """A student's tensor or array as float32, outside any graph; a hint where it is neither."""
    import torch

    try:
        return torch.as_tensor(found).detach().float()
    except (TypeError, ValueError, RuntimeError):
        raise Hint(f"A tensor was expected, but a {type(found).__name__} came.") from None


def expect_close(found: Tensor, right: Tensor, wrong: Mapping[str, Tensor], otherwise: str) -> None:
    """Nothing where ``found`` is ``right``; else the hint of the likely mistake that it is, or ``otherwise``."""
    import torch

    if torch.allclose(found, right, atol=1e-5):
        return
    for hint, values in wrong.items():
        expect(values.shape != found.shape or not torch.allclose(found, values.float(), atol=1e-5), hint)
    raise Hint(otherwise)
