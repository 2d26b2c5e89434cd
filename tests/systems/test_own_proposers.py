"""Proposers of a system: asked once a picture, or with the heat of each phrase."""

from __future__ import annotations

import numpy as np
import pytest
from random_models import SHAPES, build_model, build_processor

from iterprime_xai.models import load_matcher
from iterprime_xai.records import OptionError, Proposals
from iterprime_xai.systems import load_system


class Boxes:
    """Three boxes; counts how often it is asked."""

    name = "boxes"

    def __init__(self, masks):
        self.masks, self.asked = masks, 0

    def describe(self):
        return {"proposer": "boxes", "version": 3}

    def propose(self, image):
        self.asked += 1
        return Proposals(self.masks, np.ones(len(self.masks), np.float32), "boxes")


class AtPeaks(Boxes):
    """One pixel at each heatmap's peak."""

    def propose_at(self, image, heatmap):
        self.asked += 1
        mask = np.zeros((1, image.height, image.width), bool)
        row, column = np.unravel_index(int(np.argmax(heatmap)), heatmap.shape)
        mask[0, row * image.height // heatmap.shape[0], column * image.width // heatmap.shape[1]] = True
        return Proposals(mask, np.ones(1, np.float32), f"peak {self.asked}")


@pytest.fixture(scope="module")
def plain(tokenizer):
    return load_matcher(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))


@pytest.mark.parametrize("name", ["iterprime", "largest"])
def test_a_proposer_in_memory_is_asked_once_a_picture_and_described(name, plain, picture, boxes):
    proposer = Boxes(boxes)
    settings = {"proposer": proposer} | ({"model": plain, "layer": 1} if name == "iterprime" else {})
    system = load_system(name, settings)
    found = system.segment_many(picture, ["the red dog", "the cat"])
    assert proposer.asked == 1
    assert system.describe()["proposer"] == {"proposer": "boxes", "version": 3}
    assert {each.proposals.source for each in found} == {"boxes"}
    assert system.segment(picture, "a dog", proposals=boxes[:1]).selection.answer == 0
    assert proposer.asked == 1


def test_a_prompted_proposer_is_asked_with_the_heat_of_each_phrase(plain, picture, boxes):
    proposer = AtPeaks(boxes)
    found = load_system("iterprime", {"proposer": proposer, "model": plain, "layer": 1}).segment_many(
        picture, ["the red dog", "the cat"]
    )
    assert [each.proposals.source for each in found] == ["peak 1", "peak 2"]
    for each in found:
        rows, columns = each.heatmap.shape
        row, column = (int(place[0]) for place in np.nonzero(each.mask))
        assert each.heatmap[row * rows // 96, column * columns // 128] == each.heatmap.max()


def test_a_name_is_loaded_when_it_is_needed(picture, boxes):
    system = load_system("largest", {"proposer": "clasical"})
    assert system.describe()["proposer"] == {"name": "clasical"}
    assert system.segment(picture, "a dog", proposals=boxes).mask is not None
    with pytest.raises(OptionError, match="classical"):
        system.segment(picture, "a dog")
