"""Checks of lesson 6: the fit of a mask, a mask that fools a rule, metrics that disagree, and one redraw of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of


@exercise("6.1", "Correlation punishes a mask for the heat that it leaves out and for the cold that it encloses.")
def check_fit(fit: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """``fit(shares, heat)``: correlation of each mask's patch shares with the heat."""
    random = np.random.default_rng(6)
    for rows, columns in ((4, 5), (7, 7)):
        shares, heat = random.random((6, rows, columns)) ** 3, random.random((rows, columns)) ** 2
        found = np.asarray(result_of(fit, shares.copy(), heat.copy()), np.float64)
        expect(found.shape == (6,), f"For 6 masks there should be 6 numbers, but the shape is {found.shape}.")
        cover, values = shares.reshape(6, -1), heat.ravel()
        centred, level = cover - cover.mean(1, keepdims=True), values - values.mean()
        right = centred @ level / np.sqrt((centred**2).sum(1) * (level**2).sum())
        if np.allclose(found, right):
            continue
        for wrong, hint in (
            (cover @ values, "That is the sum of the heat inside, which large masks win."),
            (cover @ values / cover.sum(1), "That is the mean heat inside, which specks win."),
            (centred @ level, "Means are taken away, but the lengths are missing: large masks get large numbers."),
            (
                cover @ values / np.sqrt((cover**2).sum(1) * (values**2).sum()),
                "That is the cosine: the means are still in it. Take them away first, of the shares and of the heat.",
            ),
        ):
            expect(not np.allclose(found, wrong), hint)
        over_all = cover - cover.mean()
        expect(
            not np.allclose(found, over_all @ level / np.sqrt((over_all**2).sum(1) * (level**2).sum())),
            "You took one mean over all masks together. Each mask has its own: axis=1, keepdims=True.",
        )
        expect(np.isfinite(found).all(), "Some of the numbers are not finite.")
        expect(np.abs(found).max() <= 1 + 1e-6, "A correlation lies between -1 and 1. By which lengths do you divide?")
        raise Hint(
            "In range, but not the correlation. Compare one mask with np.corrcoef(shares[0].ravel(), heat.ravel())."
        )


@exercise(
    "6.2",
    "A speck at the peak has the highest mean: the rule cannot know that a thing is larger than its hottest part.",
)
def check_fool(fool: Any, heatmap: np.ndarray, truth: np.ndarray) -> None:
    """A bool mask that rule ``paper`` prefers to the true one, with an IoU below 0.5."""
    from iterprime_xai.masks import select
    from iterprime_xai.records import Proposals
    from iterprime_xai.records.overlap import iou

    mask = np.asarray(fool)
    expect(mask.shape == truth.shape, f"The mask should have the picture's size {truth.shape}, but has {mask.shape}.")
    expect(mask.dtype == np.bool_, f"A mask is bool, but this is {mask.dtype}: compare, as in fine >= ...")
    expect(mask.any(), "This mask is empty: nobody can choose it.")
    overlap = iou(mask, truth)
    expect(overlap < 0.5, f"Its IoU with the true mask is {overlap:.2f}: that is a hit, not a fool.")
    selection = select(Proposals(np.stack([truth, mask]), np.ones(2, np.float32), "exercise"), heatmap, rule="paper")
    if selection.answer == 1:
        return
    terms = next(each.terms for each in selection.ranking if each.index == 1)
    expect(terms["covers_peak"] > 0, "The rule only takes masks that cover the hottest pixel. Where is it?")
    expect(terms["pieces"] <= 12, f"The mask has {int(terms['pieces'])} pieces; the rule takes at most 12.")
    raise Hint(
        f"The true mask still wins: your mean of 1 + heat is {terms['mean_one_plus_heat']:.2f}. Which pixels pull a mean down?"
    )


