"""The exact sign test, by hand."""

from __future__ import annotations

import pytest

from iterprime_xai.evaluation.sign_test import sign_test
from iterprime_xai.records import OptionError


@pytest.mark.parametrize(
    ("fixed", "broke", "chance"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),  # 2 x 1/2
        (0, 5, 2 / 32),  # 2 x 1/2^5
        (5, 0, 2 / 32),
        (1, 5, 14 / 64),  # 2 x (1 + 6) / 2^6
        (2, 8, 112 / 1024),  # 2 x (1 + 10 + 45) / 2^10
        (3, 3, 1.0),  # 2 x 42/64, no more than 1
    ],
)
def test_the_chance_is_that_of_a_split_at_least_as_uneven(fixed, broke, chance):
    assert sign_test(fixed, broke) == chance


def test_many_phrases_do_not_overflow():
    assert 0 < sign_test(400, 600) < 1e-9
    assert sign_test(20_000, 20_000) == 1.0


def test_counts_below_0_are_refused():
    with pytest.raises(OptionError, match="0 or more, but got -1 and 2"):
        sign_test(-1, 2)
