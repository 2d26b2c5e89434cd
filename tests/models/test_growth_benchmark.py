"""The benchmark of growth: the line through points, and that each process prints its peak."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def growth():
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks import growth
    finally:
        sys.path.remove(str(ROOT))
    return growth


def test_the_line_through_points_and_what_is_furthest_from_it(growth):
    slope, start, away = growth.line((1, 2, 3), [3.0, 5.0, 7.0])
    assert (slope, start) == pytest.approx((2.0, 1.0))
    assert away == pytest.approx(0.0, abs=1e-9)
    assert growth.line((1, 2, 3), [3.0, 8.0, 7.0])[2] == pytest.approx(2 / 8)


def test_every_process_prints_its_peak(growth):
    pytest.importorskip("resource")
    peaks = growth.peaks(quick=True)
    assert list(peaks) == list(growth.HELD)
    assert all(50 < each < 20_000 for each in peaks.values())
    assert peaks["all maps"] > peaks["model alone"]
