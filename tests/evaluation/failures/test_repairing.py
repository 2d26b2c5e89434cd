"""What an oracle answers, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation.failures.repairing import overlap, repaired_overlap

ROW = {"intersection": 10, "union": 90, "gold_area": 40, "best_iou": 0.5}


@pytest.mark.parametrize(
    ("repair", "area", "expected"),
    [
        ("none", 20, (10, 90)),
        ("no answer", 20, (0, 0)),
        ("gold mask", None, (40, 40)),
        ("best proposal", 20, (20, 40)),  # 20 / (20 + 40 - 20) = 0.5
        ("best proposal", None, (10, 90)),
    ],
)
def test_a_repair_gives_intersection_and_union(repair, area, expected):
    assert repaired_overlap(ROW, repair, area) == expected


def test_an_error_row_without_a_best_proposal_keeps_its_miss():
    missed = {"intersection": None, "union": None, "gold_area": 40, "best_iou": None}
    assert repaired_overlap(missed, "none", None) == (0, 0)
    assert repaired_overlap(missed, "best proposal", None) == (0, 40)


def test_intersections_come_back_from_iou_and_areas_exactly():
    lot = np.random.default_rng(0)
    for _ in range(500):
        common, more, rest = (int(each) for each in lot.integers(0, 10**6, 3))
        area, gold = common + more, common + rest
        if area + gold:
            found = overlap(common / (area + gold - common), area, gold)
            assert found == (common, area + gold - common)
