"""How much two masks are the same."""

from __future__ import annotations

import numpy as np

from iterprime_xai.records.errors import OptionError


def iou(mask: np.ndarray | None, other: np.ndarray) -> float:
    """Intersection over union of two bool masks (height, width), 0 to 1; 0 for no mask (``None``) and for two empty ones.

    Raises ``OptionError`` for masks of different shapes or that are not bool.
    """
    if mask is None:
        return 0.0
    if mask.shape != other.shape or mask.dtype != np.bool_ or other.dtype != np.bool_:
        raise OptionError(
            f"Masks to compare must be bool and of one shape, but got {mask.dtype} of shape {mask.shape} and "
            f"{other.dtype} of shape {other.shape}."
        )
    union = int(np.count_nonzero(mask | other))
    return int(np.count_nonzero(mask & other)) / union if union else 0.0
