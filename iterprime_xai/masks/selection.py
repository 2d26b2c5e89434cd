"""The choice among proposals by a heatmap: two rules, every term of the score in the open, and how sure the choice is.

Rule ``default`` (ours): ``score = match * prior``. ``match`` is the correlation, over the patches of the native grid, between the
share of each patch that the mask covers and its heat (0 where negative): a mask that is only the hottest spot of the heat
loses as surely as one that spreads far beyond it, and no threshold or upsampling is needed. ``prior`` is the proposer's own
score, relative to its best. Rule ``paper`` (IteRPrimE's released code): among the masks that cover the hottest pixel and have
at most 12 pieces, the largest ``sum(1 + heat) / (area + 1e-5)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.masks.several import SET_SHARE, several, several_reason
from iterprime_xai.records import OptionError, Proposals, RankedProposal, Selection
from iterprime_xai.records.heatmap import is_blank, minmax, peak
from iterprime_xai.records.overlap import iou
from iterprime_xai.records.packed import Masks, areas, covers, cuts
from iterprime_xai.records.patches import patch_shares
from iterprime_xai.records.proposals import ANSWERS, SELECTION_RULES, Answer

RULES = SELECTION_RULES
MAX_PIECES = 12
"""Rule ``paper``: most 4-connected pieces that a mask may have."""
RIVAL_IOU = 0.5
"""Two masks that overlap less than this are different answers."""

_TIE = 1e-9


def check_answer(answer: Any) -> None:
    """Raises ``OptionError`` for a way to answer that there is not."""
    if answer not in ANSWERS:
        raise OptionError(f"answer must be one of {', '.join(ANSWERS)}, but got {answer!r}.")


def select(
    proposals: Proposals,
    heatmap: np.ndarray,
    *,
    rule: str = "default",
    answer: Answer = "always",
    probability: float | None = None,
    abstain_below: float = 0.5,
    set_share: float = SET_SHARE,
    figure: str = "match probability",
) -> Selection:
    """Rank the proposals by how well they fit the heatmap (native grid, any magnitude), and answer with the best.

    Args:
        proposals: candidate masks (n, height, width).
        heatmap: float (rows, columns), where the model looks.
        rule: "default" or "paper".
        answer: "always" answers whenever there is a proposal; "may_abstain" gives no answer when the heatmap is blank or
            ``probability`` is below ``abstain_below``; "set" abstains likewise, and else adds every other mask that stands out
            as clearly and lies elsewhere, see `masks.several`.
        probability: the match probability of phrase and picture, where known, or another figure of the same use.
        abstain_below: see ``answer``.
        set_share: with "set", the share of the best score that a further mask needs.
        figure: what ``probability`` is, for the reason.

    Ties go to the proposal with the higher proposer score, then to the larger one, then to the first. A blank heatmap
    (flat, or nowhere positive) tells nothing: every score and the margin are 0, and the same order decides. Where nothing
    passes the two filters of rule ``paper``, the filters are dropped one after the other, and the reason says so.

    Raises:
        OptionError: unknown rule or answer, or a heatmap that is not a finite 2-D array.
    """
    if rule not in RULES:
        raise OptionError(f"rule must be one of {', '.join(RULES)}, but got {rule!r}.")
    check_answer(answer)
    heatmap = np.asarray(heatmap)
    if heatmap.ndim != 2 or heatmap.dtype.kind != "f" or not np.isfinite(heatmap).all():
        raise OptionError(
            "heatmap must be a 2-D float array of finite values (rows, columns), but got "
            f"{heatmap.dtype} of shape {heatmap.shape}; check the model's output for NaN."
        )
    if not len(proposals):
        return Selection((), None, 0.0, rule, "there are no proposals to choose from")
    if is_blank(heatmap):
        return _blank(proposals, heatmap, rule, answer)
    ranking, reason = _paper(proposals, heatmap) if rule == "paper" else _default(proposals, heatmap)
    chosen: int | None = ranking[0].index
    if answer != "always" and probability is not None and probability < abstain_below:
        chosen = None
        reason = f"abstained: the {figure} {probability:.3f} is below {abstain_below:g}"
    further: tuple[int, ...] = ()
    if answer == "set" and chosen is not None:
        best = ranking[0].score
        shares = [each.score / best if best > 0 else 0.0 for each in ranking]
        further = several([each.index for each in ranking], shares, proposals.masks, set_share)
        reason = f"{reason}; {several_reason(len(further), set_share)}"
    return Selection(ranking, chosen, margin(ranking, proposals), rule, reason, further)


def _blank(proposals: Proposals, heatmap: np.ndarray, rule: str, answer: str) -> Selection:
    """A heatmap without any difference or any heat: only the proposer's own order is left."""
    why = "nowhere positive" if float(heatmap.max()) > float(heatmap.min()) else "flat"
    terms = [
        {"prior": prior, "area_fraction": area}
        for prior, area in zip(priors(proposals).tolist(), _area_fractions(proposals.masks).tolist(), strict=True)
    ]
    ranking = _ranked(proposals, np.zeros(len(terms)), terms)
    if answer != "always":
        return Selection(ranking, None, 0.0, rule, f"abstained: the heatmap is {why} and tells nothing")
    reason = f"the heatmap is {why} and tells nothing: the mask with the highest proposer score, then the largest, stands first"
    return Selection(ranking, ranking[0].index, 0.0, rule, reason)


