"""The checks of lesson 7, doubting the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of

_RANKS = "Spearman's correlation sees the order of the patches and nothing else."


@exercise(
    "7.1", "The heat itself is gone and only the order is left, which is why two maps can agree that peak elsewhere."
)
def check_rank_correlation(function: Callable[..., Any]) -> None:
    """``function(first, second)`` against Spearman's correlation of small maps without ties."""
    import numpy as np

    random = np.random.default_rng(7)
    for shape in ((3, 4), (2, 9)):
        first, second = (np.exp(3 * random.normal(size=shape)) for _ in range(2))
        second = second + first  # somewhat alike, so that signs and shortcuts show
        found = result_of(function, first.copy(), second.copy())
        if np.shape(found) == (2, 2):
            raise Hint(
                "np.corrcoef gives a matrix of 2 x 2: the correlation of the first with the second stands beside its diagonal."
            )
        expect(np.ndim(found) == 0, f"One number was expected, but an array of shape {np.shape(found)} came. {_RANKS}")
        _judge_correlation(float(found), first, second)
    expect(
        abs(float(result_of(function, first, -first)) + 1) < 1e-6,
        "A map and its negative have opposite orders: -1 was expected.",
    )


def _judge_correlation(found: float, first: Any, second: Any) -> None:
    import numpy as np

    def correlated(a: Any, b: Any) -> float:
        return float(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])

    def ranks(values: Any) -> Any:
        return values.argsort(axis=-1).argsort(axis=-1)

    expected = correlated(ranks(first.ravel()), ranks(second.ravel()))
    if abs(found - expected) < 1e-6:
        return
    mistakes = {
        "That correlates the heat itself (Pearson). Put the rank of every patch in its place first.": (first, second),
        "argsort tells which patch comes first, second, third. A rank is the reverse: for each patch, the place it came in.": (
            first.ravel().argsort(),
            second.ravel().argsort(),
        ),
        "The patches were ranked within each row of the map. All patches of a map stand in one ranking: flatten it first.": (
            ranks(first),
            ranks(second),
        ),
        "Only one of the maps was ranked.": (ranks(first.ravel()), second),
    }
    for hint, pair in mistakes.items():
        if abs(found - correlated(*pair)) < 1e-6:
            raise Hint(hint)
    if abs(found + expected) < 1e-6:
        raise Hint("The sign is turned round: one map was ranked from hot to cold, the other from cold to hot.")
    raise Hint(f"Of one pair of maps came {found:.3f}, but their orders correlate with {expected:.3f}. {_RANKS}")


@exercise("7.2", "No model was asked, and the test is passed: one sanity check rules out one kind of nonsense.")
def check_cheat(function: Callable[..., Any]) -> None:
    """``function(pixels, phrase)`` must come back when asked again, and change with the phrase."""
    import numpy as np

    from iterprime_xai.evaluation.explanation.agreement import likeness_to

    pixels = np.random.default_rng(1).integers(0, 256, (28, 42, 3)).astype(np.uint8)
    phrases = ("the red bike", "the dog", "a bird", "the tree on the left", "zebra", "second cat from the right")
    maps = [_as_map(result_of(function, pixels.copy(), phrase)) for phrase in phrases]
    again = [_as_map(result_of(function, pixels.copy(), phrase)) for phrase in phrases]
    expect(
        not any(each.max() == each.min() for each in maps),
        "A flat map has no order of its patches that could change: it is never believed.",
    )
    repeated = [likeness_to(*pair, "spearman") for pair in zip(maps, again, strict=True)]
    expect(
        min(repeated) >= 0.5,
        f"Asked the same twice, two maps came that are alike by {min(repeated):.2f} only. Noise is found out by asking again: "
        "what must the random numbers depend on?",
    )
    changed = [likeness_to(maps[0], each, "spearman") for each in maps[1:]]
    expect(
        min(changed) < 0.99,
        "The map is the same whatever is asked: that is the edge detector's way. Let it depend on the phrase.",
    )
    expect(
        float(np.mean(changed)) < 0.5,
        f"With another phrase the map is still alike by {np.mean(changed):.2f} in the mean; below 0.5 counts as another map.",
    )
    other = _as_map(result_of(function, 255 - pixels, phrases[0]))
    expect(np.isfinite(other).all(), "With another picture came values that are not finite.")


def _as_map(found: Any) -> Any:
    import numpy as np

    if not isinstance(found, np.ndarray) or found.ndim != 2:
        what = f"shape {found.shape}" if isinstance(found, np.ndarray) else f"a {type(found).__name__}"
        raise Hint(f"A map is an array of shape (14, 14), but {what} came.")
    found = found.astype(np.float64)
    expect(np.isfinite(found).all(), "The map holds values that are not finite.")
    return found


@exercise(
    "7.3",
    "The mean mask is the hit rate of every constant answer, and its maximum is the floor that a method must beat.",
)
def check_best_guess(function: Callable[..., Any]) -> None:
    """``function(masks)`` must find the pixel that lies on most masks."""
    import numpy as np

    for seed in range(3):
        masks, spot = _targets(seed)
        found = result_of(function, masks.copy())
        if not isinstance(found, tuple | list) or len(found) != 3:
            raise Hint("Three values were expected, in this order: row, column, share.")
        row, column, share = found
        _judge_guess(int(row), int(column), float(share), masks, spot)
    every = np.ones((4, 5, 6), bool)
    expect(float(result_of(function, every)[2]) == 1, "Where all pixels lie on all targets, the share is 1.")


