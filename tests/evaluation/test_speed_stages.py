"""Timings of a model: which stages, what a stage holds, and that it says on what it was measured."""

from __future__ import annotations

import time

import pytest
import torch

from iterprime_xai.evaluation.speed import measure_speed
from iterprime_xai.records import OptionError


def test_every_stage_is_timed_as_often_as_asked(matchers, picture):
    matcher = matchers["blip"]
    found = measure_speed(matcher, picture, ["red ball", "the blue ball"], matcher.layers[-2], repeats=3)
    assert [each.name for each in found.stages] == [
        "encode the picture",
        "first phrase",
        "a further phrase",
        "match alone, without a map",
        "2 phrases at once",
    ]
    assert all(0 < each.fastest <= each.seconds <= each.slowest and each.repeats == 3 for each in found.stages)
    assert found.tokens == (len(matcher.tokenize("red ball")), len(matcher.tokenize("the blue ball")))
    assert (found.device, found.threads) == (str(matcher.device), torch.get_num_threads())


def test_only_the_first_phrase_and_not_its_encoding_is_in_its_stage(matchers, picture, monkeypatch):
    """The first phrase sees freshly encoded pictures, whose encoding is not counted."""
    matcher = matchers["blip"]
    plain = type(matcher).encode_image

    def slow(self, image):
        time.sleep(0.05)
        return plain(self, image)

    monkeypatch.setattr(type(matcher), "encode_image", slow)
    found = {each.name: each for each in measure_speed(matcher, picture, ["red ball"], matcher.layers[0], 2).stages}
    assert found["encode the picture"].fastest > 0.05
    assert found["first phrase"].fastest < 0.05
    assert "1 phrases at once" not in found


@pytest.mark.parametrize(("phrases", "repeats"), [([], 3), (["red ball"], 0)])
def test_nothing_to_time_is_refused(matchers, picture, phrases, repeats):
    with pytest.raises(OptionError, match="At least one phrase and one repeat"):
        measure_speed(matchers["blip"], picture, phrases, 0, repeats)
