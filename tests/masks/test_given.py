"""Masks of any usual form become proposals; what does not fit the picture is refused with what to do."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from iterprime_xai.masks import as_proposals
from iterprime_xai.records import ProposalError, Proposals

MASKS = np.zeros((2, 3, 4), bool)
MASKS[0, 0, 1] = MASKS[0, 2, 3] = MASKS[1, 1:, :2] = True
SIZE = (3, 4)


def _rle(mask: np.ndarray, *, text: bool) -> dict[str, object]:
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return encoded | {"counts": encoded["counts"].decode("ascii")} if text else encoded


@pytest.mark.parametrize(
    "value",
    [
        MASKS,
        MASKS.astype(np.uint8),
        MASKS.astype(np.int64) * 255,
        list(MASKS),
        tuple(MASKS),
        (mask for mask in MASKS),
        [Image.fromarray(mask) for mask in MASKS],
        [_rle(mask, text=False) for mask in MASKS],
        [_rle(mask, text=True) for mask in MASKS],
        [MASKS[0], _rle(MASKS[1], text=False)],
        # runs go down the columns: 0s first
        [{"size": [3, 4], "counts": [3, 1, 7, 1]}, {"size": [3, 4], "counts": [1, 2, 1, 2, 6]}],
    ],
)
def test_every_form_gives_the_same_masks(value: object) -> None:
    proposals = as_proposals(value, SIZE)
    np.testing.assert_array_equal(proposals.masks, MASKS)
    np.testing.assert_array_equal(proposals.scores, np.ones(2, np.float32))
    assert proposals.scores.dtype == np.float32
    assert proposals.source == "given"


def test_proposals_are_passed_on_with_their_scores() -> None:
    proposals = Proposals(MASKS, np.array([0.5, 0.25], np.float32), "mine")
    assert as_proposals(proposals, SIZE) is proposals


def test_a_single_mask_is_one_proposal() -> None:
    np.testing.assert_array_equal(as_proposals(MASKS[0], SIZE).masks, MASKS[:1])


def test_no_masks_are_no_proposals() -> None:
    assert as_proposals([], SIZE).masks.shape == (0, 3, 4)
    assert len(as_proposals(np.zeros((0, 3, 4), bool), SIZE)) == 0


def test_the_predicted_iou_of_sam_becomes_the_score() -> None:
    results = [
        {"segmentation": MASKS[0], "predicted_iou": 0.75, "area": 2},
        {"segmentation": _rle(MASKS[1], text=False), "predicted_iou": 0.5},
    ]
    proposals = as_proposals(results, SIZE)
    np.testing.assert_array_equal(proposals.masks, MASKS)
    assert proposals.scores.tolist() == [0.75, 0.5]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "got NoneType"),
        ("masks.npy", "got str"),
        (_rle(MASKS[0], text=False), "got dict; put a single mask in a list"),
        (Image.fromarray(MASKS[0]), "put a single mask in a list"),
        (np.zeros((2, 3, 5), bool), "3 x 4, but the masks are 3 x 5; resize"),
        (np.zeros((2, 4, 3), bool), "look turned.*EXIF"),
        (Proposals(np.zeros((1, 5, 5), bool), np.ones(1, np.float32), "x"), "5 x 5"),
        ([MASKS[0], MASKS[0][:2]], "mask 1 is 2 x 4"),
        (np.zeros((1, 2, 3, 4), bool), r"shape \(1, 2, 3, 4\)"),
        (np.zeros((2, 3, 4)), r"float64; threshold it first, as in `mask > 0\.5`"),
        (np.arange(12).reshape(1, 3, 4), "labels == number"),
        ([3], "mask 0 is int"),
        ([{"counts": "abc"}], r"this one has \['counts'\]"),
        ([{"size": [30000, 30000], "counts": "abc"}], "mask 0 is 30000 x 30000"),
        ([{"size": [3, 4], "counts": [3, 1]}], "cover 4 of 12 pixels"),
        ([{"size": [3, 4], "counts": [-3, 15]}], "cover 12|cannot be decoded"),
        ([{"size": [3, 4], "counts": 7}], "cannot be decoded"),
        ([{"size": [3, 4], "counts": "é"}], "cannot be decoded"),
        ([{"size": [3, 4], "counts": b""}], "cover 0 of 12 pixels"),
    ],
)
def test_what_does_not_fit_is_refused(value: object, message: str) -> None:
    with pytest.raises(ProposalError, match=message):
        as_proposals(value, SIZE)


def test_a_torch_tensor_is_told_how_to_become_an_array() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ProposalError, match=r"mask\.cpu\(\)\.numpy\(\)"):
        as_proposals([torch.zeros(3, 4, dtype=torch.bool)], SIZE)
