"""Checks of lesson 10: the vectors of masks, the left part of a picture, counting from a side, and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of


@exercise("10.1", "Both vectors have length 1 before alpha weighs them, so alpha alone decides.")
def check_mask_vectors(mask_vectors: Callable[[Any, Any, float], Any]) -> None:
    """``mask_vectors(f_global, f_local, alpha)`` is alpha g / |g| + (1 - alpha) l / |l|, mask by mask: (masks, width)."""
    import torch

    random = torch.Generator().manual_seed(10)
    inside = 7 * torch.randn(4, 6, generator=random)
    crops = 0.3 * torch.randn(4, 6, generator=random)
    one, two = (each / each.norm(dim=-1, keepdim=True) for each in (inside, crops))
    for alpha in (0.95, 0.3):
        right = alpha * one + (1 - alpha) * two
        found = result_of(mask_vectors, inside.clone(), crops.clone(), alpha)
        expect(
            isinstance(found, torch.Tensor) and found.shape == right.shape,
            "A tensor (masks, width) was expected: one vector for every mask.",
        )

        def same(other: Any, found: Any = found) -> bool:
            return torch.allclose(found, other, atol=1e-5)

        if same(right):
            continue
        raw = alpha * inside + (1 - alpha) * crops
        if same(raw) or same(raw / raw.norm(dim=-1, keepdim=True)):
            raise Hint(
                "The vectors are summed as they come, and the longer one wins. Which length should each have *first*?"
            )
        if same((1 - alpha) * one + alpha * two):
            raise Hint("Alpha sits at the wrong vector. Which of the two should it weigh?")
        if same(alpha * inside / inside.norm() + (1 - alpha) * crops / crops.norm()):
            raise Hint("You divided by the length of the whole table. Every mask's own vector should have length 1.")
        if same(alpha * one + (1 - alpha) * crops) or same(alpha * inside + (1 - alpha) * two):
            raise Hint("One of the two has length 1, the other not yet.")
        if same(one + two):
            raise Hint("Alpha is missing: both weigh the same here.")
        if same(right / right.norm(dim=-1, keepdim=True)):
            continue  # a cosine comes next: the length of the sum does not matter
        raise Hint("Not yet. First bring each vector to length 1 (along the width), then take the weighted sum.")


@exercise("10.2", "The masks' own median splits them: left is where most masks are not.")
def check_in_the_left_part(in_the_left_part: Callable[[Any], Any]) -> None:
    """``in_the_left_part(masks)`` is bool (masks,): the mean column of a mask lies below the median of all of them."""
    import numpy as np

    cases = (((24, 30, 33, 36, 2), (9, 0, 6, 3, 12)), ((0, 4, 8, 36, 33), (12, 3, 0, 9, 6)), ((2, 30, 33), (6, 3, 0)))
    centres, found = [], []
    for starts, tops in cases:
        masks = np.zeros((len(starts), 20, 40), bool)
        for place, (start, top) in enumerate(zip(starts, tops, strict=True)):
            masks[place, top : top + 3, start : start + 3] = True
        centres.append((np.array(starts) + 1.0, np.array(tops) + 1.0))
        each = np.asarray(result_of(in_the_left_part, masks))
        expect(
            each.shape == (len(starts),),
            f"One answer a mask was expected, shape ({len(starts)},), but the result has shape {each.shape}.",
        )
        expect(each.dtype == np.bool_, f"True or False for every mask was expected, not {each.dtype}.")
        found.append(each)

    def all_by(rule: Callable[[Any, Any], Any]) -> bool:
        return all(np.array_equal(each, rule(*both)) for each, both in zip(found, centres, strict=True))

    if all_by(lambda columns, rows: columns < np.median(columns)):
        return
    if all_by(lambda columns, rows: columns < 20):
        raise Hint(
            "That is the left half of the *picture*. The rule splits where the masks' centres have their median."
        )
    if all_by(lambda columns, rows: columns > np.median(columns)) or all_by(lambda c, rows: c >= np.median(c)):
        raise Hint("That is the other side. Column 0 is the left edge.")
    if all_by(lambda columns, rows: rows < np.median(rows)):
        raise Hint("That is the upper part. `np.nonzero(mask)` gives rows first, then columns.")
    if all_by(lambda columns, rows: columns <= np.median(columns)):
        raise Hint("The mask *at* the median does not lie below it.")
    if all_by(lambda columns, rows: columns < columns.mean()):
        raise Hint("You split at the mean. One mask far out moves the mean, but not the median.")
    columns = centres[0][0]
    wanted = np.flatnonzero(columns < np.median(columns)).tolist()
    raise Hint(f"Not yet: with centres at columns {columns.tolist()} the masks {wanted} are in the left part.")


@exercise("10.3", "It counts only what fits, and from the side that is named.")
def check_nth_from(nth_from: Callable[[Any, Any, int, str], Any]) -> None:
    """``nth_from(columns, fits, number, side)`` is the place of the number-th fitting mask from the side."""
    import numpy as np

    columns = np.array([30.0, 5.0, 18.0, 11.0, 24.0])
    fits = np.array([True, False, True, True, False])
    cases = (("left", 2), ("left", 1), ("right", 1), ("right", 3), ("left", 9))
    found = []
    for side, number in cases:
        try:
            each = result_of(nth_from, columns.copy(), fits.copy(), number, side)
        except IndexError as error:
            if number == 9:
                raise Hint("It stops where fewer masks fit than are counted. Take the last one there.") from error
            raise
        if isinstance(each, str) or np.ndim(each) != 0:
            raise Hint("One number was expected: the place of a mask in the list.")
        if not float(each).is_integer() or not 0 <= float(each) < len(columns):
            raise Hint(f"{each} is no place in a list of {len(columns)}. Return the index of the mask, not its column.")
        found.append(int(each))

    def all_by(listed: Callable[[str], list[int]], first: int = 1) -> bool:
        """Whether every answer is the ``number``-th of the places that are listed for the side."""
        takes = ((listed(side), number) for side, number in cases)
        return found == [places[max(0, min(number - first, len(places) - 1))] for places, number in takes]

    def ordered(side: str) -> list[int]:
        return [int(each) for each in (np.argsort(columns) if side == "left" else np.argsort(-columns))]

    def fitting(side: str) -> list[int]:
        return [each for each in ordered(side) if fits[each]]

    if all_by(fitting):
        return
    if all_by(ordered):
        raise Hint("You count every mask. The second *bike* is not the second *thing*: count those that fit.")
    if all_by(lambda side: fitting(side)[::-1]):
        raise Hint("You count from the wrong side. Column 0 is the left edge.")
    if all_by(fitting, first=0):
        raise Hint("You are one too far: `number` counts from 1, a list from 0.")
    if all_by(lambda side: np.flatnonzero(fits).tolist()):
        raise Hint("You count in the order of the list. Order the masks by their columns first.")
    if all_by(lambda side: np.argsort(columns[fits] * (1 if side == "left" else -1)).tolist()):
        raise Hint("That is a place among those that fit. Return the place in the whole list.")
    if all_by(lambda side: fitting("left")):
        raise Hint("From the left it is right. What changes when the side is the right one?")
    place = next(
        place for place, (side, number) in enumerate(cases) if found[place] != fitting(side)[min(number, 3) - 1]
    )
    side, number = cases[place]
    raise Hint(
        f"Number {number} from the {side} is not mask {found[place]}. Which masks fit, and in what order do they stand?"
    )


@exercise("10.4", "An interval that holds 0 decides nothing, however large the difference looks.")
def check_verdict(verdict: Callable[[Sequence[float], Sequence[float], Sequence[str]], Any]) -> None:
    """``verdict(before, after, pictures)`` is "helps", "hurts" or "cannot tell"."""
    import numpy as np

    from iterprime_xai.evaluation.bootstrap import difference

    random = np.random.default_rng(10)
    pictures = [f"picture {place // 3}" for place in range(120)]
    before = (random.random(120) < 0.5).astype(float)
    better, worse, noisy = before.copy(), before.copy(), before.copy()
    better[:36], worse[:36] = 1.0, 0.0
    noisy[[3, 40, 77, 100, 118]] = 1 - noisy[[3, 40, 77, 100, 118]]
    clumped = np.zeros(30)
    clumped[:10] = 1.0
    cases: tuple[tuple[Any, Any, list[str], str], ...] = (
        (before, better, pictures, "helps"),
        (before, worse, pictures, "hurts"),
        (before, noisy, pictures, "cannot tell"),
        (before, before.copy(), pictures, "cannot tell"),
        (np.zeros(30), clumped, ["one"] * 10 + ["two"] * 10 + ["three"] * 10, "cannot tell"),
    )
    for old, new, named, right in cases:
        found = result_of(verdict, old, new, named)
        expect(
            found in ("helps", "hurts", "cannot tell"),
            f'"helps", "hurts" or "cannot tell" was expected, but {found!r} came back.',
        )
        if found == right:
            continue
        if {found, right} == {"helps", "hurts"}:
            raise Hint(
                "It is the other way round. `difference(values, others, ...)` is values less others: which is which?"
            )
        d = difference(new, old, named)
        if right == "cannot tell" and len(set(named)) == 3:
            raise Hint("Ten phrases got better, but all about one picture of three. Did you hand over the pictures?")
        if right == "cannot tell":
            raise Hint(
                f"The mean is {d.mean:+.3f}, but the interval [{d.low:.3f}, {d.high:.3f}] holds 0. What follows from that?"
            )
        raise Hint(f"The interval is [{d.low:.3f}, {d.high:.3f}] and leaves out 0. That can be told.")