def _default(proposals: Proposals, heatmap: np.ndarray) -> tuple[tuple[RankedProposal, ...], str]:
    shares, prior = patch_shares(proposals.masks, heatmap.shape), priors(proposals)
    match = matches(shares, heatmap)
    columns = {"prior": prior, "match": match} | _heat_terms(proposals.masks, shares, heatmap)
    terms = [
        dict(zip(columns, row, strict=True)) for row in zip(*(each.tolist() for each in columns.values()), strict=True)
    ]
    ranking = _ranked(proposals, default_scores(match, prior), terms)
    best = ranking[0]
    if best.score <= 0:
        return ranking, "no mask lies where the heat is: the mask with the highest proposer score stands first"
    return ranking, (
        f"its shape fits the heatmap best (correlation {best.terms['match']:.2f}, prior {best.terms['prior']:.2f}): "
        f"it holds {best.terms['heat_share']:.0%} of the heat in {best.terms['area_fraction']:.0%} of the picture"
    )


def _heat_terms(masks: Masks, shares: np.ndarray, heatmap: np.ndarray) -> dict[str, np.ndarray]:
    """What helps to understand the default scores: how much heat each mask holds, and where; every term float64 (n,)."""
    heat, (height, width) = _relative_heat(heatmap), masks.shape[1:]
    cover = shares.reshape(len(shares), -1)
    inside, held = cover.sum(axis=1), cover @ heat.ravel()
    outside, missed = (1 - cover).sum(axis=1), (1 - cover) @ heat.ravel()
    column, row = peak(heatmap, (height, width)) or (0, 0)
    return {
        "heat_share": held / heat.sum(),
        "heat_inside": np.divide(held, inside, out=np.zeros(len(cover)), where=inside > 0),
        "heat_outside": np.divide(missed, outside, out=np.zeros(len(cover)), where=outside > 1e-9),
        "covers_peak": np.array([covers(box, inside, column, row) for box, inside in cuts(masks)], np.float64),
        "area_fraction": _area_fractions(masks),
    }


def _area_fractions(masks: Masks) -> np.ndarray:
    """The share of the picture that each mask covers, float64 (n,)."""
    return areas(masks) / float(np.prod(masks.shape[1:]))


def priors(proposals: Proposals) -> np.ndarray:
    """The proposer's scores relative to its best, 0 to 1, float64 (n,); all 1 where it prefers none."""
    scores = np.clip(np.nan_to_num(proposals.scores.astype(np.float64)), 0, None)
    best = float(scores.max(initial=0.0))
    return scores / best if best > 0 else np.ones(len(scores))


