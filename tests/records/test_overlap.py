"""Intersection over union, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.records import OptionError
from iterprime_xai.records.overlap import iou

LEFT = np.array([[True, True, False], [False, False, False]])
MIDDLE = np.array([[False, True, True], [False, True, False]])


def test_iou_is_what_both_hold_over_what_either_holds() -> None:
    assert iou(LEFT, MIDDLE) == iou(MIDDLE, LEFT) == 1 / 4
    assert iou(LEFT, LEFT) == 1.0


def test_no_mask_and_empty_masks_have_no_overlap() -> None:
    assert iou(None, LEFT) == 0.0
    assert iou(np.zeros_like(LEFT), np.zeros_like(LEFT)) == 0.0
    assert iou(LEFT, ~LEFT) == 0.0


def test_masks_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(OptionError, match=r"bool of shape \(2, 3\) and bool of shape \(3, 2\)"):
        iou(LEFT, LEFT.T)
    with pytest.raises(OptionError, match="uint8"):
        iou(LEFT.astype(np.uint8), LEFT)
