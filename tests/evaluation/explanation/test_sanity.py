"""The tests that a map must fail: an honest map is believed, and each kind of pretty nonsense is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from iterprime_xai.evaluation.explanation import (
    absent_object,
    pearson,
    randomised_weights,
    shuffled,
    shuffled_words,
    spearman,
    wrong_phrase,
)
from iterprime_xai.records import OptionError

RNG = np.random.default_rng(0)
EDGES = RNG.random((12, 12)).astype(np.float32)


def honest(text: str) -> np.ndarray:
    """A map that depends on the words in their order, and on nothing else; weak for unicorns."""
    seed = sum(place * ord(letter) for place, letter in enumerate(text, 1))
    strength = 0.1 if "unicorn" in text else 1.0
    return (np.random.default_rng(seed).random((12, 12)) * strength).astype(np.float32)


def edges(text: str) -> np.ndarray:
    return EDGES


def flat(text: str) -> np.ndarray:
    return np.ones((12, 12), np.float32)


def noise(text: str) -> np.ndarray:
    return RNG.random((12, 12)).astype(np.float32)


TESTS = {
    "shuffled_words": lambda explain: shuffled_words(explain, "the dog left of the tree"),
    "wrong_phrase": lambda explain: wrong_phrase(explain, "the dog", ["the tree", "the house"]),
    "absent_object": lambda explain: absent_object(explain, "the dog", ["the unicorn", "a red unicorn"]),
}


@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize(
    ("explain", "believed"),
    [(honest, True), (edges, False), (flat, False), (noise, False)],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_only_the_map_that_listens_is_believed(name, explain, believed):
    found = TESTS[name](explain)
    assert found.test == name
    assert found.believed is believed


def test_figures_are_likenesses_one_for_each_question():
    found = wrong_phrase(honest, "the dog", ["the tree", "the house"], alike="pearson")
    expected = [pearson(honest("the dog"), honest(text)) for text in ("the tree", "the house")]
    assert found.questions == ("the tree", "the house")
    assert found.alike == pytest.approx(tuple(expected))
    assert found.likeness == pytest.approx(sum(expected) / 2)
    assert (found.measure, found.repeated, found.bound) == ("pearson", pytest.approx(1.0), 0.5)


def test_the_bound_decides_strictly():
    at = wrong_phrase(edges, "a", ["b"], bound=1.0)
    assert (at.likeness, at.repeated) == (pytest.approx(1), pytest.approx(1))
    half = absent_object(lambda text: EDGES * np.float32(1 if text == "a" else 0.5), "a", ["b"])
    assert (half.likeness, half.bound, half.believed) == (0.5, 0.5, False)
    maps = {"a": np.array([[1, 2], [3, 4]], np.float32), "b": np.array([[1, 2], [4, 3]], np.float32)}  # Spearman 0.8
    assert not wrong_phrase(maps.__getitem__, "a", ["b"], bound=0.79).believed
    assert wrong_phrase(maps.__getitem__, "a", ["b"], bound=0.81).believed


def test_an_absent_object_is_told_by_magnitude_and_not_by_shape():
    def weak(text):
        return EDGES * (0.2 if text == "unicorn" else 1)

    found = absent_object(weak, "dog", ["unicorn"])
    assert found.alike == (pytest.approx(0.2),)
    assert (found.measure, found.repeated, found.believed) == ("highest heat", 1.0, True)
    assert spearman(weak("dog"), weak("unicorn")) == pytest.approx(1.0)
    assert absent_object(lambda text: EDGES * (text == "dog"), "dog", ["unicorn"]).alike == (0.0,)


def test_a_map_that_becomes_blank_has_changed_and_one_that_was_blank_is_not_believed():
    def only_dogs(text):
        return EDGES if text == "dog" else np.zeros_like(EDGES)

    assert wrong_phrase(only_dogs, "dog", ["tree"]).alike == (0.0,)
    assert wrong_phrase(only_dogs, "dog", ["tree"]).believed
    for test in (wrong_phrase, absent_object):
        found = test(only_dogs, "tree", ["dog"])
        assert math.isnan(found.likeness)
        assert not found.believed


def test_a_question_that_cannot_be_put_is_not_believed():
    for found in (shuffled_words(honest, "dog"), wrong_phrase(honest, "dog", []), absent_object(honest, "dog", [])):
        assert found.questions == ()
        assert math.isnan(found.likeness)
        assert not found.believed


@pytest.mark.parametrize("seed", range(20))
def test_words_never_keep_their_order_when_there_is_another(seed):
    for text in ("red dog", "a a b", "the dog left of the tree"):
        found = shuffled(text, seed)
        assert found != text
        assert sorted(found.split()) == sorted(text.split())
    assert shuffled("red dog", seed) == "dog red"
    assert shuffled("the dog left of the tree", seed) == shuffled("the dog left of the tree", seed)


@pytest.mark.parametrize("text", ["dog", "dog dog", " ", ""])
def test_words_without_another_order(text):
    assert shuffled(text) is None


def test_the_same_order_is_asked_once():
    assert shuffled_words(honest, "red dog", rounds=5).questions == ("dog red",)
    assert len(shuffled_words(honest, "the big red dog left of the tree", rounds=3).questions) == 3


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Linear(16, 16) for _ in range(3))

    def heatmap(self):
        with torch.no_grad():
            values = torch.linspace(-1, 1, 16)
            for layer in self.layers:
                values = torch.tanh(2 * layer(values))
        return values.reshape(4, 4).numpy()


def test_a_map_of_the_model_changes_with_its_weights_and_the_model_is_left_as_it_was():
    net = Net()
    before = {name: each.clone() for name, each in net.state_dict().items()}
    first = net.heatmap()
    found = randomised_weights(net.heatmap, net, ["layers.2", "layers.1", "layers.0"])
    assert found.questions == ("layers.2", "layers.1", "layers.0")
    assert (found.likeness, found.repeated) == (found.alike[-1], pytest.approx(1.0))
    assert found.believed
    assert all(torch.equal(each, before[name]) for name, each in net.state_dict().items())
    np.testing.assert_array_equal(net.heatmap(), first)


@pytest.mark.parametrize("explain", [edges, flat, noise])
def test_a_map_that_does_not_ask_the_model_is_not_believed(explain):
    assert not randomised_weights(lambda: explain(""), Net(), ["layers.2", "layers"]).believed


def test_the_model_is_left_as_it_was_when_a_map_cannot_be_made():
    net, calls = Net(), []

    def explain():
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("half-way")
        return net.heatmap()

    before = {name: each.clone() for name, each in net.state_dict().items()}
    with pytest.raises(RuntimeError, match="half-way"):
        randomised_weights(explain, net, ["layers.2", "layers.1", "layers.0"])
    assert all(torch.equal(each, before[name]) for name, each in net.state_dict().items())


def test_the_bundled_models_maps_need_its_weights():
    import iterprime_xai as ix
    from iterprime_xai.data.scenes import bundled_samples
    from iterprime_xai.evaluation.explanation import from_the_top

    scene = bundled_samples()[0]
    grounder = ix.load("tiny")
    model = grounder.matcher.model

    def explain():
        return ix.saliency.token_gradcam(grounder.matcher, scene.image, scene.text, layer=2).sum(0)

    before = {name: each.clone() for name, each in model.state_dict().items()}
    found = randomised_weights(explain, model, ["itm_head", *from_the_top(model, "text_encoder.encoder.layer")])
    assert found.repeated == pytest.approx(1.0)
    assert found.alike[0] > 0.5 > found.likeness  # the head alone is not where the looking is
    assert found.believed
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: wrong_phrase(honest, "a", "b"), r"write \['b'\]"),
        (lambda: absent_object(honest, "a", "b"), "sequence"),
        (lambda: wrong_phrase(honest, "a", ["b"], alike="kendall"), "'spearman'"),  # type: ignore[arg-type]
        (lambda: wrong_phrase(honest, "a", ["b"], bound=2), "bound"),
        (lambda: shuffled_words(honest, "a b", rounds=0), "rounds"),
        (lambda: randomised_weights(lambda: EDGES, Net(), ["layers"], alike="x"), "'spearman'"),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_fit_is_refused(ask, said):
    with pytest.raises(OptionError, match=said):
        ask()