def matches(shares: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """The correlation, -1 to 1, of each mask's patch shares (n, rows, columns) with the heat: float64 (n,), 0 where either is flat.

    The heatmap (rows, columns) must not be blank.
    """
    cover, heat = shares.reshape(len(shares), -1), _relative_heat(heatmap).ravel()
    cover, heat = cover - cover.mean(axis=1, keepdims=True), heat - heat.mean()
    norms = np.sqrt((cover * cover).sum(axis=1) * (heat * heat).sum())
    return np.divide((cover * heat).sum(axis=1), norms, out=np.zeros(len(cover)), where=norms > 1e-12)


def default_scores(match: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Rule ``default``: ``match * prior``, and 0 where the mask lies where the heat is not; float64 (n,)."""
    return np.maximum(match, 0) * prior


def best_first(scores: np.ndarray, proposer_scores: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Indices of the proposals, the best first, all given as (n,).

    Scores within 1e-9 of one another are a tie, so that rounding does not decide: it goes to the higher proposer score, then
    to the larger area (in any unit), then to the first.
    """
    return np.lexsort((-areas, -proposer_scores.astype(np.float64), -np.round(scores / _TIE)))


def _relative_heat(heatmap: np.ndarray) -> np.ndarray:
    """Heat relative to its peak, 0 where negative."""
    return np.clip(heatmap.astype(np.float64) / float(heatmap.max()), 0, None)


def _paper(proposals: Proposals, heatmap: np.ndarray) -> tuple[tuple[RankedProposal, ...], str]:
    height, width = proposals.masks.shape[1:]
    heat = _upsampled(heatmap, (height, width))
    row, column = (int(each) for each in np.unravel_index(int(np.argmax(heat)), heat.shape))
    terms = []
    for (left, top, right, bottom), inside in cuts(proposals.masks):
        area = int(np.count_nonzero(inside))
        terms.append(
            {
                "mean_one_plus_heat": float(
                    (area + heat[top:bottom, left:right][inside].sum(dtype=np.float64)) / (area + 1e-5)
                ),
                "covers_peak": float(covers((left, top, right, bottom), inside, column, row)),
                "pieces": float(_pieces(inside)),
                "area_fraction": area / (height * width),
            }
        )
    on_peak = [each["covers_peak"] > 0 for each in terms]
    whole = [each["pieces"] <= MAX_PIECES for each in terms]
    if any(passed := [a and b for a, b in zip(on_peak, whole, strict=True)]):
        reason = f"it covers the hottest pixel, has at most {MAX_PIECES} pieces, and the largest mean of 1 + heat"
    elif any(passed := on_peak):
        reason = f"every mask on the hottest pixel has more than {MAX_PIECES} pieces, so the pieces were not counted"
    elif any(passed := whole):
        reason = "no mask covers the hottest pixel, so that was not asked for: the largest mean of 1 + heat"
    else:
        passed, reason = (
            [True] * len(terms),
            "no mask passes either filter, so none was used: the largest mean of 1 + heat",
        )
    for each, ok in zip(terms, passed, strict=True):
        each["passed"] = float(ok)
    scores = np.array([each["mean_one_plus_heat"] * each["passed"] for each in terms])
    return _ranked(proposals, scores, terms), reason


def _ranked(proposals: Proposals, scores: np.ndarray, terms: list[dict[str, float]]) -> tuple[RankedProposal, ...]:
    sizes = np.array([each["area_fraction"] for each in terms])
    order = best_first(scores, proposals.scores, sizes).tolist()
    return tuple(RankedProposal(index, float(scores[index]), terms[index]) for index in order)


def margin(ranking: tuple[RankedProposal, ...], proposals: Proposals) -> float:
    """How far the best stands before the best mask that is another answer (``RIVAL_IOU``), relative to its score: 0 to 1."""
    best = ranking[0]
    if best.score <= 0:
        return 0.0
    mask = proposals.masks[best.index]
    for rival in ranking[1:]:
        if iou(mask, proposals.masks[rival.index]) < RIVAL_IOU:
            return float(min(1.0, max(0.0, (best.score - rival.score) / best.score)))
    return 1.0


def _pieces(inside: np.ndarray) -> int:
    """How many 4-connected pieces a mask, cut to its box, has."""
    from scipy import ndimage

    return int(ndimage.label(inside)[1]) if inside.size else 0


def _upsampled(heatmap: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bicubic and min-maxed, as the paper's rule has it; not clipped, so that the maximum is one pixel."""
    height, width = size
    picture = Image.fromarray(minmax(heatmap)).resize((width, height), Image.Resampling.BICUBIC)
    return minmax(np.asarray(picture, dtype=np.float32))
