"""Checks of lesson 4: right answers pass, likely mistakes get a hint of their own, what is not begun is open."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from iterprime_xai.saliency.emphasis import TokenRoles, fuse
from iterprime_xai.tutorials.lesson_04 import check_broken_parse, check_local, check_premise, check_weights


def parts(attention, gradient, noun, context):
    own, slope = attention[:, [noun]], gradient[:, [noun]].clamp(min=0)
    return own, slope, own - attention[:, context]


def length(apart, dims=1):
    return apart.square().sum(dims, keepdim=True).sqrt()


def local(attention, gradient, noun, context):
    own, slope, apart = parts(attention, gradient, noun, context)
    return apart / length(apart) * slope * own


def variant(make):
    return lambda *given: make(*parts(*given))


LOCAL_MISTAKES = {
    "sign is turned": lambda *given: -local(*given),
    "not divided by its length": variant(lambda own, slope, apart: apart * slope * own),
    "negative gradients": lambda c, g, noun, context: local(c, g.abs(), noun, context) * g[:, [noun]].sign(),
    "times the noun's attention": variant(lambda own, slope, apart: apart / length(apart) * own),
    "in it twice": variant(lambda own, slope, apart: apart / length(apart) * slope * slope * own),
    "D alone": variant(lambda own, slope, apart: apart / length(apart)),
    "wrong dimension": variant(lambda own, slope, apart: apart / length(apart, (2, 3)) * slope * own),
    "shape should be": lambda *given: local(*given).mean(0),
    "A tensor is expected": lambda *given: local(*given).tolist(),
}


def test_the_formula_of_local_emphasis_passes_and_is_what_the_package_fuses():
    assert check_local(local).passed
    attention, gradient = torch.rand(3, 6, 2, 2), torch.randn(3, 6, 2, 2)
    first = (gradient.clamp(min=0) * attention).mean(0)[0]
    ours = (first + local(attention, gradient, 2, [1, 4]).mean(0).sum(0)) / 3
    assert torch.allclose(ours, fuse(attention, gradient, TokenRoles((2,), (1, 4)), "local"), atol=1e-6)


@pytest.mark.parametrize("said", LOCAL_MISTAKES)
def test_each_mistake_about_local_emphasis_has_its_own_hint(said):
    found = check_local(LOCAL_MISTAKES[said])
    assert found.status == "wrong"
    assert said in found.sentence


def counted(tokens, noun, context, first=1, once_more=1, others=1):
    counts = np.zeros(tokens)
    counts[0], counts[noun] = first, 1
    counts[context] = others
    counts[noun] += once_more * (1 + len(context))
    return counts


def weights(tokens, noun, context):
    counts = counted(tokens, noun, context)
    return counts / counts.sum()


def changed(**how):
    def made(*given):
        counts = counted(*given, **how)
        return counts / counts.sum()

    return made


def without_itself(tokens, noun, context):
    counts = counted(tokens, noun, context)
    counts[noun] -= 1
    return counts / counts.sum()


WEIGHT_MISTAKES = {
    "[CLS], token 0": changed(first=0),
    "neither [CLS] nor": lambda tokens, *_: np.full(tokens, 1 / tokens),
    "does not silence": changed(others=0),
    "sum to 1": counted,
    "Almost": without_itself,
    "not counted often enough": changed(once_more=0),
    "One weight": lambda tokens, *_: [1.0],
}


def test_the_weights_of_global_emphasis_pass_and_are_what_the_package_fuses():
    assert check_weights(weights).passed
    attention, gradient = torch.rand(3, 6, 2, 2), torch.randn(3, 6, 2, 2)
    maps = (gradient.clamp(min=0) * attention).mean(0)
    ours = (torch.tensor(weights(6, 2, [1, 4])).float()[:, None, None] * maps).sum(0)
    assert torch.allclose(ours, fuse(attention, gradient, TokenRoles((2,), (1, 4)), "global"), atol=1e-6)


@pytest.mark.parametrize("said", WEIGHT_MISTAKES)
def test_each_mistake_about_the_weights_has_its_own_hint(said):
    found = check_weights(WEIGHT_MISTAKES[said])
    assert found.status == "wrong"
    assert said in found.sentence


def test_a_phrase_on_which_the_rules_choose_another_word_passes():
    assert check_broken_parse(("salt and pepper shaker", "shaker")).passed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (("the dog of the girl", "dog"), "parser is right"),
        (("the dog of the girl", "cat"), "no word of the phrase"),
        (("the dog of the girl", "of"), "small word"),
        (("dog", "dog"), "no choice"),
        (("salt and pepper shaker",), "A pair"),
        (("the tree top", "tree"), "stands in the lesson"),
    ],
)
def test_each_wrong_phrase_says_why(answer, said):
    found = check_broken_parse(answer, shown=("the tree top",))
    assert found.status == "wrong"
    assert said in found.sentence


def premise(noun, context):
    return (noun & ~context).mean(), (context & ~noun).mean()


PREMISE_MISTAKES = {
    "exchanged": lambda noun, context: premise(context, noun),
    "Where both are right": lambda noun, context: (noun.mean(), context.mean()),
    "These are counts": lambda noun, context: ((noun & ~context).sum(), (context & ~noun).sum()),
    "Mend:": lambda noun, context: ((noun | context).mean(), 0.0),
    "Spoil:": lambda noun, context: (premise(noun, context)[0], 0.0),
    "Two shares": lambda noun, context: 0.5,
}


def test_the_share_of_phrases_on_which_they_differ_passes():
    assert check_premise(premise).passed


@pytest.mark.parametrize("said", PREMISE_MISTAKES)
def test_each_mistake_about_the_premise_has_its_own_hint(said):
    found = check_premise(PREMISE_MISTAKES[said])
    assert found.status == "wrong"
    assert said in found.sentence


@pytest.mark.parametrize("check", [check_local, check_weights, check_premise])
def test_what_is_not_begun_is_open(check):
    assert check(...).status == "open"
    assert check(lambda *_: ...).status == "open"
    assert check_broken_parse(...).status == "open"
