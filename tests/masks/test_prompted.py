"""SAM is asked where a heatmap is hot: peaks apart from one another, boxes around their regions, a picture embedded once."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.masks.prompted import PromptedSam, PromptSettings, prompts_of
from iterprime_xai.masks.proposer import PromptedProposer
from iterprime_xai.masks.proposers import load_proposer
from iterprime_xai.records import ProposalError

HEAT = np.zeros((6, 8), np.float32)
HEAT[1, 1], HEAT[1, 2], HEAT[2, 1] = 1.0, 0.6, 0.4
HEAT[4, 6], HEAT[4, 5] = 0.7, 0.5
HEAT[4, 1] = 0.3


def test_points_are_the_peaks_and_boxes_the_patches_that_hang_together() -> None:
    """In a picture of 80 x 60 every patch has 10 x 10 pixels."""
    first, second = prompts_of(HEAT, (60, 80), PromptSettings())
    assert (first.point, first.box) == ((15, 15), (10, 10, 30, 20))
    assert (second.point, second.box) == ((65, 45), (50, 40, 70, 50))


@pytest.mark.parametrize(
    ("settings", "points"),
    [
        ({"peaks": 1}, [(15, 15)]),
        ({"least": 0.2}, [(15, 15), (65, 45), (15, 45)]),
        (
            {"least": 0.2, "apart": 0.5},
            [(15, 15), (65, 45)],
        ),  # the third is three patches from the first, four are asked for
        ({"least": 0.71}, [(15, 15)]),
    ],
)
def test_weaker_and_nearer_peaks_are_left_out(settings, points) -> None:
    assert [each.point for each in prompts_of(HEAT, (60, 80), PromptSettings(**settings))] == points


def test_a_plateau_is_one_peak_and_magnitude_does_not_matter() -> None:
    flat = np.zeros((6, 8))
    flat[2:4, 3:5] = 1e-10
    (only,) = prompts_of(flat, (60, 80), PromptSettings())
    assert (only.point, only.box) == ((35, 25), (30, 20, 50, 40))
    assert prompts_of(HEAT * 1e-9, (60, 80), PromptSettings()) == prompts_of(HEAT, (60, 80), PromptSettings())


@pytest.mark.parametrize("blank", [np.zeros((4, 4)), np.ones((4, 4)), -HEAT, np.full((4, 4), np.nan)])
def test_a_blank_heatmap_has_no_prompts_and_asks_nothing(blank) -> None:
    assert prompts_of(blank, (60, 80), PromptSettings()) == []
    asleep = PromptedSam(None, PromptSettings(), name="sam@peaks")
    found = asleep.propose_at(Image.new("RGB", (80, 60)), blank)
    assert found.masks.shape == (0, 60, 80)
    assert "blank heatmap has no peak" in found.source


class Recorder:
    """Answers with the box (or the picture, without one), an empty mask and the point."""

    weights = "none"

    def __init__(self) -> None:
        self.embedded, self.asked = [], []

    def embed(self, image):
        self.embedded.append(image)
        return image

    def at(self, picture, points, box):
        self.asked.append((points, box))
        masks = np.zeros((3, picture.height, picture.width), bool)
        left, top, right, bottom = map(int, box or (0, 0, picture.width, picture.height))
        masks[0, top:bottom, left:right] = True
        for x, y in points:
            masks[2, int(y), int(x)] = True
        return masks, np.array([0.9, 0.8, 0.7])


def test_each_peak_is_asked_alone_and_with_its_box_and_all_together() -> None:
    sam = Recorder()
    found = PromptedSam(sam, PromptSettings(), name="sam@peaks").propose_at(Image.new("RGB", (80, 60)), HEAT)
    one, two = (15, 15), (65, 45)
    assert sam.asked == [
        ([one], None),
        ([one], (10, 10, 30, 20)),
        ([two], None),
        ([two], (50, 40, 70, 50)),
        ([one, two], None),
    ]
    assert np.count_nonzero(found.masks, axis=(1, 2)).tolist() == [4800, 1, 200, 1, 4800, 1, 200, 1, 4800, 2]
    np.testing.assert_allclose(found.scores, [0.9, 0.7] * 5)
    assert found.source == "sam@peaks (SAM at 2 peaks of the heatmap, 5 empty masks left out)"


def test_a_picture_is_embedded_once_for_heatmaps_that_follow() -> None:
    sam = Recorder()
    proposer = PromptedSam(sam, PromptSettings(), name="sam@peaks")
    grey, white = Image.new("RGB", (80, 60), "grey"), Image.new("RGB", (80, 60), "white")
    for image in (grey, grey.copy(), white, white):
        proposer.propose_at(image, HEAT)
    assert len(sam.embedded) == 2


@pytest.mark.parametrize("family", ["sam", "sam-hf", "sam2"])
def test_every_sam_can_be_prompted(family, photograph, request) -> None:
    if family == "sam":
        proposer = load_proposer("sam@peaks", checkpoint=request.getfixturevalue("sam_file"), device="cpu")
    else:
        folder = request.getfixturevalue({"sam-hf": "sam_folder", "sam2": "sam2_folder"}[family])
        proposer = load_proposer(f"{family}:{folder}@peaks", device="cpu")
    assert isinstance(proposer, PromptedProposer)
    found, again = proposer.propose_at(photograph, HEAT), proposer.propose_at(photograph, HEAT)
    assert found.masks.shape[1:] == (72, 96)
    assert 0 < len(found) <= 15
    np.testing.assert_array_equal(found.masks, again.masks)
    other = proposer.propose_at(photograph, HEAT[::-1, ::-1].copy())
    assert found.masks.shape != other.masks.shape or (found.masks != other.masks).any()
    assert len(str(proposer.describe()["weights"])) == 64
    with pytest.raises(ProposalError, match="asked where a heatmap is hot"):
        proposer.propose(photograph)


def test_the_point_and_box_of_segment_anything_and_transformers_are_in_the_pictures_pixels(
    sam_folder, photograph
) -> None:
    """The same prompt, scaled by hand into SAM's square of 128, whose picture of 96 x 72 is 128 x 96."""
    import torch

    sam = load_proposer(f"sam-hf:{sam_folder}@peaks", device="cpu").sam
    picture = sam.embed(photograph)
    masks, scores = sam.at(picture, [(48.0, 36.0)], (24.0, 18.0, 72.0, 54.0))
    with torch.no_grad():
        out = sam.model(
            image_embeddings=picture.embeddings,
            input_points=torch.tensor([[[[64.0, 48.0]]]]),
            input_labels=torch.ones(1, 1, 1, dtype=torch.int64),
            input_boxes=torch.tensor([[[32.0, 24.0, 96.0, 72.0]]]),
        )
    np.testing.assert_allclose(scores, out.iou_scores[0, 0].numpy(), atol=1e-6)
    full = sam.processor.post_process_masks(out.pred_masks, [(72, 96)], [(96, 128)])[0][0].numpy()
    np.testing.assert_array_equal(masks, full)
