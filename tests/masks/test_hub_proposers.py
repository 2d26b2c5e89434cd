"""SAM, SAM 2 and Mask2Former of `transformers`: the library's own masks, from folders in the hub's layout."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from iterprime_xai.masks.proposers import load_proposer
from iterprime_xai.masks.sam_hub import grid
from iterprime_xai.records import ModelLoadError, ProposalError, packed
from iterprime_xai.records.packed import PackedMasks

LOW = {"points_per_side": 3, "pred_iou_thresh": -9.0, "stability_score_thresh": 0.0}
"""Random weights are never sure of a mask."""


def _by_the_pipeline(folder, image):
    from transformers import pipeline

    generator = pipeline("mask-generation", model=str(folder), device="cpu")
    settings = {"points_per_crop": 3, "pred_iou_thresh": -9.0, "stability_score_thresh": 0.0, "crops_nms_thresh": 0.7}
    found = generator(image, **settings)
    return [np.asarray(mask) for mask in found["masks"]], found["scores"].numpy()


@pytest.mark.parametrize(("family", "size"), [("sam-hf", (96, 72)), ("sam2", (72, 72))])
def test_masks_and_scores_are_those_of_the_librarys_pipeline(family, size, photograph, request) -> None:
    """For SAM 2 on a square picture only: on others the pipeline's points leave a part of the picture out."""
    folder = request.getfixturevalue("sam_folder" if family == "sam-hf" else "sam2_folder")
    image = photograph.resize(size)
    found = load_proposer(f"{family}:{folder}", device="cpu", **LOW).propose(image)
    masks, scores = _by_the_pipeline(folder, image)
    assert len(found) == len(masks) > 0
    np.testing.assert_array_equal(found.masks, masks)
    np.testing.assert_allclose(found.scores, scores, rtol=1e-5)


@pytest.mark.parametrize(("family", "reach"), [("sam-hf", (128, 64)), ("sam2", (128, 128))])
def test_points_reach_over_the_whole_of_a_picture_that_is_not_square(family, reach, request) -> None:
    """SAM pads a picture of 80 x 40 in its square of 128, SAM 2 stretches it."""
    folder = request.getfixturevalue("sam_folder" if family == "sam-hf" else "sam2_folder")
    sam = load_proposer(f"{family}:{folder}", device="cpu").sam
    asked = []
    picture = sam.embed(Image.new("RGB", (80, 40)))
    forward = sam.model.forward
    sam.model.forward = lambda **given: asked.append(given["input_points"]) or forward(**given)
    sam.logits(picture, [[point] for point in [(0.0, 0.0), (80.0, 40.0), *grid(2, (80, 40))]])
    expected = [(0, 0), reach, *((x * reach[0], y * reach[1]) for y in (0.25, 0.75) for x in (0.25, 0.75))]
    np.testing.assert_allclose(asked[0][0, :, 0].numpy(), expected)


@pytest.mark.parametrize("family", ["sam-hf", "sam2"])
def test_default_thresholds_and_single_pixels_are_no_mistake(family, photograph, request) -> None:
    folder = request.getfixturevalue("sam_folder" if family == "sam-hf" else "sam2_folder")
    none = load_proposer(f"{family}:{folder}", device="cpu", points_per_side=2).propose(photograph)
    assert none.masks.shape == (0, 72, 96)
    low = load_proposer(f"{family}:{folder}", device="cpu", **LOW)
    assert low.propose(Image.new("RGB", (1, 1))).masks.shape[1:] == (1, 1)
    assert low.describe() != load_proposer(f"{family}:{folder}", device="cpu").describe()
    assert len(str(low.describe()["weights"])) == 64


def test_a_picture_too_thin_for_sam_is_refused(sam_folder) -> None:
    with pytest.raises(ProposalError, match="less than a pixel thin"):
        load_proposer(f"sam-hf:{sam_folder}", device="cpu").propose(Image.new("RGB", (900, 1)))


def test_the_released_video_config_of_sam2_is_read_as_its_picture_model(sam2_folder, tmp_path, photograph) -> None:
    folder = shutil.copytree(sam2_folder, tmp_path / "video")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "sam2_video"}))
    proposer = load_proposer(f"sam2:{folder}", device="cpu", **LOW)
    plain = load_proposer(f"sam2:{sam2_folder}", device="cpu", **LOW).propose(photograph)
    np.testing.assert_array_equal(proposer.propose(photograph).masks, plain.masks)


