"""What the card of a checkpoint says, from tables made by hand."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.explanation.judging import CheckRow
from iterprime_xai.evaluation.heads import HeadTable, head_pointing
from iterprime_xai.evaluation.heat import HeatRow
from iterprime_xai.evaluation.layer_table import LayerRow, LayerTable
from iterprime_xai.evaluation.matching import PairRow
from iterprime_xai.evaluation.speed import Speed, Stage, measure_speed
from iterprime_xai.models import Profile
from iterprime_xai.records import Sample
from iterprime_xai.reports.sections import model_exhibits
from iterprime_xai.reports.sections.model_facts import Size, card_of, folder_of, size_of

SIZE = Size((("tower", 1_500_000), ("text", 500_000)), 2_000_000, 8.0, 4.0)


def layer(number: int, peak: float, behind: tuple[float, float]) -> LayerRow:
    heat = HeatRow("all", Interval(0.4, 0.3, 0.5), Interval(peak, peak - 0.1, peak + 0.1), 0.04, 0.3, 1, 60)
    kind = HeatRow("position", heat.heat, heat.peak, 0.04, 0.25, 0, 20)
    return LayerRow((number,), (heat, kind), Interval(sum(behind) / 2, *behind), 0, 60)


def layers(chosen: int, count=60, **others) -> LayerTable:
    rows = (layer(0, 0.05, (0.7, 0.9)), layer(1, 0.8, (-0.1, 0.1)), layer(2, 0.85, (0.0, 0.0)))
    return LayerTable("small", "scenes:val", ("val",), "default", rows, chosen, count, **others)


def grounder(profile: Profile, why: str = "layer 1, from the checkpoint's profile (best)"):
    return SimpleNamespace(matcher=SimpleNamespace(profile=profile, choose_layer=lambda layer: (1, why)))


def test_the_headline_says_whether_the_layer_that_is_read_points():
    said = repr(model_exhibits.headline(layers(2), 2, SIZE))
    assert said.startswith("small: layer 2 points at the thing in 85.0 [75.0, 95.0] % of 60 phrases of scenes:val")
    assert said.endswith("(a random point: 4.0 %); these phrases pick the same layer. 2.00 million weights.")
    assert "points no better than chance" in repr(model_exhibits.headline(layers(2), 0, SIZE))


def test_the_headline_tells_a_better_layer_from_one_that_is_tied():
    assert "pick layer 2, but do not tell the two apart" in repr(model_exhibits.headline(layers(2), 1, SIZE))
    assert "pick layer 2 instead, which points more often" in repr(model_exhibits.headline(layers(2), 0, SIZE))


def test_what_was_not_validated_is_said():
    why = "layer 2, two thirds of the depth: not validated for this checkpoint"
    said = repr(model_exhibits.caveats(grounder(Profile(), why), layers(2, wrong_split=True)))
    for part in (f"Not validated: {why}.", "No threshold was measured", "scenes:val is not a validation split"):
        assert part in said
    known = Profile(layer=1, validated="x", domain="drawn scenes", closed_vocabulary=True, threshold=0.3)
    said = repr(model_exhibits.caveats(grounder(known), layers(2, count=20, left_out=("a: too long",))))
    assert "ot validated" not in said
    for part in (
        "Made for drawn scenes",
        "closed vocabulary",
        "Measured on 20 phrases only",
        "the first: a: too long.",
    ):
        assert part in said
    assert repr(model_exhibits.caveats(grounder(Profile(layer=1, validated="x", threshold=0.3)), layers(2))) == ""


def test_every_layer_has_a_line_and_the_picked_one_is_bold():
    html = model_exhibits.layer_table(layers(2)).html
    bold = [line for line in html.split("<tr>") if "font-weight: 700" in line]
    assert len(bold) == 1
    assert "layer 2" in bold[0]
    assert "a random point, a flat map" in html
    chart = model_exhibits.layer_chart(layers(2), 1)
    assert "layer 1 (read) 80.0 [70.0, 90.0]; layer 2 85.0 [75.0, 95.0]; a random point 4.0" in chart.alt
    assert "position 20 85.0 [75.0, 95.0]" in repr(model_exhibits.kinds_table(layers(2), 2))


def test_heads_are_told_with_the_best_one_and_how_many_beat_a_random_point():
    counts = np.array([[0, 1], [45, 20]])
    found = HeadTable((2, 3), counts, counts // 2, 50, 0.04)
    said = repr(model_exhibits.heads_said(found))
    assert said.startswith(
        "By Grad-CAM the best is head 0 of layer 3: 45 of 50 phrases. 2 of 4 heads point surely more often"
    )
    alt = model_exhibits.heads_chart(found).alt
    assert "Best by Grad-CAM: layer 3, head 0, 90 %; by attention alone at most 44 %" in alt
    none = HeadTable((2, 3), 0 * counts, counts, 50, 0.04)
    assert "No head points at what is meant in any of 50 phrases" in repr(model_exhibits.heads_said(none))


def test_very_many_heads_still_fit_on_a_page(matchers, picture, monkeypatch):
    counts = np.zeros((2, 384), int)
    content = model_exhibits.heads_chart(HeadTable((2, 3), counts, counts, 50, 0.04)).content
    assert Image.open(io.BytesIO(content)).width < 1300
    monkeypatch.setattr(model_exhibits, "DRAWN", 1)
    held = SimpleNamespace(matcher=matchers["blip"])
    said = repr(model_exhibits.atlas_of(held, Sample("x", picture, "red square", mask=np.ones((96, 128), bool))))
    assert "too many to draw" in said


def test_matching_is_told_for_scenes_and_not_validated_elsewhere():
    row = PairRow("i", "val", "position", "place", True, False, False, "left dog", "right dog", 0.9, 0.2)
    assert "| position | 1.000 [1.000, 1.000] |" in repr(model_exhibits.matching([row]))
    assert "not validated on these data" in repr(model_exhibits.matching([]))
    assert model_exhibits.pairs_of(SimpleNamespace(matcher=None), "refcoco:val", 5) == []


@pytest.mark.parametrize(
    ("believed", "said"),
    [
        ((True, True), "gradcam passes random weights and another phrase on 1 phrase: its maps depend on both."),
        ((True, False), "gradcam fails another phrase on 1 phrase: do not believe its maps"),
        ((False, False), "gradcam fails random weights and another phrase on 1 phrase"),
    ],
)
def test_the_sanity_checks_are_a_sentence(believed, said):
    tests = ("randomised_weights", "wrong_phrase")
    rows = [CheckRow("s", "i", "gradcam", test, 0.1, 1.0, each) for test, each in zip(tests, believed, strict=True)]
    assert said in repr(model_exhibits.checked(rows))
    assert "not validated" in repr(model_exhibits.checked([]))


def test_speed_tells_threads_tokens_and_repeats():
    found = Speed((Stage("encode the picture", 0.0123, 0.01, 0.02, 5),), (4, 9), "cpu", 1)
    said = repr(model_exhibits.speed_table(found))
    assert "encode the picture 12.3 10.0 20.0" in said
    assert "medians of 5 on cpu with 1 torch thread; phrases of 4 to 9 tokens" in said


@pytest.mark.parametrize("family", ["blip", "blip2", "albef"])
def test_a_model_of_every_family_has_its_card(matchers, family, picture):
    matcher = matchers[family]
    held = SimpleNamespace(matcher=matcher)
    size = size_of(held, "somebody/at-the-hub")
    assert size.weights == sum(each.numel() for each in matcher.model.parameters()) > 1000
    said = repr(model_exhibits.identity(held, size))
    assert f"family {matcher.describe()['family']}" in said
    assert "no folder here" in said
    assert "not validated" in said
    sample = Sample("x", picture, "red square", mask=np.ones((96, 128), bool))
    assert f"{len(matcher.layers)} layers" in repr(model_exhibits.atlas_of(held, sample))
    found = head_pointing(matcher, [sample])
    assert found.gradcam.shape[1] % matcher.describe()["heads"] == 0  # query tokens have each their own
    assert len(measure_speed(matcher, picture, ["red square"], matcher.layers[0], 1).stages) == 4


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = torch.nn.Linear(3, 2)
        self.text = torch.nn.Linear(3, 2, bias=False)
        self.text.weight = self.tower.weight  # shared: counts once
        self.head = torch.nn.Linear(2, 1).half()


def test_weights_that_are_shared_count_once(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"x" * 3_000_000)
    (tmp_path / "pytorch_model.bin").write_bytes(b"x" * 5_000_000)
    held = SimpleNamespace(matcher=SimpleNamespace(model=Network()))
    found = size_of(held, str(tmp_path))
    assert found.parts == (("tower", 8), ("head", 3))
    assert found.weights == 11
    assert found.memory == pytest.approx((8 * 4 + 3 * 2) / 1e6)
    assert found.files == pytest.approx(3.0)
    assert size_of(held, "somebody/at-the-hub").files is None


def test_the_card_tells_training_and_limits_and_nothing_else(tmp_path):
    parts = ("Training data\n\nscenes\n\n### more\n\nof it", "Figures\n\n1", "Limits\n\nmany")
    text = "---\nlicense: x\n---\n# small\n\nintro\n\n" + "\n\n".join(f"## {each}" for each in parts) + "\n"
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    found = card_of(str(tmp_path))
    assert found == "#### Training data\n\nscenes\n\n### more\n\nof it\n\n#### Limits\n\nmany"
    assert "license" not in found
    (tmp_path / "README.md").write_text(f"## Limits\n\n{'word ' * 1000}\n\n{'word ' * 1000}", encoding="utf-8")
    assert card_of(str(tmp_path)).endswith("\n\n…")


def test_a_model_without_a_card_is_said_to_be_not_validated(tmp_path):
    assert "Not validated." in repr(model_exhibits.training(str(tmp_path)))
    assert "What it learned from" in repr(model_exhibits.training("tiny"))
    assert folder_of("somebody/at-the-hub") is None
