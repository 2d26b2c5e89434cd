"""``ground --proposals``: every family of proposers on a photograph, from random weights in the released layout."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_sam
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai import cli
from iterprime_xai.masks.proposers import load_proposer

LOW = ("points_per_side=2", "pred_iou_thresh=-9", "stability_score_thresh=0", "box_nms_thresh=1.0")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Checkpoint, folders and photograph."""
    root = tmp_path_factory.mktemp("proposers")
    tiny_sam.photograph().save(root / "photo.png")
    return {
        "photo": root / "photo.png",
        "sam": tiny_sam.save_sam(root / "sam.pth"),
        "sam-hf": tiny_sam.save_hub_sam(root / "sam-hf"),
        "sam2": tiny_sam.save_hub_sam2(root / "sam2"),
        "mask2former": tiny_sam.save_mask2former(root / "mask2former"),
    }


def _ground(places, model_folder, out, *options):
    arguments = [
        "ground",
        places["photo"],
        "the woman",
        "--model",
        model_folder,
        "--device",
        "cpu",
        "--json",
        "--out",
        out,
    ]
    result = CliRunner().invoke(cli.app, [str(each) for each in (*arguments, *options)])
    assert result.exit_code == 0, (result.output, result.exception)
    return ix.Grounding.load(json.loads(result.stdout)["files"]["result"])


@pytest.mark.parametrize("family", ["sam", "sam@peaks", "sam-hf", "sam-hf@peaks", "sam2", "sam2@peaks", "mask2former"])
def test_every_family_proposes_masks_for_a_photograph(family, places, model_folder, tmp_path) -> None:
    stem, _, preset = family.partition("@")
    name = (stem if stem == "sam" else f"{stem}:{places[stem]}") + (f"@{preset}" if preset else "")
    options = ["--proposals", name]
    if stem == "sam":
        options += ["--proposals-checkpoint", places["sam"]]
    if not preset and stem != "mask2former":
        options += [part for setting in LOW for part in ("--proposals-set", setting)]
    found = _ground(places, model_folder, tmp_path / "out", *options)
    assert len(found.proposals) > 0
    assert found.mask is not None
    assert found.mask.shape == (72, 96)
    assert found.proposals.source.startswith(name)
    assert any("proposals from" in note for note in found.trace)
    np.testing.assert_array_equal(found.mask, found.proposals.masks[found.selection.answer])


def test_a_folder_for_proposals_makes_them_once(places, model_folder, tmp_path) -> None:
    options = ("--proposals", "classical", "--proposals-set", "limit=9", "--proposals-cache", tmp_path / "kept")
    first = _ground(places, model_folder, tmp_path / "out", *options)
    (file,) = [each for each in (tmp_path / "kept").rglob("*") if each.is_file()]
    before = file.stat().st_mtime_ns
    second = _ground(places, model_folder, tmp_path / "out", *options)
    assert file.stat().st_mtime_ns == before
    np.testing.assert_array_equal(first.proposals.masks, second.proposals.masks)


def test_the_grounder_takes_names_and_proposers_for_one_picture_and_for_many(places, model_folder) -> None:
    grounder = ix.load(model_folder, device="cpu")
    image = tiny_sam.photograph()
    named = grounder.ground(image, "the woman", proposals=f"sam2:{places['sam2']}@peaks")
    for proposals in (
        named.proposals.source.split(" (")[0],
        load_proposer(f"sam2:{places['sam2']}@peaks"),
    ):
        (other,) = grounder.ground_each([(image, "the woman")], proposals=proposals)
        np.testing.assert_array_equal(named.proposals.masks, other.proposals.masks)
    pairs = [(image, "the woman"), (image, "the red suit")]
    classical = list(grounder.ground_each(pairs, proposals=load_proposer("classical", limit=4)))
    assert [len(each.proposals) for each in classical] == [4, 4]
    assert classical[0].proposals is classical[1].proposals
    assert grounder.ground(image, "the woman", proposals="none").proposals is None
    with pytest.raises(ix.IterprimeError, match="Did you mean 'classical'"):
        grounder.ground(image, "the woman", proposals="clasical")
