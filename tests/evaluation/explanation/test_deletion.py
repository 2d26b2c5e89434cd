"""Deletion and insertion on a score that can be worked out by hand: the share of a picture that is white."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation.explanation import curve
from iterprime_xai.evaluation.explanation.deletion import fill_in
from iterprime_xai.records import OptionError

# Two by two patches of 2 x 3 pixels; the first is white, so the mean is 64 (63.75) and the white share is that of patch one.
PIXELS = np.zeros((4, 6, 3), np.uint8)
PIXELS[:2, :3] = 255
RIGHT = np.array([[4, 3], [2, 1]], np.float32)
WRONG = np.array([[1, 2], [3, 4]], np.float32)


def whites(pictures) -> np.ndarray:
    return np.array([(picture == 255).mean() * 4 for picture in pictures])


def test_deleting_the_white_patch_first_or_last():
    first, last = curve(whites, PIXELS, RIGHT), curve(whites, PIXELS, WRONG)
    np.testing.assert_array_equal(first.fractions, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(first.probabilities, [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(last.probabilities, [1, 1, 1, 1, 0])
    assert (first.area, last.area) == (1 / 8, 7 / 8)
    assert (first.kind, first.fill) == ("deletion", "mean")


def test_inserting_the_white_patch_first_or_last():
    first, last = (curve(whites, PIXELS, heatmap, "insertion") for heatmap in (RIGHT, WRONG))
    np.testing.assert_array_equal(first.probabilities, [0, 1, 1, 1, 1])
    np.testing.assert_array_equal(last.probabilities, [0, 0, 0, 0, 1])
    assert (first.area, last.area) == (7 / 8, 1 / 8)


@pytest.mark.parametrize("fill", ["mean", "blur", "noise"])
def test_each_curve_runs_between_the_picture_and_its_fill(fill):
    seen = []
    pixels = np.random.default_rng(0).integers(0, 255, (11, 13, 3), dtype=np.uint8)

    def score(pictures):
        seen.extend(pictures)
        return np.full(len(pictures), 0.5)

    heatmap = np.random.default_rng(1).random((4, 5)).astype(np.float32)
    found = curve(score, pixels, heatmap, "insertion", fill, seed=3, steps=7)
    assert len(seen) == 8
    np.testing.assert_array_equal(seen[0], fill_in(pixels, fill, 3))
    np.testing.assert_array_equal(seen[-1], pixels)
    assert all(picture.dtype == np.uint8 and picture.shape == pixels.shape for picture in seen)
    assert found.area == pytest.approx(0.5)
    deleted = curve(
        lambda pictures: seen.extend(pictures) or np.zeros(len(pictures)), pixels, heatmap, fill=fill, seed=3, steps=7
    )
    assert deleted.area == 0
    np.testing.assert_array_equal(seen[8], pixels)
    np.testing.assert_array_equal(seen[-1], fill_in(pixels, fill, 3))
    # Deleted and inserted pictures of the same step are each other's rest.
    for deleted_one, inserted_one in zip(seen[8:], seen[:8], strict=True):
        total = deleted_one.astype(int) + inserted_one
        np.testing.assert_array_equal(total, pixels.astype(int) + fill_in(pixels, fill, 3))


def test_patches_go_one_by_one_from_the_hottest():
    seen = []
    rng = np.random.default_rng(0)
    pixels = rng.integers(100, 255, (6, 6, 3), dtype=np.uint8)
    heatmap = rng.permutation(9).reshape(3, 3).astype(np.float32)
    curve(lambda pictures: seen.extend(pictures) or np.ones(len(pictures)), pixels, heatmap, "deletion", "noise")
    gone = [(picture != pixels).any(2).reshape(3, 2, 3, 2).any((1, 3)) for picture in seen]
    for count, patches in enumerate(gone):
        np.testing.assert_array_equal(patches, heatmap >= 9 - count)


def test_fills():
    assert (fill_in(PIXELS, "mean") == 64).all()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (60, 60, 3), dtype=np.uint8)
    noise, blur = fill_in(pixels, "noise", 1), fill_in(pixels, "blur")
    np.testing.assert_array_equal(noise, fill_in(pixels, "noise", 1))
    assert (noise != fill_in(pixels, "noise", 2)).any()
    assert noise.mean() == pytest.approx(pixels.mean(), abs=5)
    assert blur.std() < pixels.std() / 5
    assert fill_in(np.full((4, 4, 3), 9, np.uint8), "noise").tolist() == np.full((4, 4, 3), 9).tolist()


def test_ties_have_an_order_from_the_seed_and_not_that_of_reading():
    rows = np.repeat(np.arange(64)[:, None], 64, 1)
    pixels = np.where(rows < 32, 255, 0).astype(np.uint8)[..., None].repeat(3, 2)

    def score(pictures):
        return np.array([(picture == 255).mean() * 2 for picture in pictures])

    flat, broken = np.ones((8, 8), np.float32), np.full((8, 8), np.nan, np.float32)
    area = curve(score, pixels, flat, seed=0).area
    assert area == pytest.approx(0.5, abs=0.1)  # reading order would have 0.25
    assert area == curve(score, pixels, flat, seed=0).area == curve(score, pixels, broken, seed=0).area
    assert len({curve(score, pixels, flat, seed=seed).area for seed in range(5)}) > 1


def test_a_seed_does_not_change_an_order_without_ties():
    assert curve(whites, PIXELS, RIGHT, seed=1).area == curve(whites, PIXELS, RIGHT, seed=2).area


def test_steps_and_batches():
    sizes = []

    def score(pictures):
        sizes.append(len(pictures))
        return np.ones(len(pictures))

    large = np.random.default_rng(0).random((8, 8)).astype(np.float32)
    pixels = np.zeros((8, 8, 3), np.uint8)
    assert len(curve(score, pixels, large, batch=5).fractions) == 33
    assert sizes == [5] * 6 + [3]
    np.testing.assert_array_equal(curve(score, pixels, large[:1, :3], steps=2).fractions, [0, 2 / 3, 1])


def test_the_picture_and_the_result_cannot_be_changed():
    before = PIXELS.copy()
    found = curve(whites, PIXELS, RIGHT)
    np.testing.assert_array_equal(before, PIXELS)
    with pytest.raises(ValueError, match="read-only"):
        found.probabilities[0] = 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "delete"}, "'deletion', 'insertion'.*'delete'"),
        ({"fill": "grey"}, "'mean', 'blur', 'noise'"),
        ({"pixels": PIXELS[..., 0]}, r"pixels must be uint8 \(height, width, 3\).*\(4, 6\)"),
        ({"pixels": PIXELS / 255}, "float64"),
        ({"heatmap": RIGHT[None]}, r"heatmap must be float \(rows, columns\)"),
        ({"heatmap": RIGHT.tolist()}, "list"),
        ({"heatmap": np.ones((5, 2), np.float32)}, "finer"),
        ({"steps": 5}, "from 1 to 4, the number of patches, but got 5"),
        ({"steps": 0}, "steps must"),
        ({"batch": 0}, "batch must be a whole number from 1, but got 0"),
        ({"score": lambda pictures: np.array([3.0] * len(pictures))}, "sigmoid"),
        ({"score": lambda pictures: np.array([np.nan] * len(pictures))}, "nan"),
        ({"score": lambda pictures: np.ones((len(pictures), 2))}, r"shape \(5,\), but gave shape \(5, 2\)"),
        ({"score": lambda pictures: "high"}, "5 numbers, but gave str"),
    ],
)
def test_what_does_not_fit_is_refused(change, said):
    with pytest.raises(OptionError, match=said):
        curve(**{"score": whites, "pixels": PIXELS, "heatmap": RIGHT, **change})
