"""The benchmark of masks in CLIP compares two ways to the same vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch


@pytest.fixture
def clip_masks(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks import clip_masks

    return clip_masks


def test_both_ways_of_the_benchmark_give_the_same_vectors(clip_masks):
    encoder = clip_masks.build(32, layers=4, width=64)
    image, masks = clip_masks.draw(3)
    shared, alone = encoder.encode_masked(image, masks), clip_masks.one_by_one(encoder, image, masks)
    assert shared.shape == (3, 512)
    assert torch.allclose(shared, alone, rtol=1e-5, atol=1e-6 * float(alone.abs().max()))
    assert not torch.allclose(shared[0], shared[1], rtol=1e-3)


def test_crops_start_where_their_masks_do(clip_masks):
    _, masks = clip_masks.draw(4)
    for mask, (row, column) in zip(masks, clip_masks._corners(masks), strict=True):
        assert mask[row : row + 80, column : column + 140].all()
        assert mask.sum() == 80 * 140
