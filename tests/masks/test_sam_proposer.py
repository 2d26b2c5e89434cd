"""segment-anything's generator makes the masks: the same as when it is asked directly, in little memory, from checkpoints only."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_sam import sam_state, save_sam

from iterprime_xai.masks import sam_automatic
from iterprime_xai.masks.proposers import load_proposer
from iterprime_xai.masks.sam_automatic import TAS, AutomaticSettings, points_at_once
from iterprime_xai.masks.sam_checkpoint import SIZES, _shape, load_sam
from iterprime_xai.records import MissingExtraError, ModelLoadError, OptionError, ProposalError

LOW = {"points_per_side": 3, "pred_iou_thresh": -9.0, "stability_score_thresh": 0.0, "box_nms_thresh": 1.0}
"""Random weights are never sure of a mask."""


def test_the_masks_and_scores_are_those_of_the_generator_itself(sam_file, photograph) -> None:
    from segment_anything import SamAutomaticMaskGenerator

    found = load_proposer("sam", checkpoint=sam_file, device="cpu", **LOW).propose(photograph)
    expected = SamAutomaticMaskGenerator(load_sam(sam_file, None, device="cpu"), **LOW).generate(np.asarray(photograph))
    assert len(found) == len(expected) > 3
    np.testing.assert_array_equal(found.masks, [each["segmentation"] for each in expected])
    np.testing.assert_allclose(found.scores, [each["predicted_iou"] for each in expected])
    assert "3 x 3 points" in found.source


def test_a_large_picture_gets_small_batches_and_the_same_masks(sam_file, photograph, monkeypatch) -> None:
    assert points_at_once(Image.new("RGB", (640, 480))) == 64
    assert points_at_once(Image.new("RGB", (4000, 3000))) == 1
    proposer = load_proposer("sam", checkpoint=sam_file, device="cpu", **LOW)
    together = proposer.propose(photograph)
    monkeypatch.setattr(sam_automatic, "BATCH_BYTES", 1)
    one_by_one = proposer.propose(photograph)
    assert (np.asarray(one_by_one.masks) != np.asarray(together.masks)).mean() < 1e-3
    np.testing.assert_allclose(one_by_one.scores, together.scores, atol=1e-4)


def test_every_released_size_is_read_from_its_weights(tmp_path) -> None:
    from segment_anything import sam_model_registry

    blocks = {"vit_b": (2, 5, 8, 11), "vit_l": (5, 11, 17, 23), "vit_h": (7, 15, 23, 31)}
    for size, sizes in SIZES.items():
        with torch.device("meta"):
            state = sam_model_registry[size]().state_dict()
        heads = {"vit_b": 12, "vit_l": 16, "vit_h": 16}[size]
        assert _shape(state, tmp_path) == (*sizes, heads, blocks[size], 14, 64)


def test_the_model_that_is_loaded_holds_every_weight_of_the_file(sam_file) -> None:
    sam, state = load_sam(sam_file, None, device="cpu"), sam_state()
    assert sam.state_dict().keys() == state.keys()
    assert all(torch.equal(values, state[name]) for name, values in sam.state_dict().items())
    assert [block.window_size for block in sam.image_encoder.blocks] == [3, 0, 3]
    assert not sam.training
    assert not any(each.requires_grad for each in sam.parameters())


def test_tas_drops_small_and_contained_masks(sam_file, photograph) -> None:
    low = {name: value for name, value in LOW.items() if name != "points_per_side"}
    proposer = load_proposer("sam@tas", checkpoint=sam_file, device="cpu", **low)
    assert proposer.settings == AutomaticSettings(
        points_per_side=8, min_mask_region_area=800, smallest=2000, contained=0.4, **low
    )
    assert (TAS.pred_iou_thresh, TAS.stability_score_thresh, TAS.crop_n_layers) == (0.7, 0.7, 0)
    masks = np.asarray(proposer.propose(photograph).masks)
    sizes = masks.sum(axis=(1, 2))
    shared = masks.reshape(len(masks), -1).astype(int) @ masks.reshape(len(masks), -1).T
    assert len(masks)
    assert sizes.min() >= 2000
    assert ((shared / np.minimum(sizes[:, None], sizes))[~np.eye(len(masks), dtype=bool)] <= 0.4).all()


def test_cleaning_is_that_of_the_library(sam_file, photograph) -> None:
    found = load_proposer("sam", checkpoint=sam_file, device="cpu", min_mask_region_area=40, **LOW).propose(photograph)
    from scipy import ndimage

    for mask in found.masks:
        for side in (mask, ~mask):
            labels, count = ndimage.label(side, np.ones((3, 3)))
            assert count <= 1 or np.bincount(labels.ravel())[1:].min() >= 40


def test_no_mask_that_is_sure_enough_is_no_masks(sam_file, photograph) -> None:
    found = load_proposer("sam", checkpoint=sam_file, device="cpu", points_per_side=2).propose(photograph)
    assert found.masks.shape == (0, 72, 96)
    tas = load_proposer("sam@tas", checkpoint=sam_file, device="cpu").propose(photograph)
    assert len(tas) == 0


def test_a_picture_of_one_pixel_is_cut_and_one_too_thin_is_refused(sam_file) -> None:
    proposer = load_proposer("sam", checkpoint=sam_file, device="cpu", **LOW)
    assert proposer.propose(Image.new("RGB", (1, 1))).masks.shape[1:] == (1, 1)
    with pytest.raises(ProposalError, match="900 x 1 is less than a pixel thin"):
        proposer.propose(Image.new("RGB", (900, 1)))


def test_a_checkpoint_that_cannot_be_used_is_named_with_what_to_do(sam_file, tmp_path) -> None:
    with pytest.raises(ModelLoadError, match=r"checkpoint='sam_vit_h\.pth'"):
        load_proposer("sam:vit_h")
    with pytest.raises(ModelLoadError, match=r"Did you mean .*sam_tiny\.pth"):
        load_proposer("sam", checkpoint=sam_file.with_name("sam_tny.pth"))
    with pytest.raises(ModelLoadError, match="sam-hf:"):
        load_proposer("sam", checkpoint=tmp_path)
    with pytest.raises(ModelLoadError, match=r"768 wide with 12 blocks, but .* \(32 wide, 3 blocks\)"):
        load_proposer("sam:vit_b", checkpoint=sam_file)
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ModelLoadError, match=r"no image_encoder\.pos_embed"):
        load_proposer("sam", checkpoint=tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("nothing")
    with pytest.raises(ModelLoadError, match="weights only"):
        load_proposer("sam", checkpoint=tmp_path / "text.pth")
    (tmp_path / "empty.pth").touch()
    with pytest.raises(ModelLoadError, match="weights only: it is empty or cut short"):
        load_proposer("sam", checkpoint=tmp_path / "empty.pth")
    state = sam_state()
    del state["mask_decoder.iou_token.weight"]
    torch.save(state, tmp_path / "part.pth")
    with pytest.raises(ModelLoadError, match="iou_token"):
        load_proposer("sam", checkpoint=tmp_path / "part.pth")


def test_a_released_size_under_another_name_is_told_by_its_own(tmp_path) -> None:
    state = sam_state(depth=12)
    width = {name: values for name, values in state.items() if "patch_embed.proj.weight" in name}
    for name, values in width.items():
        state[name] = torch.zeros(768, *values.shape[1:])
    torch.save(state, tmp_path / "b.pth")
    with pytest.raises(ModelLoadError, match="is vit_b: ask for sam:vit_b"):
        load_proposer("sam:vit_h", checkpoint=tmp_path / "b.pth")


def test_a_pickle_in_a_checkpoint_is_never_run(tmp_path) -> None:
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "run"), "w"))

    torch.save({"image_encoder.pos_embed": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(ModelLoadError, match="weights only"):
        load_proposer("sam", checkpoint=tmp_path / "trap.pth")
    assert not (tmp_path / "run").exists()


def test_without_the_package_the_extra_is_named(sam_file, monkeypatch) -> None:
    for module in ("segment_anything", "segment_anything.modeling"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r'pip install "iterprime-xai\[sam\]"'):
        load_proposer("sam", checkpoint=sam_file)


def test_weights_and_settings_and_nothing_else_are_described(sam_file, tmp_path) -> None:
    here, copy = (load_proposer("sam", checkpoint=path, **LOW) for path in (sam_file, save_sam(tmp_path / "copy.pth")))
    assert here.describe() == copy.describe()
    assert here.describe() != load_proposer("sam", checkpoint=sam_file).describe()
    other = load_proposer("sam", checkpoint=save_sam(tmp_path / "other.pth", depth=4), **LOW)
    assert other.describe()["weights"] != here.describe()["weights"]


def test_settings_are_checked_before_the_checkpoint(tmp_path) -> None:
    for settings, said in [
        ({"points_per_sid": 8}, "did you mean 'points_per_side'"),
        ({"points_per_side": 0}, "at least 1"),
        ({"points_per_side": 2.5}, "whole number"),
        ({"contained": -1}, "at least 0"),
        ({"box_nms_thresh": "high"}, "a number"),
    ]:
        with pytest.raises(OptionError, match=said):
            load_proposer("sam", checkpoint=tmp_path / "none.pth", **settings)
