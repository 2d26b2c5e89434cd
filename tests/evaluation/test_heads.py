"""How often heads point, on a random model."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.evaluation.heads import HeadTable, head_pointing
from iterprime_xai.records import OptionError, Sample
from iterprime_xai.saliency.atlas import atlas


@pytest.fixture
def samples(picture):
    left = np.zeros((96, 128), bool)
    left[:, :64] = True
    texts = ("red square", "blue square")
    found = [Sample(text, picture, text, mask=mask) for text, mask in zip(texts, (left, ~left), strict=True)]
    return [*found, Sample("no gold", picture, "red"), Sample("nothing", picture, "red", mask=np.zeros_like(left))]


def test_each_head_is_counted_over_the_phrases_that_mean_something(matchers, samples):
    found = head_pointing(matchers["blip"], samples)
    looks = [atlas(matchers["blip"], each.image, each.text, mask=each.mask) for each in samples[:2]]
    assert (found.count, found.area, found.layers) == (2, 0.5, tuple(matchers["blip"].layers))
    np.testing.assert_array_equal(found.gradcam, looks[0].points.astype(int) + looks[1].points)
    np.testing.assert_array_equal(found.attention, looks[0].attention_points.astype(int) + looks[1].attention_points)
    assert found.attention.sum() > 0


def test_the_best_head_is_named_by_its_layers_own_number():
    counts = np.array([[0, 1], [3, 3]])
    assert HeadTable((2, 5), counts, counts, 4, 0.1).best == (5, 0)


def test_without_a_gold_mask_there_is_nothing_to_point_at(matchers, samples):
    with pytest.raises(OptionError, match="No sample has a gold mask"):
        head_pointing(matchers["blip"], samples[2:])