@exercise("6.3", "One answer that floods the picture fills the union of the whole set: oIoU sees it, mIoU hardly does.")
def check_disagree(gold: Any, one: Any, other: Any) -> None:
    """Masks of equal things by which ``one`` is ahead in oIoU and behind in mIoU."""
    lists = [[np.asarray(mask) for mask in masks] for masks in (gold, one, other)]
    count = len(lists[0])
    expect(count >= 3, f"At least three pictures are asked for, but there are {count}.")
    expect(all(len(masks) == count for masks in lists), "All three lists need one mask a picture.")
    shape = lists[0][0].shape
    for mask in (mask for masks in lists for mask in masks):
        expect(mask.dtype == np.bool_ and mask.shape == shape, "All masks must be bool and of one shape.")
    sizes = {int(mask.sum()) for mask in lists[0]}
    expect(0 not in sizes, "A gold mask is empty: there is nothing to be found.")
    expect(
        len(sizes) == 1,
        f"The gold masks have different sizes ({', '.join(map(str, sorted(sizes)))} pixels): here all things are equally large. "
        "What else than the thing is in a union?",
    )
    mean_one, overall_one = _both(lists[1], lists[0])
    mean_other, overall_other = _both(lists[2], lists[0])
    said = f"mIoU {mean_one:.2f} and {mean_other:.2f}, oIoU {overall_one:.2f} and {overall_other:.2f} (one and other). "
    if (
        overall_one <= overall_other
        and mean_one >= mean_other
        and (overall_one, mean_one) != (overall_other, mean_other)
    ):
        raise Hint(said + "They disagree the other way round: exchange the two systems.")
    expect(
        mean_other - mean_one >= 0.1,
        said
        + "`one` should be behind in mIoU by 0.1. How does a system get a high *mean* in spite of one very bad answer?",
    )
    expect(
        overall_one - overall_other >= 0.1,
        said + "`one` should be ahead in oIoU by 0.1. With what single answer can `other` spoil the sum of unions?",
    )


def _both(masks: Sequence[np.ndarray], gold: Sequence[np.ndarray]) -> tuple[float, float]:
    shared = np.array([(mask & truth).sum() for mask, truth in zip(masks, gold, strict=True)])
    united = np.array([(mask | truth).sum() for mask, truth in zip(masks, gold, strict=True)])
    return float((shared / united).mean()), float(shared.sum() / united.sum())


@exercise("6.4", "Pictures are drawn whole and with replacement, and the ratio is made of what was drawn.")
def check_redraw(redraw: Callable[..., Any]) -> None:
    """``redraw(intersections, unions, pictures, random)``: oIoU of one draw of pictures."""
    random = np.random.default_rng(7)

    def values(shared: Sequence[float], united: Sequence[float], names: Sequence[str], times: int = 200) -> np.ndarray:
        given = np.array(shared, np.float64), np.array(united, np.float64), np.array(names)
        return np.array([float(result_of(redraw, *given, random)) for _ in range(times)])

    sole = values([90, 0], [100, 1], ["a", "a"], 5)
    expect(not np.allclose(sole, 0.45), "That is the mean of the IoUs. oIoU is all intersections over all unions.")
    many = values([1, 1, 1, 0, 0, 0], [1] * 6, list("aaabbb"))
    expect(np.isfinite(many).all(), "Some draws give no finite number.")
    expect(np.ptp(many) > 0, "Every draw gives the same. Draw *with* replacement, anew each time, from `random`.")
    expect(
        np.isclose(many[:, None], [0, 0.5, 1]).any(1).all(),
        "Of two pictures with three phrases each, the phrases of one picture were torn apart: draw pictures, then take all phrases "
        "of each.",
    )
    expect(
        np.allclose(sole, 90 / 101),
        f"With a single picture every draw is the whole set, 90 / 101, but you have {sole[0]:.3f}.",
    )
    thrice = values([1, 0, 0], [1, 1, 1], list("abc"))
    expect(
        not np.isclose(thrice, 0.5).any(),
        "A picture that was drawn twice counted once (of three pictures came one half). It must count twice, with all its phrases.",
    )
    expect(
        np.isclose(thrice[:, None], np.arange(4) / 3).any(1).all(),
        "Draw as many pictures as there are different ones, and no others.",
    )
    expect(
        abs(thrice.mean() - 1 / 3) < 0.1, "Some pictures are drawn more often than others: each has the same chance."
    )
