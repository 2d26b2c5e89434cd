"""Refinement on scripted matchers: blending, cumulative masks, and why it stops."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from iterprime_xai.models import ImageTokens, Match, TextTokens
from iterprime_xai.records import Expression, OptionError, Word
from iterprime_xai.saliency import RECIPES, Look, Recipe, get_recipe, refine, refine_all
from iterprime_xai.saliency.refinement import BLANK, LAST, NOTHING_LEFT, PROBABILITY_FELL

PLAIN = Recipe("plain", emphasis="all_tokens", passes=3)


@dataclass
class Scripted:
    """Answers each pass with the next map and probability; one head, one token, gradient 1."""

    maps: list
    probabilities: list
    keeps: list = field(default_factory=list)

    def match_all(self, asks, *, layers):
        number = len(self.keeps)
        (ask,) = asks
        self.keeps.append(ask.keep.copy())
        heatmap = torch.tensor(self.maps[number], dtype=torch.float32)[None, None]
        attention, gradient = {layers[0]: heatmap.abs()}, {layers[0]: heatmap.sign() + (heatmap == 0)}
        return [Match(0.0, self.probabilities[number], attention, gradient)]


def run(matcher, recipe=PLAIN):
    expression = Expression("dog", (Word("dog", (0, 3), True, "NOUN"),), 0, (0, 3))
    image = ImageTokens(torch.zeros(1, 5, 2), (2, 2), 1)
    text = TextTokens("dog", torch.zeros(1, 1, dtype=torch.long), ((0, 3),))
    return refine(matcher, Look(image, text, expression), layer=0, recipe=recipe)


def test_masks_the_hotter_half_of_the_range_and_masks_add_up():
    script = Scripted([[[1.0, 0.5], [0.2, 0.0]], [[0, 0], [0.8, 0.1]], [[0, 0], [0, 0.3]]], [0.5, 0.6, 0.7])
    passes = run(script)
    assert [keep.tolist() for keep in script.keeps] == [
        [[True, True], [True, True]],
        [[False, False], [True, True]],
        [[False, False], [False, True]],
    ]
    assert [each.stopped for each in passes] == [None, None, LAST]


def test_blends_as_published_0_64_0_16_0_20():
    script = Scripted([[[1.0, 0], [0, 0]], [[0, 1.0], [0, 0]], [[0, 0], [1.0, 0]]], [0.5, 0.5, 0.5])
    passes = run(script)
    assert passes[-1].blended.ravel() == pytest.approx([0.64, 0.16, 0.20, 0.0])
    assert passes[0].blended.tolist() == passes[0].heatmap.tolist()


def test_a_pass_whose_probability_fell_is_left_out_by_default_and_stays_in_with_the_paper_recipe():
    maps = [[[1.0, 0], [0, 0]], [[0, 1.0], [0, 0]]]
    ours = run(Scripted(maps, [0.5, 0.4]))
    assert [each.accepted for each in ours] == [True, False]
    assert ours[-1].stopped == PROBABILITY_FELL
    assert ours[-1].blended.ravel() == pytest.approx([1, 0, 0, 0])
    paper = run(Scripted(maps, [0.5, 0.4]), replace(PLAIN, keep_rejected=True))
    assert paper[-1].accepted
    assert paper[-1].stopped == PROBABILITY_FELL
    assert paper[-1].blended.ravel() == pytest.approx([0.8, 0.2, 0, 0])


def test_a_fall_is_not_the_end_where_the_recipe_goes_on():
    maps = [[[1.0, 0], [0, 0]], [[0, 1.0], [0, 0]], [[0, 0], [1.0, 0]]]
    going = run(Scripted(maps, [0.5, 0.4, 0.3]), replace(PLAIN, stop_on_fall=False, keep_rejected=True))
    assert [each.stopped for each in going] == [None, None, LAST]
    assert going[-1].blended.ravel() == pytest.approx([0.64, 0.16, 0.20, 0.0])
    left_out = run(Scripted(maps, [0.5, 0.4, 0.45]), replace(PLAIN, stop_on_fall=False))
    assert [each.accepted for each in left_out] == [True, False, True]
    assert left_out[-1].blended.ravel() == pytest.approx([0.8, 0, 0.2, 0.0])


@pytest.mark.parametrize("blank", [[[0.0, 0], [0, 0]], [[0.3, 0.3], [0.3, 0.3]], [[-1.0, -2], [-1, -1]]])
def test_a_blank_map_stops_and_is_never_blended_in(blank):
    first = run(Scripted([blank], [0.5]))
    assert len(first) == 1
    assert first[0].stopped == BLANK
    second = run(Scripted([[[1.0, 0], [0, 0]], blank], [0.5, 0.6]))
    assert [each.accepted for each in second] == [True, False]
    assert second[-1].blended.ravel() == pytest.approx([1, 0, 0, 0])


def test_stops_when_no_patch_is_left():
    maps = [[[1.0, 0.9], [0.8, 0.0]], [[0, 0], [0, 0.7]]]
    passes = run(Scripted(maps, [0.5, 0.6]))
    assert passes[-1].stopped == NOTHING_LEFT
    assert len(passes) == 2


def test_one_pass_is_no_refinement():
    passes = run(Scripted([[[1.0, 0], [0, 0]]], [0.5]), replace(PLAIN, passes=1))
    assert len(passes) == 1
    assert passes[0].stopped == LAST
    assert passes[0].keep.all()


def test_magnitude_is_kept_down_to_1e_10():
    passes = run(Scripted([[[3e-10, 0], [0, 1e-10]], [[0, 0], [0, 2e-10]], [[0, 0], [0, 0]]], [0.5, 0.5, 0.5]))
    assert passes[0].heatmap.dtype == np.float32
    assert passes[1].blended.ravel() == pytest.approx([2.4e-10, 0, 0, 1.2e-10])


@dataclass
class Several:
    """Answers each text from its own script of maps and probabilities, and records which texts every call asked about."""

    scripts: dict
    calls: list = field(default_factory=list)
    keeps: dict = field(default_factory=dict)

    def match_all(self, asks, *, layers):
        self.calls.append([ask.text.text for ask in asks])
        found = []
        for ask in asks:
            keeps = self.keeps.setdefault(ask.text.text, [])
            values, probability = self.scripts[ask.text.text][len(keeps)]
            keeps.append(ask.keep.tolist())
            heatmap = torch.tensor(values, dtype=torch.float32)[None, None]
            found.append(Match(0.0, probability, {layers[0]: heatmap}, {layers[0]: torch.ones_like(heatmap)}))
        return found


SCRIPTS = {
    "blank": [([[0.0, 0], [0, 0]], 0.9)],
    "long": [([[1.0, 0], [0, 0]], 0.5), ([[0, 1.0], [0, 0]], 0.6), ([[0, 0], [1.0, 0]], 0.7)],
    "falls": [([[0, 0], [0, 1.0]], 0.5), ([[0, 0], [1.0, 0]], 0.4)],
    "used up": [([[1.0, 0.9], [0.8, 0.0]], 0.5), ([[0, 0], [0, 0.7]], 0.6)],
    "also long": [([[0, 0], [0, 2.0]], 0.1), ([[0, 2.0], [0, 0]], 0.1), ([[2.0, 0], [0, 0]], 0.1)],
}


def look_for(text):
    expression = Expression(text, (Word(text, (0, len(text)), True, "NOUN"),), 0, (0, len(text)))
    tokens = TextTokens(text, torch.zeros(1, 1, dtype=torch.long), ((0, len(text)),))
    return Look(ImageTokens(torch.zeros(1, 5, 2), (2, 2), 1), tokens, expression)


def test_what_has_stopped_is_not_asked_again_while_others_go_on():
    several = Several(SCRIPTS)
    found = refine_all(several, [look_for(text) for text in SCRIPTS], layer=0, recipe=PLAIN)
    assert several.calls == [list(SCRIPTS), ["long", "falls", "used up", "also long"], ["long", "also long"]]
    assert [passes[-1].stopped for passes in found] == [BLANK, LAST, PROBABILITY_FELL, NOTHING_LEFT, LAST]
    assert [len(passes) for passes in found] == [1, 3, 2, 2, 3]
    assert several.keeps["long"][2] == [[False, False], [True, True]]
    assert several.keeps["also long"][2] == [[True, False], [True, False]]
    assert found[1][-1].blended.ravel() == pytest.approx([0.64, 0.16, 0.20, 0.0])
    assert found[4][-1].blended.ravel() == pytest.approx([0.4, 0.32, 0.0, 1.28])


def test_each_is_refined_as_it_is_alone():
    together = refine_all(Several(SCRIPTS), [look_for(text) for text in SCRIPTS], layer=0, recipe=PLAIN)
    for text, ours in zip(SCRIPTS, together, strict=True):
        alone = refine(Several(SCRIPTS), look_for(text), layer=0, recipe=PLAIN)
        assert [(each.stopped, each.accepted) for each in ours] == [(each.stopped, each.accepted) for each in alone]
        assert all(np.array_equal(one.blended, other.blended) for one, other in zip(ours, alone, strict=True))
        assert all(np.array_equal(one.keep, other.keep) for one, other in zip(ours, alone, strict=True))


def test_no_looks_ask_nothing():
    several = Several(SCRIPTS)
    assert refine_all(several, [], layer=0, recipe=PLAIN) == []
    assert several.calls == []


def test_every_word_has_a_map_and_the_last_layer_is_blank_for_words(matcher, picture, shape):
    from iterprime_xai.language import parse

    expression = parse("red dog left of the tree")
    image, text = matcher.encode_image(picture), matcher.tokenize(expression.text)
    passes = refine(matcher, Look(image, text, expression), layer=0, recipe=RECIPES["default"])
    assert [word.text for word in passes[0].words] == ["red", "dog", "left", "of", "the", "tree"]
    assert all(word.heatmap.max() > 0 for word in passes[0].words)
    last = refine(matcher, Look(image, text, expression), layer=shape.text_layers - 1, recipe=RECIPES["default"])
    assert all(word.heatmap.max() == 0 for word in last[0].words)
    assert last[0].heatmap.max() > 0


def test_recipes_are_checked():
    assert get_recipe("paper").text("dog") == ("there is a dog", 11)
    assert get_recipe("default", passes=1).passes == 1
    assert get_recipe(RECIPES["paper"], emphasis="none").emphasis == "none"
    with pytest.raises(OptionError, match="recipe must be one of default, paper"):
        get_recipe("papr")
    for passes in (0, -1, 1.5, True):
        with pytest.raises(OptionError, match="at least 1"):
            get_recipe("default", passes=passes)


def test_the_gradient_at_the_scores_leaves_out_what_is_shared():
    class Fixed:
        def match_all(self, asks, *, layers):
            attention = torch.tensor([[0.4, 0.3], [0.2, 0.1]])[None, None]
            gradient = torch.tensor([[-1.0, -3.0], [-2.0, -4.0]])[None, None]
            return [Match(0.0, 0.5, {layers[0]: attention}, {layers[0]: gradient})]

    (plain,) = run(Fixed(), replace(PLAIN, passes=1))
    assert plain.stopped == BLANK
    (first,) = run(Fixed(), replace(PLAIN, passes=1, gradient="scores"))
    assert first.heatmap == pytest.approx(
        np.array([[0.4 * 1.1, 0.0], [0.2 * 0.1, 0.0]]), abs=1e-6
    )  # their mean is -2.1
    assert first.words[0].heatmap == pytest.approx(first.heatmap)
