"""A row says what the grounder finds, measured against the gold mask."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.evaluation.heat import heat_in_object, peak_in_object
from iterprime_xai.evaluation.looking import by_picture, look
from iterprime_xai.evaluation.ways import Way, table_ways
from iterprime_xai.masks import gold_proposals
from iterprime_xai.records import OptionError, Sample
from iterprime_xai.records.overlap import iou
from iterprime_xai.saliency import RECIPES, Recipe
from iterprime_xai.systems import Grounder

RED = np.zeros((96, 128), bool)
RED[10:40, 12:50] = True
BLUE = np.zeros((96, 128), bool)
BLUE[50:90, 70:120] = True


@pytest.fixture
def sample(picture):
    tags = {"kind": "relation", "split": "val", "image_id": "val-7"}
    return Sample("val-7-0", picture, "the red dog left of the tree", RED, (BLUE,), ("tree",), tags)


def test_rows_are_what_the_grounder_finds(matcher, sample):
    layer = matcher.layers[0]
    ways = [
        way
        for way in table_ways(matcher.layers, layer)
        if way.name in ("refined", "emphasis local", "default", "paper")
    ]
    grounder = Grounder(matcher)
    for way, row in zip(ways, look(matcher, [sample], ways), strict=True):
        found = grounder.ground(sample.image, sample.text, layer=way.layer, recipe=way.recipe)
        among_gold = grounder.ground(
            sample.image, sample.text, layer=way.layer, recipe=way.recipe, proposals=gold_proposals(sample)
        )
        assert (row.way, row.layer, row.sample, row.image, row.kind, row.split) == (
            way.name, layer, "val-7-0", "val-7", "relation", "val",
        )  # fmt: skip
        assert row.heat == pytest.approx(heat_in_object(found.heatmap, RED), abs=1e-4)
        assert row.peak == peak_in_object(found.heatmap, RED)
        assert row.iou == pytest.approx(iou(found.mask, RED))
        assert row.best_iou == pytest.approx(max(iou(mask, RED) for mask in found.proposals.masks))
        assert row.gold == np.array_equal(among_gold.mask, RED)
        assert row.pass_probability == tuple(each.probability for each in found.passes)
        assert row.pass_taken == tuple(each.accepted for each in found.passes)
        assert row.stopped == found.passes[-1].stopped
        assert (row.things, row.area) == (2, pytest.approx(30 * 38 / (96 * 128)))


class FixedMatcher:
    """Looks at one patch of a 2 x 2 grid, whatever the text."""

    profile = None
    layers = (0,)
    grid = (2, 2)

    def __init__(self, row: int | None, column: int = 0):
        import torch

        self.map = torch.zeros(1, 4, 2, 2)
        if row is not None:
            self.map[..., row, column] = 1

    def encode_image(self, _image):
        return type("Tokens", (), {"grid": self.grid})()

    def tokenize(self, text):
        from iterprime_xai.models import TextTokens

        return TextTokens(text, None, (None, (0, 3), (4, 7), None))

    def match_all(self, asks, *, layers=()):
        from iterprime_xai.models import Match

        maps = dict.fromkeys(layers, self.map)
        return [Match(0.0, 0.25, maps, maps) for _ in asks]


PLAIN = [Way("plain", 0, Recipe("plain", emphasis="sentence", passes=1))]


@pytest.mark.parametrize(
    ("patch", "landed", "hit"),
    [((0, 0), "target", 1.0), ((1, 1), "tree", 0.0), ((0, 1), "background", 0.0), ((None,), "blank", 0.0)],
)
def test_where_the_peak_landed(sample, patch, landed, hit):
    row = look(FixedMatcher(*patch), [sample], PLAIN, classical=False)[0]
    assert (row.landed, row.peak, row.gold, row.iou) == (landed, hit, hit, None)
    assert (row.pass_peak, row.pass_probability, row.pass_taken) == ((hit,), (0.25,), (True,))


def test_samples_of_a_picture_come_together():
    def one(identity, image_id):
        return Sample(identity, Image.new("RGB", (4, 4)), "x", tags={"image_id": image_id})

    groups = by_picture([one("1", "a"), one("2", "a"), one("3", "b")])
    assert [[each.id for each in group] for group in groups] == [["1", "2"], ["3"]]


def test_a_sample_without_truth_is_refused_by_name(matcher, picture):
    with pytest.raises(OptionError, match="Sample 9"):
        look(matcher, [Sample("9", picture, "the dog")], [Way("default", matcher.layers[0], RECIPES["default"])])
