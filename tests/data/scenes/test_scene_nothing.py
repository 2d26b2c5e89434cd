"""Pictures of nothing: of the right form, the same for the same generator, and as varied as they are empty."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.data.scenes.nothing import nothing


@pytest.mark.parametrize("size", [16, 33, 112])
def test_a_picture_of_nothing_is_a_picture(size: int) -> None:
    for seed in range(12):
        picture = nothing(size, np.random.default_rng(seed))
        assert picture.dtype == np.uint8
        assert picture.shape == (size, size, 3)


def test_the_same_generator_gives_the_same_picture_and_another_one_another() -> None:
    one, two, other = (nothing(32, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    going_on = np.random.default_rng(1)
    assert np.array_equal(nothing(32, going_on), one)
    assert not np.array_equal(nothing(32, going_on), one)


def test_pictures_of_nothing_are_neither_blank_nor_all_alike() -> None:
    pictures = np.stack([nothing(32, np.random.default_rng(seed)) for seed in range(40)]).astype(float)
    assert pictures.std(axis=(1, 2)).max(axis=1).min() > 2, "one is blank"
    assert pictures.mean(axis=(1, 2, 3)).std() > 15, "all are equally bright"
    assert (pictures.mean(axis=(1, 2)).std(axis=1)).max() > 10, "none has a colour"
    # Some are soft, some hard: what neighbours differ by varies much.
    steps = np.abs(np.diff(pictures, axis=2)).mean(axis=(1, 2, 3))
    assert steps.max() > 3 * steps.min()
