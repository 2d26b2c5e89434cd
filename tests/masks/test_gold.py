"""Gold proposals hold every annotated mask, and their order tells nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.masks import gold_proposals
from iterprime_xai.records import ProposalError, Sample

TOP, MIDDLE, BOTTOM = (np.zeros((6, 4), bool) for _ in range(3))
TOP[0, 3] = MIDDLE[2:4, 0] = BOTTOM[5, :] = True


def _sample(mask: np.ndarray | None, *others: np.ndarray) -> Sample:
    return Sample("a-1", Image.new("RGB", (4, 6)), "the thing", mask, others)


def test_masks_come_in_reading_order_whichever_is_the_gold_one() -> None:
    expected = np.stack([TOP, MIDDLE, BOTTOM])
    for sample in (_sample(TOP, MIDDLE, BOTTOM), _sample(BOTTOM, MIDDLE, TOP), _sample(MIDDLE, BOTTOM, TOP)):
        proposals = gold_proposals(sample)
        np.testing.assert_array_equal(proposals.masks, expected)
        assert proposals.scores.tolist() == [1, 1, 1]
        assert proposals.source == "gold"


def test_a_sample_without_a_gold_mask_is_an_error() -> None:
    with pytest.raises(ProposalError, match="'a-1' has none"):
        gold_proposals(_sample(None, TOP))
