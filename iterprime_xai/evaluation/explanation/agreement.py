"""How alike two maps are, and whether a map stays when the same thing is said in other words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np

from iterprime_xai.records.errors import OptionError
from iterprime_xai.records.heatmap import is_blank, minmax

Alike = Literal["spearman", "pearson", "ssim"]
"""The measures of likeness, each 1 for equal maps."""

WINDOW = 7
"""Side of the SSIM window in patches, where the map has as many."""


def pearson(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation of two maps (rows, columns), from -1 to 1: the same shape up to scale and offset gives 1.

    NaN where a map is constant or not finite: its shape is no shape.

    Raises:
        OptionError: the maps differ in shape or are no maps.
    """
    if not _told(first, second):
        return float("nan")
    return _correlation(_centred(minmax(first)), _centred(minmax(second)))


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of two maps (rows, columns), from -1 to 1: the same order of patches gives 1.

    Ties take the mean of their ranks. NaN where a map is constant or not finite.

    Raises:
        OptionError: the maps differ in shape or are no maps.
    """
    if not _told(first, second):
        return float("nan")
    return _correlation(_centred(_ranks(first)), _centred(_ranks(second)))


def ssim(first: np.ndarray, second: np.ndarray, *, window: int | None = None) -> float:
    """Structural similarity of two maps (rows, columns), each scaled to [0, 1] first; from -1 to 1 (Wang et al. 2004).

    ``window`` is the odd side of the window in patches. ``None`` takes 7, or on a smaller grid the largest odd side that fits.
    NaN where a map is constant or not finite.

    Raises:
        OptionError: the maps differ in shape, are no maps or have a side below 3, or the window does not fit.
    """
    from skimage.metrics import structural_similarity

    told = _told(first, second)
    least = min(first.shape)
    if window is None:
        window = min(WINDOW, least - 1 + least % 2)
    if window % 2 == 0 or not 3 <= window <= least:
        raise OptionError(f"window must be an odd number of patches from 3 to {least}, but got {window}.")
    if not told:
        return float("nan")
    return float(structural_similarity(minmax(first), minmax(second), data_range=1.0, win_size=window))


def likeness(alike: Alike) -> Callable[[np.ndarray, np.ndarray], float]:
    """The measure of that name. Raises ``OptionError`` for another name."""
    if alike not in get_args(Alike):
        raise OptionError(f"alike must be one of {', '.join(map(repr, get_args(Alike)))}, but got {alike!r}.")
    return {"spearman": spearman, "pearson": pearson, "ssim": ssim}[alike]


def likeness_to(heatmap: np.ndarray, other: np.ndarray, alike: Alike) -> float:
    """How far ``heatmap`` comes back in ``other``: NaN for a blank heatmap, and 0 for a blank other one, which repeats nothing."""
    measure = likeness(alike)
    if is_blank(heatmap):
        return float("nan")
    return 0.0 if is_blank(other) else measure(heatmap, other)


def paraphrase_consistency(
    explain: Callable[[str], np.ndarray], phrase: str, paraphrases: Sequence[str], *, alike: Alike = "spearman"
) -> float:
    """Mean likeness of a phrase's map to the maps of phrases that mean the same.

    Args:
        explain: text -> map (rows, columns).
        phrase: the phrase asked about; its map is made once.
        paraphrases: other ways to say it, at least one.
        alike: the measure of likeness.

    Returns:
        The mean, 1 for maps that do not change; a blank map of a paraphrase counts 0, and a blank one of the phrase gives NaN.

    Raises:
        OptionError: no paraphrase, or an unknown measure.
    """
    likeness(alike)
    if isinstance(paraphrases, str) or not paraphrases:
        raise OptionError(f"paraphrases must be a sequence of at least one text, but got {paraphrases!r}.")
    heatmap = explain(phrase)
    return float(np.mean([likeness_to(heatmap, explain(text), alike) for text in paraphrases]))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties with the mean of theirs. (Importing scipy.stats for it would take seconds.)"""
    _, place, counts = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _centred(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64).ravel()
    return values - values.mean()


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Of centred values; clipped, since rounding steps over 1."""
    return float(np.clip(first @ second / np.sqrt((first @ first) * (second @ second)), -1, 1))


def _told(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether both maps have a shape to compare."""
    for given in (first, second):
        if not isinstance(given, np.ndarray) or given.ndim != 2 or not given.size or given.dtype.kind != "f":
            what = f"{given.dtype} of shape {given.shape}" if isinstance(given, np.ndarray) else type(given).__name__
            raise OptionError(f"A map must be a float NumPy array (rows, columns), but got {what}.")
    if first.shape != second.shape:
        raise OptionError(
            f"Maps are compared patch by patch, but have shapes {first.shape} and {second.shape}; "
            "bring them to one grid with iterprime_xai.records.heatmap.resize."
        )
    return all(bool(np.isfinite(given).all()) and given.max() > given.min() for given in (first, second))
