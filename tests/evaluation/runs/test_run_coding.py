"""Maps and masks come back from a row as they went in, also tiny ones."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation.runs.coding import read_bits, read_map, read_mask, write_bits, write_map, write_mask
from iterprime_xai.records import StorageError


@pytest.mark.parametrize("magnitude", [1e-10, 1.0, 1e30, 1e-40])
def test_maps_keep_their_magnitude_and_sign(magnitude):
    heat = (np.random.default_rng(0).normal(size=(5, 7)) * magnitude).astype(np.float32)
    back = read_map(write_map(heat))
    assert back is not None
    assert back.dtype == np.float32
    assert back.shape == (5, 7)
    assert float(np.abs(back - heat).max()) <= 0.0005 * float(np.abs(heat).max())
    assert float(np.abs(back).max()) == pytest.approx(float(np.abs(heat).max()), rel=1e-6)


def test_exact_values_by_hand():
    stored = write_map(np.array([[0, 1, -2], [4, 0.5, 3]], np.float32))
    assert (stored["rows"], stored["columns"], stored["scale"]) == (2, 3, 4.0)
    assert np.frombuffer(stored["values"], "<f2").tolist() == [0, 0.25, -0.5, 1, 0.125, 0.75]


def test_blank_and_broken_maps_stay_what_they_are():
    zeros = read_map(write_map(np.zeros((2, 2), np.float32)))
    assert zeros is not None
    assert zeros.tolist() == [[0, 0], [0, 0]]
    broken = read_map(write_map(np.array([[np.nan, np.inf], [1e-10, -np.inf]], np.float32)))
    assert broken is not None
    assert np.isnan(broken[0, 0])
    assert broken[0, 1] == np.inf
    assert broken[1, 1] == -np.inf
    assert broken[1, 0] == pytest.approx(1e-10, rel=1e-6)
    assert read_map(None) is None


def test_masks_and_bits_come_back_bit_for_bit():
    values = np.random.default_rng(1).random((9, 5)) > 0.5
    for back in (read_mask(write_mask(values)), read_bits(write_bits(values))):
        assert back is not None
        assert back.dtype == np.bool_
        assert np.array_equal(back, values)
    assert read_mask(None) is None
    assert read_bits(None) is None


def test_damaged_values_are_said():
    stored = write_map(np.ones((2, 2), np.float32))
    with pytest.raises(StorageError, match="2 x 3"):
        read_map({**stored, "columns": 3})
    with pytest.raises(StorageError, match="cannot be read"):
        read_mask({"size": [4, 4], "counts": "00"})
