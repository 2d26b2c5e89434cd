"""The choice among proposals by a heatmap: two rules, every term of the score in the open, and how sure the choice is.

Rule ``paper`` (IteRPrimE's released code): among the masks that cover the hottest pixel and have at most 12 pieces, the one
with the largest mean of 1 + heat. Rule ``default`` (ours): the mask whose shape explains the heatmap best.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

from iterprime_xai.records import OptionError, Proposals, RankedProposal, Selection
from iterprime_xai.records.heatmap import minmax, peak

RULES = ("default", "paper")
ANSWERS = ("always", "may_abstain")
MAX_PIECES = 12
"""Rule ``paper``: most 4-connected pieces that a mask may have."""
RIVAL_IOU = 0.5
"""Two masks that overlap less than this are different answers."""

_TIE = 1e-9


def select(
    proposals: Proposals,
    heatmap: np.ndarray,
    *,
    rule: str = "default",
    answer: Literal["always", "may_abstain"] = "always",
    probability: float | None = None,
    abstain_below: float = 0.5,
) -> Selection:
    """Rank the proposals by how well they fit the heatmap (native grid, any magnitude), and answer with the best.

    Args:
        proposals: candidate masks (n, height, width).
        heatmap: float (rows, columns), where the model looks.
        rule: "default" or "paper".
        answer: "always" answers whenever there is a proposal; "may_abstain" gives no answer when the heatmap is flat or
            ``probability`` is below ``abstain_below``.
        probability: the match probability of phrase and picture, where known.
        abstain_below: see ``answer``.

    Ties go to the proposal with the higher proposer score, then to the larger one, then to the first. A flat heatmap tells
    nothing, so every score is 0 and the same order decides. Raises ``OptionError`` for an unknown rule or answer and for
    a heatmap that is not a finite 2-D array.
    """
    if rule not in RULES:
        raise OptionError(f"rule must be one of {', '.join(RULES)}, but got {rule!r}.")
    if answer not in ANSWERS:
        raise OptionError(f"answer must be one of {', '.join(ANSWERS)}, but got {answer!r}.")
    heatmap = np.asarray(heatmap)
    if heatmap.ndim != 2 or heatmap.dtype.kind != "f" or not np.isfinite(heatmap).all():
        raise OptionError(
            "heatmap must be a 2-D float array of finite values (rows, columns), but got "
            f"{heatmap.dtype} of shape {heatmap.shape}; check the model's output for NaN."
        )
    if not len(proposals):
        return Selection((), None, 0.0, rule, "there are no proposals to choose from")
    flat = float(heatmap.max()) <= float(heatmap.min())
    if rule == "paper":
        ranking, reason = _paper(proposals, heatmap)
    else:
        ranking, reason = _default(proposals, heatmap)
    margin = 0.0 if flat else _margin(ranking, proposals)
    if flat:
        reason = "the heatmap is flat and tells nothing: the proposer's best, then largest, mask stands first"
    chosen: int | None = ranking[0].index
    if answer == "may_abstain":
        if flat:
            chosen, reason = None, "abstained: the heatmap is flat"
        elif probability is not None and probability < abstain_below:
            chosen = None
            reason = f"abstained: the match probability {probability:.3f} is below {abstain_below:g}"
    return Selection(ranking, chosen, margin, rule, reason)


def _paper(proposals: Proposals, heatmap: np.ndarray) -> tuple[tuple[RankedProposal, ...], str]:
    height, width = proposals.masks.shape[1:]
    heat = _upsampled(heatmap, (height, width))
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    terms = []
    for mask in proposals.masks:
        area = int(np.count_nonzero(mask))
        terms.append(
            {
                "mean_one_plus_heat": float((area + heat[mask].sum(dtype=np.float64)) / (area + 1e-5)),
                "covers_peak": float(mask[row, column]),
                "pieces": float(_pieces(mask)),
                "area_fraction": area / mask.size,
            }
        )
    steps = (
        ("it covers the hottest pixel, is in at most 12 pieces, and has the largest mean of 1 + heat", True, True),
        ("no mask that covers the hottest pixel is in at most 12 pieces, so the pieces were not counted", True, False),
        ("no mask covers the hottest pixel, so that was not asked for", False, True),
        ("no mask covers the hottest pixel or is in at most 12 pieces, so neither was asked for", False, False),
    )
    for reason, peak_asked, pieces_asked in steps:
        passed = [
            (each["covers_peak"] > 0 or not peak_asked) and (each["pieces"] <= MAX_PIECES or not pieces_asked)
            for each in terms
        ]
        if any(passed):
            break
    for each, ok in zip(terms, passed, strict=True):
        each["passed"] = float(ok)
    return _ranked(proposals, [each["mean_one_plus_heat"] * each["passed"] for each in terms], terms), reason


def _default(proposals: Proposals, heatmap: np.ndarray) -> tuple[tuple[RankedProposal, ...], str]:
    terms = [_terms(mask, heatmap) for mask in proposals.masks]
    ranking = _ranked(proposals, [max(0.0, each["match"]) for each in terms], terms)
    best = ranking[0].terms
    return ranking, (
        f"its shape matches the heatmap best (correlation {best['match']:.2f}): it holds {best['heat_share']:.0%} of the heat "
        f"in {best['area_fraction']:.0%} of the picture"
    )


def _terms(mask: np.ndarray, heatmap: np.ndarray) -> dict[str, float]:
    """What the default score is made of, and what helps to understand it."""
    rows, columns = heatmap.shape
    # The share of every patch that the mask covers: exact sums over the patches, without any upsampling.
    cover = np.asarray(
        Image.fromarray(mask.astype(np.float32)).resize((columns, rows), Image.Resampling.BOX), dtype=np.float64
    )
    heat = minmax(heatmap).astype(np.float64)
    inside, outside = float(cover.sum()), float((1 - cover).sum())
    total = float(heat.sum())
    hot = peak(heatmap, mask.shape)
    return {
        "match": _correlation(cover, heat),
        "heat_share": float((cover * heat).sum()) / total if total > 0 else 0.0,
        "heat_inside": float((cover * heat).sum()) / inside if inside > 0 else 0.0,
        "heat_outside": float(((1 - cover) * heat).sum()) / outside if outside > 0 else 0.0,
        "covers_peak": float(hot is not None and mask[hot[1], hot[0]]),
        "pieces": float(_pieces(mask)),
        "area_fraction": float(np.count_nonzero(mask)) / mask.size,
    }


def _correlation(cover: np.ndarray, heat: np.ndarray) -> float:
    a, b = cover - cover.mean(), heat - heat.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 1e-12 else 0.0


def _ranked(proposals: Proposals, scores: list[float], terms: list[dict[str, float]]) -> tuple[RankedProposal, ...]:
    """Best first. Scores within 1e-9 of one another are a tie, so that rounding does not decide."""
    order = sorted(
        range(len(scores)),
        key=lambda i: (-round(scores[i] / _TIE), -float(proposals.scores[i]), -terms[i]["area_fraction"], i),
    )
    return tuple(RankedProposal(index, scores[index], terms[index]) for index in order)


def _margin(ranking: tuple[RankedProposal, ...], proposals: Proposals) -> float:
    best = ranking[0]
    if best.score <= 0:
        return 0.0
    mask = proposals.masks[best.index]
    for rival in ranking[1:]:
        other = proposals.masks[rival.index]
        union = np.count_nonzero(mask | other)
        if union and np.count_nonzero(mask & other) < RIVAL_IOU * union:
            return float(min(1.0, max(0.0, (best.score - rival.score) / best.score)))
    return 1.0


def _pieces(mask: np.ndarray) -> int:
    """How many 4-connected pieces a mask has."""
    from scipy import ndimage

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0
    return int(ndimage.label(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])[1])


def _upsampled(heatmap: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bicubic and min-maxed, as the paper's rule has it; not clipped, so that the maximum is one pixel."""
    height, width = size
    picture = Image.fromarray(minmax(heatmap)).resize((width, height), Image.Resampling.BICUBIC)
    return minmax(np.asarray(picture, dtype=np.float32))
