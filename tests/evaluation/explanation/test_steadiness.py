"""Steadiness of maps: against maps whose figures are known beforehand, and what data sets say of absent and same things."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from iterprime_xai.data import open_data
from iterprime_xai.evaluation.explanation.judged_tables import steady_table
from iterprime_xai.evaluation.explanation.judging import Judge, absent_from, meaning_the_same
from iterprime_xai.evaluation.explanation.memory import memory_of
from iterprime_xai.evaluation.explanation.steadiness import Steadiness, SteadyRow, pictures_of
from iterprime_xai.models import load_matcher
from iterprime_xai.records import Sample
from iterprime_xai.saliency import Saliency, get_method

pytest.importorskip("captum")


@dataclass(frozen=True)
class Fixed:
    """A map that is the same whatever is asked, or, with ``wild``, another one each time the picture differs, or nothing."""

    wild: bool = False
    empty: bool = False
    name = "fixed"
    title = cost = paper = ""
    reads_layer = False

    def look(self, matcher, subject):
        seed = int(np.asarray(subject.picture).sum()) if self.wild else 0
        heatmap = np.random.default_rng(seed).random(matcher.grid).astype(np.float32)
        return Saliency(heatmap * (not self.empty), 0.0, 0.5)


@pytest.fixture(scope="module")
def steadiness():
    data = open_data("scenes:val", count=3)
    sample = data.samples_of(data.pictures()[0])[0]
    matcher = load_matcher("tiny")
    judge = Judge(matcher, [get_method("gradcam")])
    picture = sample.image
    return Steadiness(matcher, judge._subject(picture, matcher.encode_image(picture), sample.text))


def test_an_empty_map_has_all_the_infidelity_and_a_fixed_one_is_steady(steadiness):
    lost, moved, same = steadiness.of(Fixed(empty=True), ["the dog"])
    assert lost == pytest.approx(1.0, abs=1e-6)
    assert moved != moved  # a blank map has no norm,
    assert same != same  # and no shape
    lost, moved, same = steadiness.of(Fixed(), ["the dog", "the cat"])
    assert 0 <= lost <= 1
    assert (moved, same) == (0.0, pytest.approx(1.0))


def test_a_map_that_jumps_with_the_noise_is_not_steady(steadiness):
    assert steadiness.of(Fixed(wild=True), [])[1] > 0.3
    calm = steadiness.of(get_method("gradcam"), [])
    assert calm[1] < 0.3
    assert calm[2] != calm[2]  # no paraphrase: nothing was measured


def test_pixels_go_back_to_the_picture_that_they_came_from(steadiness):
    seen = steadiness.subject.picture
    (again,) = pictures_of(steadiness.matcher, steadiness.matcher.pixels_of([seen]))
    np.testing.assert_array_equal(np.asarray(again), np.asarray(seen))


def sample(text, column, category="dog", others=()):
    mask = np.zeros((2, 2), bool)
    mask[:, column] = True
    return Sample(id=text, image="a.png", text=text, mask=mask, other_categories=others, tags={"category": category})


def test_other_phrases_for_the_same_mask_mean_the_same():
    dog, brown, cat = sample("dog", 0), sample("the brown one", 0), sample("cat", 1)
    assert meaning_the_same(dog, [dog, brown, cat]) == ["the brown one"]
    assert meaning_the_same(cat, [dog, brown, cat]) == []


def test_absent_is_what_another_picture_holds_and_this_one_does_not():
    here, there = sample("dog", 0, others=("cat",)), [sample("bus", 0, "bus", ("dog", "tree", "bus"))]
    assert absent_from(here, there) == ["bus", "tree"]
    assert absent_from(replace(here, tags={}, other_categories=()), there) == []  # nobody knows what is here


def test_the_table_has_the_columns_that_were_measured():
    rows = [SteadyRow("s", "a", "gradcam", 0.5, 0.1, float("nan")), SteadyRow("t", "b", "gradcam", 1.0, 0.3, 0.8)]
    text = steady_table(rows, {"gradcam": "1 forward"}, {"gradcam": 12.4})
    assert "| gradcam | 0.75 | 0.20 | 0.80 | 1 forward | 12 |" in text
    assert "MB" not in steady_table(rows, {"gradcam": "1 forward"})
    assert "| gradcam | - |" in steady_table([], {}, {"gradcam": None})


def test_a_method_that_holds_more_is_seen_to_hold_more():
    data = open_data("scenes:val", count=3)
    one = data.samples_of(data.pictures()[0])[0]
    held = memory_of([get_method("uniform"), get_method("integrated_gradients", steps=2)], one)
    if None in held.values():
        pytest.skip("this system does not tell")
    assert held["integrated_gradients"] > held["uniform"] + 10
