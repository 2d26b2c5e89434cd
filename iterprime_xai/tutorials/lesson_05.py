"""Checks of lesson 5: the weights of the blend, the stop rule, what a threshold hides, and when looking on pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of


@exercise(
    "5.1", "The first look keeps (1 - a) to the power of n - 1, and each later one what the looks after it leave."
)
def check_weights(weights: Callable[[int, float], Any]) -> None:
    """``weights(n, a)``: how much each of n looks counts in the blended map, the first look first."""
    for n, a in ((3, 0.2), (1, 0.2), (2, 0.5), (5, 0.3)):
        found = np.asarray(result_of(weights, n, a), np.float64)
        expect(found.shape == (n,), f"For n = {n} there should be {n} numbers, but the shape is {found.shape}.")
        right = _blend_weights(n, a)
        if np.allclose(found, right):
            continue
        if n == 1:
            raise Hint("With one look there is nothing to blend: what must its weight be? Try weights(1, 0.2).")
        if np.allclose(found, right[::-1]):
            raise Hint("The numbers are right, but the order is not: the first look comes first.")
        if np.allclose(found, _blend_weights(n, 1 - a)):
            raise Hint("The newest map gets a, what was there before gets 1 - a. You have it the other way round.")
        total = float(found.sum())
        expect(
            abs(total - 1) < 1e-6,
            f"For n = {n}, a = {a} your weights sum to {total:.3f}. Each blend is a weighted mean, so they must sum to 1.",
        )
        raise Hint(
            f"For n = {n}, a = {a} they sum to 1, as they must, but are not those of the blend. Write B after two and after three "
            "looks as a sum of A1, A2, A3."
        )


def _blend_weights(n: int, a: float) -> np.ndarray:
    weights = np.eye(n)[0]
    for number in range(1, n):
        weights = (1 - a) * weights + a * np.eye(n)[number]
    return weights


@exercise("5.2", "Each look is compared with the one just before it, and the first fall ends everything.")
def check_counted(counted: Callable[[list[float], bool], Any]) -> None:
    """``counted(probabilities, keep_rejected)``: the numbers of the looks that enter the map."""
    for probabilities in _PROBABILITIES:
        for keep_rejected in (False, True):
            given = list(probabilities)
            found = [int(each) for each in result_of(counted, given, keep_rejected)]
            right = _counted(probabilities, keep_rejected)
            if found != right:
                raise Hint(_why_not(list(probabilities), keep_rejected, found))


_PROBABILITIES = (
    (0.5,),
    (0.4, 0.6, 0.7),
    (0.5, 0.5, 0.6),
    (0.9, 0.3),
    (0.9, 0.3, 0.95),
    (0.4, 0.8, 0.6, 0.7),
)


def _counted(probabilities: Sequence[float], keep_rejected: bool) -> list[int]:
    numbers = [0]
    for number, (before, now) in enumerate(pairwise(probabilities), 1):
        if now >= before or keep_rejected:
            numbers.append(number)
        if now < before:
            break
    return numbers


def _why_not(given: list[float], keep_rejected: bool, found: list[int]) -> str:
    said = f"For probabilities {given} and keep_rejected={keep_rejected} your answer is {found}. "
    right = _counted(given, keep_rejected)
    if 0 not in found:
        return said + "The first look always counts, and its number is 0."
    if keep_rejected and found == _counted(given, False):
        return said + "With keep_rejected the look that fell is in the map, too."
    if not keep_rejected and found == _counted(given, True) and given != sorted(given):
        return said + "Without keep_rejected the look that fell is left out."
    falls = [number for number in range(1, len(given)) if given[number] < given[number - 1]]
    if falls and max(found) > falls[0]:
        if given[falls[0]] >= given[0]:
            return said + "Each look is compared with the look before it, not with the first one."
        return said + "After a fall nobody looks any more: what comes later was never seen."
    if any(given[number] == given[number - 1] and number not in found for number in right[1:]):
        return said + "An equal probability is not a fall."
    return said + "Go through the looks one by one: did it fall? does it count? is there a next one?"


@exercise("5.3", "One hot patch sets the scale, and the rest of the same thing stays in sight.")
def check_stubborn(stubborn: Any) -> None:
    """A 4 x 4 map with nearly all heat on its upper left 2 x 2 patches, of which threshold 0.5 hides one."""
    heat = np.asarray(stubborn, np.float64)
    expect(heat.shape == (4, 4), f"The map should have the shape (4, 4), but has {heat.shape}.")
    expect(np.isfinite(heat).all() and (heat >= 0).all(), "Heat here is a finite number of at least 0 in every patch.")
    expect(heat.max() > 0, "This map is blank: it has no heat at all.")
    expect(heat.max() > heat.min(), "This map is flat. Min-max of it is 0 everywhere, and nothing is hidden at all.")
    target = heat[:2, :2]
    share = float(target.sum() / heat.sum())
    hidden = (heat - heat.min()) / (heat.max() - heat.min()) >= 0.5
    expect(share >= 0.9, f"Only {share:.0%} of the heat lies on the target, the upper left 2 x 2 patches.")
    expect(
        float(target.min()) >= heat.max() / 10,
        "A patch of the target is colder than a tenth of the peak: then hardly any of the thing is left to be seen again.",
    )
    expect(
        hidden.sum() <= 1,
        f"{int(hidden.sum())} patches are hidden. Which number decides for *all* patches whether they reach 0.5?",
    )


@exercise("5.4", "A repair rate means nothing without the rate of damage: together they say for whom it pays.")
def check_break_even(break_even: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """``break_even(first, after)``: the share of right first looks at which gains and losses are equal."""
    for wrong, repaired, right, spoiled in ((10, 4, 90, 36), (40, 10, 60, 6), (20, 10, 80, 8)):
        first = np.repeat([False, True], (wrong, right))
        after = np.concatenate([np.arange(wrong) < repaired, np.arange(right) >= spoiled])
        found = float(result_of(break_even, first, after))
        repair, spoil = repaired / wrong, spoiled / right
        if abs(found - repair / (repair + spoil)) < 1e-6:
            continue
        said = f"Of {wrong} wrong ones {repaired} are put right, of {right} right ones {spoiled} wrong; you say {found:.3f}. "
        if abs(found - spoil / (repair + spoil)) < 1e-6:
            raise Hint(said + "That is the share of *wrong* first looks. Asked is the share of right ones.")
        if abs(found - repaired / (repaired + spoiled)) < 1e-6:
            raise Hint(
                said + "You divided counts. Counts depend on how many were right on *these* data; what carries over to "
                "another model are the shares of the wrong and of the right ones."
            )
        if abs(found - repair / spoil) < 1e-6 or not 0 <= found <= 1:
            raise Hint(
                said + "A share lies between 0 and 1. Call it x and write down: gains (1 - x) * ... = losses x * ..."
            )
        raise Hint(
            said
            + "Call the share x. Of all phrases, 1 - x are wrong at first and some of them are gained; x are right and some "
            "of them are lost. Set both equal and solve for x."
        )
