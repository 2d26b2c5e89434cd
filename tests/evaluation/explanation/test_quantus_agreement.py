"""The figures of an independent implementation, where it is installed; it is no dependency of this package."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation.explanation import (
    pointing_game,
    relevance_mass_accuracy,
    relevance_rank_accuracy,
)

quantus = pytest.importorskip("quantus", reason="quantus is not installed: pip install quantus to compare with it")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (pointing_game, "PointingGame"),
        (relevance_mass_accuracy, "RelevanceMassAccuracy"),
        (relevance_rank_accuracy, "RelevanceRankAccuracy"),
    ],
)
def test_localisation_is_that_of_quantus(ours, theirs):
    rng = np.random.default_rng(0)
    maps = rng.random((16, 12, 12)).astype(np.float32)
    masks = rng.random((16, 12, 12)) < rng.uniform(0.05, 0.8, (16, 1, 1))
    metric = getattr(quantus, theirs)(abs=False, normalise=False, disable_warnings=True, display_progressbar=False)
    # Their masks have the channels of the pictures, here one.
    found = metric.evaluate_batch(
        x_batch=np.zeros((16, 1, 12, 12)), a_batch=maps[:, None], s_batch=masks[:, None].astype(int)
    )
    expected = [ours(heatmap, mask) for heatmap, mask in zip(maps, masks, strict=True)]
    np.testing.assert_allclose(np.asarray(found, float), expected, rtol=0, atol=1e-4)
    assert len(set(expected)) > 1
