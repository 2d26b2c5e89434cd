"""Packed masks are used like the array that they stand for, and take a small part of its memory."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from iterprime_xai.records import ProposalError, Proposals, packed
from iterprime_xai.records.packed import PackedMasks, areas, covers, cuts, held, pack

SIZE = (7, 11)


@pytest.fixture
def dense() -> np.ndarray:
    masks = np.zeros((5, *SIZE), bool)
    masks[0] = True
    masks[1, 2:5, 3:9] = True
    masks[1, 3, 4] = False  # a hole
    masks[3, 6, 10] = True  # one pixel in the corner
    masks[4] = np.random.default_rng(0).random(SIZE) < 0.5  # and masks[2] is empty
    return masks


@pytest.fixture
def masks(dense: np.ndarray) -> PackedMasks:
    return pack(dense, SIZE)


def test_they_unpack_to_what_was_packed(masks, dense) -> None:
    assert (masks.shape, masks.ndim, masks.dtype, len(masks)) == (dense.shape, 3, np.bool_, 5)
    np.testing.assert_array_equal(np.asarray(masks), dense)
    np.testing.assert_array_equal(list(masks), dense)
    np.testing.assert_array_equal(masks[-2], dense[-2])
    assert masks[1].dtype == np.bool_
    assert not masks[1].flags.writeable


@pytest.mark.parametrize(
    "key",
    [
        (1, 3, 4),
        (slice(None), 3, 4),
        (slice(None), slice(2, 5), slice(3, 9)),
        (slice(1, 3), slice(None), 2),
        (slice(0, 0), 3, 4),
        (2, slice(1, 3)),
        (np.array([0, 3]), 6, 10),
        (slice(None), [0, 6], [0, 10]),
        (slice(None, None, -1), 0),
        (Ellipsis, 0),
    ],
    ids=str,
)
def test_pixels_are_found_as_in_an_array(masks, dense, key) -> None:
    np.testing.assert_array_equal(masks[key], dense[key])


@pytest.mark.parametrize("key", [slice(1, 4), [4, 1], np.array([True, False, True, False, True]), []], ids=str)
def test_a_choice_of_masks_stays_packed(masks, dense, key) -> None:
    chosen = masks[key if not isinstance(key, list) or key else np.zeros(0, int)]
    assert isinstance(chosen, PackedMasks)
    np.testing.assert_array_equal(
        np.asarray(chosen), dense[key if not isinstance(key, list) or key else np.zeros(0, int)]
    )


@pytest.mark.parametrize("key", [5, -6])
def test_a_mask_that_is_not_there_is_an_index_error(masks, key) -> None:
    with pytest.raises(IndexError):
        masks[key]


def test_cuts_and_areas_are_the_same_for_arrays_and_packed_masks(masks, dense) -> None:
    for (box, inside), (other_box, other) in zip(cuts(dense), cuts(masks), strict=True):
        assert box == other_box
        np.testing.assert_array_equal(inside, other)
    assert [box for box, _ in cuts(masks)][1:4] == [(3, 2, 9, 5), (0, 0, 0, 0), (10, 6, 11, 7)]
    assert areas(masks).tolist() == areas(dense).tolist() == dense.sum(axis=(1, 2)).tolist()
    assert [covers(*cut, 10, 6) for cut in cuts(masks)] == dense[:, 6, 10].tolist()
    assert [covers(*cut, 4, 3) for cut in cuts(masks)] == dense[:, 3, 4].tolist()


def test_numpy_works_on_them_by_unpacking(masks, dense) -> None:
    np.testing.assert_array_equal(dense[1] & masks, dense & dense[1])
    assert np.count_nonzero(masks, axis=(1, 2)).tolist() == dense.sum(axis=(1, 2)).tolist()
    with pytest.raises(ValueError, match="copy"):
        np.asarray(masks, copy=False)


def test_they_travel_between_processes(masks, dense) -> None:
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(masks))), dense)


def test_masks_are_held_as_an_array_until_they_would_be_large(dense, monkeypatch) -> None:
    as_array = held(iter(dense), SIZE)
    assert isinstance(as_array, np.ndarray)
    assert not as_array.flags.writeable
    assert held(iter([]), SIZE).shape == (0, *SIZE)
    for most in (0, 1, 4, 5):
        monkeypatch.setattr(packed, "DENSE_BYTES", most * 7 * 11)
        found = held(iter(dense), SIZE)
        assert isinstance(found, PackedMasks) == (most < 5)
        np.testing.assert_array_equal(np.asarray(found), dense)


def test_proposals_take_them(masks) -> None:
    proposals = Proposals(masks, np.ones(5, np.float32), "test")
    assert len(proposals) == 5
    assert proposals.masks is masks
    with pytest.raises(ProposalError, match="one score a mask"):
        Proposals(masks, np.ones(4, np.float32), "test")


def test_damaged_contents_are_said_to_be_damaged(masks) -> None:
    short = PackedMasks(masks.boxes, [masks.contents[4]] * 5, SIZE)
    with pytest.raises(ProposalError, match="mask 1 has"):
        short[1]
    with pytest.raises(ProposalError, match="mask 0 is damaged"):
        PackedMasks([(0, 0, 11, 7)], [b"nothing"], SIZE)[0]
    with pytest.raises(ProposalError, match="not in a picture"):
        PackedMasks([(0, 0, 12, 7)], [b""], SIZE)
    with pytest.raises(ProposalError, match="one content a box"):
        PackedMasks([(0, 0, 1, 1)], [], SIZE)


GROWTH = """
import numpy as np, resource, sys
from iterprime_xai.masks.selection import select
from iterprime_xai.records import Proposals
from iterprime_xai.records.packed import PackedMasks, held

y, x = np.ogrid[-1:1:1400j, -1:1:1800j]
ellipse = (y * y + x * x < 1) & (np.hypot(y, x) > 0.2)
rng = np.random.default_rng(0)

def rings():
    for top, left in rng.integers(0, (1600, 2200), (300, 2)):
        mask = np.zeros((3000, 4000), bool)
        mask[top : top + 1400, left : left + 1800] = ellipse
        yield mask

heatmap = rng.random((24, 24), np.float32)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 if sys.platform == "darwin" else 1024)
before = peak()
masks = held(rings(), (3000, 4000))
assert isinstance(masks, PackedMasks), type(masks)
proposals = Proposals(masks, rng.random(300, np.float32), "rings")
assert select(proposals, heatmap).answer is not None
print(peak() - before, masks.nbytes)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
def test_three_hundred_masks_of_twelve_megapixels_take_less_than_600_megabytes() -> None:
    """As an array they would take 3,600 MB. In a process of its own: a peak never falls."""
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    growth, nbytes = map(int, done.stdout.split())
    assert growth < 600
    assert nbytes < 20e6
