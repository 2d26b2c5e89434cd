"""Layers measured on matchers made by hand, whose answer is plain, and on the bundled model."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from run_stand_ins import ToySet

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.heat import HeatRow
from iterprime_xai.evaluation.layer_table import LayerRow, LayerTable, chosen_row
from iterprime_xai.evaluation.layers import measure_layers, neighbours
from iterprime_xai.models import Match, TextTokens
from iterprime_xai.models.profiles import Profile, read, write
from iterprime_xai.records import OptionError, PhraseError
from iterprime_xai.saliency import Recipe
from iterprime_xai.saliency.layered_gradcam import combined

PLAIN = Recipe("plain", emphasis="all_tokens", passes=1)
ON, OFF = (1, 0), (0, 1)
"""Patches of a 2 x 2 grid over the 12 x 16 pixels of a toy picture: the middle of the first lies in its gold mask."""


class ByHand:
    """Looks at one patch a layer: ``patches`` maps layers to (row, column), or to ``None`` for a blank map.

    Words have heat of their own in all layers but those in ``silent``. Counts what it is asked.
    """

    profile = Profile(threshold=0.25, closed_vocabulary=True)
    grid = (2, 2)

    def __init__(self, patches, silent=(), strength=None):
        self.patches, self.silent, self.strength = patches, silent, strength or {}
        self.encoded, self.asked = 0, []

    @property
    def layers(self):
        return tuple(self.patches)

    def describe(self):
        return {"name": "by hand"}

    def encode_images(self, images):
        self.encoded += len(images)
        return [type("Tokens", (), {"grid": self.grid})() for _ in images]

    def tokenize(self, text):
        if "1" in text and self.strength.get("unreadable"):
            raise PhraseError("The phrase is too long.")
        return TextTokens(text, None, (None, (0, 4), (5, 10), (11, 12), None))

    def match_all(self, asks, *, layers=()):
        import torch

        self.asked.append((len(asks), layers))
        found = {}
        for layer in layers:
            found[layer] = torch.zeros(1, 5, 2, 2)
            if self.patches[layer] is not None:
                tokens = slice(0, 1) if layer in self.silent else slice(None)
                found[layer][:, tokens, *self.patches[layer]] = self.strength.get(layer, 1.0)
        return [Match(0.0, 0.25, found, dict.fromkeys(layers, torch.ones(1, 5, 2, 2))) for _ in asks]


def test_every_layer_is_measured_from_one_look_and_the_one_that_points_is_picked():
    matcher = ByHand({1: OFF, 2: ON, 5: None})
    table = measure_layers(matcher, ToySet(count=5, each=4), recipe=PLAIN)
    assert [row.layers for row in table.rows] == [(1,), (2,), (5,)]
    assert [row.whole.peak.mean for row in table.rows] == [0, 1, 0]
    assert [row.whole.blank for row in table.rows] == [0, 0, 20]
    assert [row.behind.mean for row in table.rows] == [1, 0, 1]
    assert (table.chosen, table.count, table.points) == (2, 20, True)
    assert matcher.encoded == 5
    assert matcher.asked == [(16, (1, 2, 5)), (4, (1, 2, 5))]


def test_kinds_have_rows_of_their_own():
    table = measure_layers(ByHand({0: ON}), ToySet(count=3, each=2), recipe=PLAIN)
    assert [(each.kind, each.count) for each in table.rows[0].rows] == [("all", 6), ("even", 4), ("odd", 2)]
    assert "even (4)" in str(table)


def test_a_limit_and_progress_count_expressions():
    seen = []
    table = measure_layers(ByHand({0: ON}), ToySet(count=9, each=2), recipe=PLAIN, limit=5, seen=seen.append)
    assert table.count == sum(seen) == 5


def test_neighbours_are_runs_of_two_three_and_all_among_the_layers_that_look():
    assert neighbours((0, 2, 4, 6)) == ((0, 2), (2, 4), (4, 6), (0, 2, 4), (2, 4, 6), (0, 2, 4, 6))
    assert neighbours((3, 4, 5)) == ((3, 4), (4, 5), (3, 4, 5))
    assert neighbours((3, 4)) == ((3, 4),)
    assert neighbours((7,)) == ()


def test_a_set_is_the_mean_of_maps_divided_by_their_maximum():
    strong = np.array([[100, 50], [0, 0]], np.float32)
    faint = np.array([[0, 0], [0, 1e-10]], np.float32)
    assert combined([strong, faint]).tolist() == [[0.5, 0.25], [0, 0.5]]
    assert combined([strong, np.zeros((2, 2), np.float32)]).tolist() == [[0.5, 0.25], [0, 0]]
    assert combined([strong, np.full((2, 2), np.nan, np.float32)]).tolist() == [[0.5, 0.25], [0, 0]]


def test_sets_are_measured_but_a_single_layer_is_picked():
    matcher = ByHand({0: ON, 1: ON, 2: OFF}, strength={0: 1e-6, 1: 1e-6, 2: 1e6})
    table = measure_layers(matcher, ToySet(count=3), recipe=PLAIN, sets=True)
    assert [row.layers for row in table.rows] == [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]
    assert table.row(0, 1, 2).whole.peak.mean == 1  # two faint layers outvote a strong one
    assert table.chosen == 1
    assert "layers 0+1+2" in str(table)
    with pytest.raises(OptionError, match="layer 0, layer 1"):
        table.row(7)


def _row(layer, peak, heat, behind, wordless=0):
    whole = HeatRow("all", Interval(heat, heat, heat), Interval(peak, peak, peak), 0.1, 0.5, 0, 100)
    return LayerRow((layer,), (whole,), Interval(*behind), wordless, 100)


def test_the_rule_takes_the_most_peaks_then_of_the_tied_the_most_heat_then_the_higher():
    best, far = _row(3, 0.8, 0.3, (0, 0, 0)), _row(4, 0.5, 0.9, (0.3, 0.2, 0.4))
    assert chosen_row([far, best]) is best
    near = _row(2, 0.79, 0.4, (0.01, -0.02, 0.04))
    assert chosen_row([best, near, far]) is near
    same = _row(1, 0.79, 0.3, (0.01, -0.02, 0.04))
    assert chosen_row([same, best]) is best


def test_a_layer_without_word_maps_is_picked_only_where_no_other_ties():
    words, silent = _row(1, 0.79, 0.2, (0.01, -0.02, 0.04)), _row(2, 0.8, 0.9, (0, 0, 0), wordless=100)
    assert chosen_row([words, silent]) is words
    worse = replace(words, behind=Interval(0.2, 0.1, 0.3))
    assert chosen_row([worse, silent]) is silent


def test_looks_in_which_no_word_has_heat_are_counted():
    table = measure_layers(ByHand({0: ON, 1: ON}, silent={1}), ToySet(count=2), recipe=PLAIN)
    assert [row.wordless for row in table.rows] == [0, 4]
    assert table.chosen == 0


def test_a_sample_without_a_gold_mask_is_refused_by_name():
    with pytest.raises(OptionError, match=r"Sample 1-0 has no gold mask"):
        measure_layers(ByHand({0: ON}), ToySet(count=3, missing={1}), recipe=PLAIN)


def test_what_cannot_be_measured_is_left_out_and_named():
    table = measure_layers(ByHand({0: ON}), ToySet(count=4, broken={0}, empty={1}), recipe=PLAIN)
    assert table.count == 4
    assert [each.partition(":")[0] for each in table.left_out] == ["0-0", "0-1", "1-0", "1-1"]
    assert "4 expressions were left out, the first: 0-0: There is no picture 0." in " ".join(str(table).split())
    unreadable = measure_layers(ByHand({0: ON}, strength={"unreadable": True}), ToySet(count=1, each=2), recipe=PLAIN)
    assert unreadable.left_out == ("0-1: The phrase is too long.",)
    with pytest.raises(OptionError, match="nothing to measure layers by: 0-0: There is no picture 0"):
        measure_layers(ByHand({0: ON}), ToySet(count=1, broken={0}), recipe=PLAIN)


def test_another_split_than_val_warns_and_makes_no_profile():
    with pytest.warns(UserWarning, match="on val only"):
        table = measure_layers(ByHand({0: ON}), ToySet(count=2, split="testA", name="toy:testA"), recipe=PLAIN)
    with pytest.raises(OptionError, match="testA: a layer is chosen on val only"):
        table.profile(Profile())


def test_samples_without_a_split_are_measured_with_a_note():
    table = measure_layers(ByHand({0: ON}), ToySet(count=2, split=""), recipe=PLAIN)
    assert "name no split" in str(table)
    assert table.profile(Profile()).layer == 0


def test_a_profile_keeps_what_is_not_about_the_layer_and_names_data_count_figure_and_command(tmp_path):
    table = measure_layers(ByHand({1: OFF, 4: ON}), ToySet(count=3), recipe=PLAIN)
    base = Profile(7, "enc", "", "drawn scenes", True, 0.25, source="as in a notebook")
    found = table.profile(base, "iterprime-xai layers --data toy:val")
    assert found == Profile(
        4,
        "enc",
        "best of 2 layers on toy:val, 6 expressions: peak on the object in 100.0 [100.0, 100.0] %, recipe plain, first look; "
        "made by `iterprime-xai layers --data toy:val`",
        "drawn scenes",
        True,
        0.25,
    )
    write(found, tmp_path)
    assert read(tmp_path) == found


def test_no_profile_where_no_layer_points_better_than_a_random_point():
    table = measure_layers(ByHand({0: OFF, 1: None}), ToySet(count=3), recipe=PLAIN)
    assert not table.points
    assert "do not trust its maps" in str(table)
    with pytest.raises(OptionError, match="random point"):
        table.profile(Profile())


def test_the_table_is_plain_json():
    table = measure_layers(ByHand({0: ON, 1: OFF}), ToySet(count=2), recipe=PLAIN, sets=True)
    found = json.loads(json.dumps(table.as_json(), allow_nan=False))
    assert found["chosen"] == 0
    assert found["rows"][2]["layers"] == [0, 1]
    assert found["rows"][0]["kinds"][0]["peak"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_the_bundled_model_points_at_its_profiles_layer_and_maps_are_the_grounders_first_look():
    import iterprime_xai as ix
    from iterprime_xai.data.sources import open_data
    from iterprime_xai.evaluation.heat import heat_found

    grounder, data = ix.load("tiny"), open_data("scenes:val", count=12)
    table = measure_layers(grounder, data)
    assert isinstance(table, LayerTable)
    assert table.chosen == grounder.matcher.profile.layer == 3
    assert table.row(3).whole.peak.low > 0.5 > table.row(1).whole.peak.high
    assert table.row(4).wordless == 12
    samples = [each for entry in data.pictures() for each in data.samples_of(entry)]
    for layer in (1, 3):
        looked = [
            grounder.ground(each.image, each.text, layer=layer, passes=1, proposals=False).heatmap for each in samples
        ]
        expected = [heat_found(heatmap, each) for heatmap, each in zip(looked, samples, strict=True)]
        whole = table.row(layer).whole
        assert whole.peak.mean == np.mean([each.peak for each in expected])
        assert whole.heat.mean == pytest.approx(np.mean([each.heat for each in expected]), abs=1e-4)


class OnForTheFirst(ByHand):
    """Points at the object for the first phrase of a picture alone."""

    def match_all(self, asks, *, layers=()):
        self.patches = {0: ON}
        on = super().match_all(asks, layers=layers)
        self.patches = {0: OFF}
        off = super().match_all(asks, layers=layers)
        return [on[at] if ask.text.text.endswith("0") else off[at] for at, ask in enumerate(asks)]


def test_intervals_are_over_the_data_sets_own_pictures():
    # Phrases differ, pictures do not: drawing pictures again changes nothing.
    whole = measure_layers(OnForTheFirst({0: ON}), ToySet(count=5, each=2), recipe=PLAIN).row(0).whole
    assert (whole.peak.mean, whole.peak.low, whole.peak.high) == (0.5, 0.5, 0.5)