def replace(proposer, **settings):
    """The same model with other settings."""
    from iterprime_xai.masks.mask2former import Mask2FormerProposer, QuerySettings

    return Mask2FormerProposer(proposer.model, proposer.processor, QuerySettings(**settings), name=proposer.name)


@pytest.mark.parametrize("padded", [False, True])
def test_mask2former_gives_a_mask_for_every_query_above_the_threshold(mask2former_folder, photograph, padded) -> None:
    """Against all queries upsampled at once; the picture, 96 x 72, is seen at 96 x 64, in a square of 128 where it is padded."""
    from torch.nn.functional import interpolate

    proposer = load_proposer(f"mask2former:{mask2former_folder}", device="cpu")
    if padded:
        proposer.processor.pad_size = {"height": 128, "width": 128}
    inputs = proposer.processor(images=[photograph], return_tensors="pt")
    with torch.no_grad():
        out = proposer.model(**inputs)
    shape = (128, 128) if padded else (64, 96)
    assert inputs["pixel_values"].shape[-2:] == shape
    assert inputs["pixel_mask"][0].sum() == 64 * 96
    wide = interpolate(out.masks_queries_logits, shape, mode="bilinear")[..., :64, :96]
    chance = interpolate(wide, (72, 96), mode="bilinear")[0].sigmoid().numpy()
    sure = 1 - out.class_queries_logits[0].softmax(-1)[:, -1].numpy()
    found = proposer.propose(photograph)
    np.testing.assert_array_equal(found.masks, chance > 0.35)
    np.testing.assert_allclose(found.scores, sure, rtol=1e-5)
    assert "20 queries, probability above 0.35, 0 empty masks left out" in found.source
    middle = float(np.median(chance.max(axis=(1, 2))))
    some = replace(proposer, threshold=middle).propose(photograph)
    kept = (chance > middle).any(axis=(1, 2))
    np.testing.assert_array_equal(some.masks, (chance > middle)[kept])
    np.testing.assert_allclose(some.scores, sure[kept], rtol=1e-5)
    assert 0 < kept.sum() < 20
    assert f"{20 - kept.sum()} empty masks left out" in some.source
    all_empty = replace(proposer, threshold=1.0).propose(photograph)
    assert all_empty.masks.shape == (0, 72, 96)
    assert "20 empty masks left out" in all_empty.source


def test_masks_of_a_large_picture_are_packed(mask2former_folder, photograph, monkeypatch) -> None:
    proposer = load_proposer(f"mask2former:{mask2former_folder}", device="cpu")
    dense = proposer.propose(photograph)
    monkeypatch.setattr(packed, "DENSE_BYTES", 4 * 96 * 72)
    small = proposer.propose(photograph)
    assert isinstance(small.masks, PackedMasks)
    np.testing.assert_array_equal(np.asarray(small.masks), dense.masks)
    np.testing.assert_array_equal(small.scores, dense.scores)


def test_a_folder_that_cannot_be_used_is_named_with_what_to_do(sam_folder, sam2_folder, tmp_path) -> None:
    with pytest.raises(ModelLoadError, match=r"Did you mean .*tiny-sam"):
        load_proposer(f"sam-hf:{sam_folder.with_name('tiny-sma')}")
    with pytest.raises(ModelLoadError, match=r"config\.json is missing"):
        load_proposer(f"sam-hf:{tmp_path}")
    with pytest.raises(ModelLoadError, match="is a 'sam' model, but a 'sam2' or 'sam2_video' model"):
        load_proposer(f"sam2:{sam_folder}")
    with pytest.raises(ModelLoadError, match="is a 'sam2' model, but a 'mask2former' model"):
        load_proposer(f"mask2former:{sam2_folder}")
    bare = shutil.copytree(sam_folder, tmp_path / "bare")
    (bare / "preprocessor_config.json").unlink()
    with pytest.raises(ModelLoadError, match=r"preprocessor_config\.json cannot be loaded; save"):
        load_proposer(f"sam-hf:{bare}")


def test_missing_weights_are_never_random_in_silence(sam_folder, tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(sam_folder, tmp_path / "part")
    weights = load_file(folder / "model.safetensors")
    del weights["mask_decoder.iou_token.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelLoadError, match=r"lacks 1 weights .*iou_token"):
        load_proposer(f"sam-hf:{folder}")
