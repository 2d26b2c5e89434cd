"""Heat that lies where it should not, and heat that is missing where it should lie, in one map."""

from __future__ import annotations

import numpy as np

from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.heatmap import is_blank, resize
from iterprime_xai.visualize.colours import Scale

SCALE = Scale(-1, 1, signed=True)
"""The colours of the map: orange for misplaced heat, blue for missing heat, near-white for what is as it should be."""


def signed_heat(heatmap: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """What is wrong with the heat at every pixel: misplaced above 0, missing below 0, 0 where nothing is wrong.

    How to read it: outside the gold mask a pixel is +x, where x is its heat as a share of the map's own peak, so +1 is a peak that
    lies beside the target. Inside it is -(1 - x): -1 is a pixel of the target without heat, 0 one as hot as the peak. A map
    that is perfect is 0 everywhere, a blank one 0 outside and -1 inside, as if it had no heat at all. Heat rarely fills a
    thing to its border, so some blue at the rim is usual; a target that is blue all over was not looked at.
    Magnitude is not shown: a faint map and a strong one of the same shape look the same.

    Args:
        heatmap: (rows, columns) on the model's grid; negative heat counts as none.
        gold: bool (height, width) at the picture's size.

    Returns:
        float32 (height, width) in [-1, 1].

    Raises:
        OptionError: an array that has not two dimensions.
    """
    heatmap, gold = np.asarray(heatmap), np.asarray(gold, dtype=bool)
    if heatmap.ndim != 2 or gold.ndim != 2:
        raise OptionError(
            "A signed map needs a (rows, columns) heatmap and a (height, width) gold mask, "
            f"but got shapes {heatmap.shape} and {gold.shape}."
        )
    if is_blank(heatmap):
        x = np.zeros(gold.shape, np.float32)
    else:
        # In double precision: the quotient of two subnormal float32 would lose its last digits.
        heat = np.clip(heatmap.astype(np.float64), 0, None)
        x = resize((heat / heat.max()).astype(np.float32), (gold.shape[0], gold.shape[1]))
    return np.where(gold, x - 1, x).astype(np.float32)
