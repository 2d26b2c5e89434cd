"""A matcher of one's own, with the members of the protocol and no others, grounds."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from PIL import Image

from iterprime_xai.models import Ask, GroundingMatcher, ImageTokens, Match, Profile, TextTokens
from iterprime_xai.records import OptionError
from iterprime_xai.systems import Grounder


class Brightness:
    """Looks where the picture is bright, whatever the words; one token."""

    name, scored, device = "brightness", True, torch.device("cpu")
    profile, layers, grid = Profile(layer=0), (0,), (2, 2)

    def encode_image(self, image):
        return self.encode_images([image])[0]

    def encode_images(self, images):
        small = [np.asarray(each.convert("L").resize(self.grid), np.float32) / 255 for each in images]
        return [ImageTokens(torch.from_numpy(each).reshape(1, 4, 1), self.grid, 0) for each in small]

    def tokenize(self, text):
        return TextTokens(text, torch.zeros(1, 1, dtype=torch.long), ((0, len(text)),))

    def match(self, image_tokens, text_tokens, *, keep=None, layers=()):
        return self.match_all([Ask(image_tokens, text_tokens, keep)], layers=layers)[0]

    def match_all(self, asks, *, layers=()):
        return [self._match(ask, layers) for ask in asks]

    def _match(self, ask, layers):
        bright = ask.image.hidden.reshape(2, 2)
        scores = bright.clone() if ask.keep is None else bright.masked_fill(~torch.from_numpy(ask.keep), -torch.inf)
        attention = scores.flatten().softmax(-1).reshape(1, 1, 2, 2)
        score = float((attention * bright).sum())
        maps, slopes = dict.fromkeys(layers, attention), dict.fromkeys(layers, bright[None, None])
        return Match(score, score, maps, slopes)

    def choose_layer(self, layer):
        return 0, "layer 0, the only one"

    def unknown_words(self, words):
        return {}

    def describe(self):
        return {"name": self.name}


class Unscored(Brightness):
    scored = False


@pytest.fixture
def picture():
    pixels = np.full((40, 40, 3), 40, np.uint8)
    pixels[20:, :20] = 220
    return Image.fromarray(pixels)


def members(kind) -> set[str]:
    bases = [each for each in kind.__mro__ if each is not object]
    named = {name for each in bases for name in (*vars(each), *inspect.get_annotations(each))}
    return {name for name in named if not name.startswith("_")}


def test_the_class_has_the_members_of_the_protocol_and_no_others():
    assert members(Brightness) == members(GroundingMatcher)


def test_it_grounds_looks_again_without_what_it_saw_and_says_what_it_is(picture):
    g = Grounder(Brightness()).ground(picture, "the bright corner")
    assert np.unravel_index(g.passes[0].heatmap.argmax(), (2, 2)) == (1, 0)
    assert len(g.passes) == 2
    assert not g.passes[1].keep[1, 0]
    assert g.point[0] < 20 <= g.point[1]
    assert g.mask is not None
    assert "layer 0, the only one" in g.trace
    assert g.parameters["model"] == {"name": "brightness"}


def test_many_pictures_and_phrases(picture):
    pairs = [(picture, "the corner"), (picture.rotate(90), "the corner")]
    found = list(Grounder(Brightness()).ground_each(pairs, proposals=False))
    assert [tuple(np.unravel_index(g.heatmap.argmax(), (2, 2))) for g in found] == [(1, 0), (1, 1)]


def test_without_scores_the_trace_names_it(picture):
    g = Grounder(Unscored()).ground(picture, "the corner", proposals=False)
    assert any("words of a brightness model have none" in line for line in g.trace)


def test_a_method_that_reads_more_of_a_model_says_so(picture):
    with pytest.raises(
        OptionError, match=r"rollout reads more of a model than brightness offers.*use method='gradcam'"
    ):
        Grounder(Brightness()).ground(picture, "the corner", method="rollout", proposals=False)
    assert Grounder(Brightness()).ground(picture, "the corner", method="attention", proposals=False).point is not None
