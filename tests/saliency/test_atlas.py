"""Every head of every layer: what stands where, on attention made by hand and on real models."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from iterprime_xai.models import Match, TextTokens
from iterprime_xai.models.profiles import Profile
from iterprime_xai.records import OptionError, PhraseError
from iterprime_xai.saliency.atlas import atlas
from iterprime_xai.saliency.gradcam import activation, at_scores

PICTURE = Image.new("RGB", (8, 8), "grey")
LEFT = np.zeros((8, 8), bool)
LEFT[:, :4] = True


class ByHand:
    """Two layers (3 and 5) of two heads on a 2 x 2 grid; texts are [CLS] red dog [SEP]."""

    profile = Profile(layer=5)
    layers = (3, 5)
    grid = (2, 2)

    def __init__(self, attention, gradient, scored=True):
        self.attention, self.gradient, self.scored = attention, gradient, scored

    def describe(self):
        return {"name": "by hand"}

    def encode_image(self, image):
        return image

    def tokenize(self, text):
        return TextTokens(text, torch.zeros(1, 4), (None, (0, 3), (4, 7), None))

    def match(self, image, tokens, *, layers):
        return Match(0.5, 0.75, self.attention, self.gradient, self.scored)


def _by_hand(scored=True):
    attention, gradient = ({layer: torch.zeros(2, 4, 2, 2) for layer in (3, 5)} for _ in range(2))
    attention[3][0, 1, 0, 0], gradient[3][0, 1, 0, 0] = 0.5, 2.0  # "red" looks top left, and it helps
    attention[3][1, 2, 0, 1], gradient[3][1, 2, 0, 1] = 0.8, -1.0  # "dog" looks top right, and it harms
    attention[5][1, 2, 1, 0], gradient[5][1, 2, 1, 0] = 0.4, 1.0  # "dog" looks bottom left, and it helps
    return ByHand(attention, gradient, scored)


def test_every_head_has_the_mean_over_tokens_of_its_activation_and_of_its_attention():
    found = atlas(_by_hand(), PICTURE, "red dog", gradient="attention", mask=LEFT)
    assert found.gradcam.shape == found.attention.shape == (2, 2, 2, 2)
    assert found.gradcam.dtype == np.float32
    assert found.gradcam[0, 0].tolist() == [[0.25, 0], [0, 0]]
    assert not found.gradcam[0, 1].any()
    assert found.gradcam[1, 1].tolist() == [[0, 0], [pytest.approx(0.1), 0]]
    assert found.attention[0, 1].tolist() == [[0, pytest.approx(0.2)], [0, 0]]
    assert (found.layers, found.marked, found.word, found.probability, found.model) == (
        (3, 5),
        5,
        None,
        0.75,
        "by hand",
    )


def test_which_heads_point_is_told_by_the_mask_and_blank_maps_point_nowhere():
    found = atlas(_by_hand(), PICTURE, "red dog", gradient="attention", mask=LEFT)
    assert found.points.tolist() == [[True, False], [False, True]]
    assert found.attention_points.tolist() == [[True, False], [False, True]]
    other = atlas(_by_hand(), PICTURE, "red dog", gradient="attention", mask=~LEFT)
    assert not other.points.any()
    assert other.attention_points.tolist() == [[False, True], [False, False]]
    assert atlas(_by_hand(), PICTURE, "red dog").points is None


def test_one_word_is_read_alone_by_name_or_by_place():
    for word in ("dog", "Dog", 1):
        found = atlas(_by_hand(), PICTURE, "red dog", word, gradient="attention")
        assert found.word == "dog"
        assert found.gradcam[1, 1].tolist() == [[0, 0], [pytest.approx(0.4), 0]]
        assert not found.gradcam[0].any()


@pytest.mark.parametrize(
    ("word", "message"), [("dgo", "did you mean 'dog'"), (2, "place from 0 to 1"), (True, "bool"), ("cat", "red, dog")]
)
def test_a_word_that_is_not_there_is_refused(word, message):
    with pytest.raises(OptionError, match=message):
        atlas(_by_hand(), PICTURE, "red dog", word)


def test_a_repeated_word_needs_its_place_and_a_dropped_one_cannot_be_read():
    with pytest.raises(OptionError, match=r"2 times .* 0 or 1"):
        atlas(_by_hand(), PICTURE, "dog dog", "dog")
    with pytest.raises(PhraseError, match="dropped 'runs'"):
        atlas(_by_hand(), PICTURE, "red dog runs", "runs")


@pytest.mark.parametrize(
    ("mask", "message"),
    [(LEFT[:4], r"\(4, 8\)"), (LEFT.astype(np.uint8), "uint8"), (np.zeros_like(LEFT), "empty"), ([[True]], "list")],
)
def test_a_mask_that_does_not_fit_is_refused(mask, message):
    with pytest.raises(OptionError, match=message):
        atlas(_by_hand(), PICTURE, "red dog", mask=mask)


def test_without_scores_the_attention_is_differentiated_and_the_atlas_says_so():
    assert atlas(_by_hand(), PICTURE, "red dog").gradient == "scores"
    assert atlas(_by_hand(scored=False), PICTURE, "red dog").gradient == "attention"
    with pytest.raises(OptionError, match="scores or attention"):
        atlas(_by_hand(), PICTURE, "red dog", gradient="score")


def test_heads_of_a_real_model_average_to_what_the_grounder_reads(matcher, picture):
    from iterprime_xai.systems import Grounder

    text = "the red dog left of a tree"
    found = atlas(matcher, picture, text)
    assert found.layers == matcher.layers
    for place, layer in enumerate(matcher.layers):
        looked = Grounder(matcher).ground(picture, text, layer=layer, passes=1, proposals=False)
        expected = looked.heatmap
        assert np.abs(found.gradcam[place].mean(0) - expected).max() <= 1e-5 * np.abs(expected).max()
    match = matcher.match(matcher.encode_image(picture), matcher.tokenize(text), layers=matcher.layers)
    tokens = matcher.tokenize(text).positions((8, 11))  # "dog"
    word, layer = atlas(matcher, picture, text, "dog"), matcher.layers[0]
    heat = activation(match.attention[layer], at_scores(match.attention[layer], match.gradient[layer]))
    expected = heat[-1, list(tokens)].mean(0).numpy()
    assert np.abs(expected).max() > 0
    assert np.abs(word.gradcam[0, -1] - expected).max() <= 1e-5 * np.abs(expected).max()


def test_arrays_cannot_be_written():
    found = atlas(_by_hand(), PICTURE, "red dog", mask=LEFT)
    with pytest.raises(ValueError, match="read-only"):
        found.gradcam[:] = 0
    LEFT[0, 0] = LEFT[0, 0]  # the caller's own mask stays writable