def _targets(seed: int) -> tuple[Any, tuple[int, int]]:
    """Masks (9, 11, 17) whose best pixel is neither their middle nor the middle of their positions, nor on the diagonal."""
    import numpy as np

    random = np.random.default_rng(seed)
    masks, spot = np.zeros((9, 11, 17), bool), (int(random.integers(0, 3)), int(random.integers(12, 16)))
    for number, mask in enumerate(masks):
        if number < 5:
            mask[spot] = True
        top, left = int(random.integers(5, 8)), int(random.integers(1, 8))
        if number != 2:  # one target is the best pixel and nothing else
            mask[top : top + 2, left : left + 1 + number % 3] = True
    # What else lies on as many is taken away: there is one best pixel.
    rival = masks.sum(0) >= 4
    rival[spot] = False
    masks[:, rival] = False
    masks[5:, 4, 3] = True
    return masks, spot


def _judge_guess(row: int, column: int, share: float, masks: Any, spot: tuple[int, int]) -> None:
    import numpy as np

    mean = masks.mean(0)
    if (row, column) == spot[::-1] and spot[0] != spot[1]:
        raise Hint("Row and column are exchanged: the row comes first, as in masks[:, row, column].")
    if (row, column) == (masks.shape[1] // 2, masks.shape[2] // 2):
        raise Hint("That is the middle of the picture. Which pixel lies on *most* targets?")
    if (row, column) != spot:
        centres = np.array([np.argwhere(mask).mean(0) for mask in masks if mask.any()])
        if np.abs(centres.mean(0) - (row, column)).max() <= 1:
            raise Hint(
                "That is the mean of the targets' positions. It may lie on none of them: count hits, pixel by pixel."
            )
        inside = 0 <= row < masks.shape[1] and 0 <= column < masks.shape[2]
        hit = f"lies on {mean[row, column]:.0%} of the targets" if inside else "lies outside the picture"
        raise Hint(f"Pixel ({row}, {column}) {hit}; another one lies on {mean.max():.0%}.")
    if abs(share - mean.max()) > 1e-9:
        of = "the number of targets" if share == masks.sum(0).max() else "something else"
        raise Hint(
            f"The pixel is right, but the share is {of}: {mean.max():.2f} was expected here, and {share:.2f} came."
        )


@exercise(
    "7.4", "Only the order of the patches counts, and the curve begins with the whole picture and ends with nothing."
)
def check_deletion(function: Callable[..., Any]) -> None:
    """``function(score, heatmap)`` must hide the hottest patches first, one more each time."""
    import numpy as np

    random = np.random.default_rng(5)
    for shape in ((3, 4), (2, 5)):
        heatmap = random.permutation(int(np.prod(shape))).reshape(shape).astype(np.float32)
        worth = random.random(shape)
        worth /= worth.sum()

        def score(keep: Any, worth: Any = worth, shape: tuple[int, int] = shape) -> float:
            if np.shape(keep) != shape:
                raise Hint(f"score takes bool (rows, columns) = {shape}, but was asked with shape {np.shape(keep)}.")
            if np.asarray(keep).dtype != np.bool_:
                raise Hint(
                    f"score takes a bool array, true where a patch is kept, but was asked with {np.asarray(keep).dtype}."
                )
            return float(worth[np.asarray(keep)].sum())

        found = np.asarray(result_of(function, score, heatmap.copy()), float).ravel()
        _judge_curve(found, heatmap, worth)


def _judge_curve(found: Any, heatmap: Any, worth: Any) -> None:
    import numpy as np

    hottest = heatmap.ravel().argsort()[::-1]
    gone = worth.ravel()[hottest]

    def curve(order: Any) -> Any:
        return np.concatenate([[1.0], 1 - np.cumsum(worth.ravel()[order])])

    expected, size = curve(hottest), heatmap.size
    if len(found) == size and np.allclose(found, expected[1:]):
        raise Hint("The beginning is missing: the first value is the one with nothing hidden.")
    if len(found) == size and np.allclose(found, expected[:-1]):
        raise Hint("The end is missing: the last value is the one with nothing left.")
    expect(
        len(found) == size + 1,
        f"Of {size} patches come {size + 1} values, from nothing hidden to all hidden, but {len(found)} came.",
    )
    if np.allclose(found, expected):
        return
    if np.allclose(found, curve(hottest[::-1])):
        raise Hint("The coldest patches went first. That is a good control, but the question was about the hottest.")
    if np.allclose(found, 1 - expected):
        raise Hint("Hidden and kept are exchanged: keep is true for the patches that the model may still see.")
    if np.allclose(found[1:], 1 - gone):
        raise Hint("Each patch was hidden alone, with all others back. Here the hidden ones add up.")
    raise Hint("The values are not those of hiding the hottest patch, then the two hottest, and so on to all of them.")
