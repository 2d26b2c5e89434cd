"""Emphasis on cases small enough to do by hand, and which tokens play which part."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch

from iterprime_xai.models import TextTokens
from iterprime_xai.records import Expression, OptionError, Word
from iterprime_xai.saliency import TokenRoles, fuse, token_roles
from iterprime_xai.saliency.emphasis import Emphasis, check, fuse_all


def maps(*rows):
    """One head, one row per token, a 1x2 grid."""
    return torch.tensor(rows, dtype=torch.float32).reshape(1, len(rows), 1, 2)


# tokens: [CLS], primary, context, [SEP]
ATTENTION = maps((0.2, 0.2), (0.8, 0.2), (0.5, 0.6), (0.1, 0.1))
GRADIENT = maps((1.0, 1.0), (2.0, 1.0), (1.0, -5.0), (3.0, 3.0))
ROLES = TokenRoles(primary=(1,), context=(2,))
A_CLS, A_PRIMARY, A_CONTEXT, A_SEP = (0.2, 0.2), (1.6, 0.2), (0.5, 0.0), (0.3, 0.3)


def mean(*rows):
    return np.mean(np.array(rows), axis=0)


def fused(emphasis, roles=ROLES, weight="plain"):
    return fuse(ATTENTION, GRADIENT, roles, emphasis, weight).numpy()[0]


def test_none_is_the_mean_of_first_and_content_tokens():
    assert fused("none") == pytest.approx(mean(A_CLS, A_PRIMARY, A_CONTEXT))


def test_all_tokens_and_sentence_take_every_token_and_all_but_the_ends():
    assert fused("all_tokens") == pytest.approx(mean(A_CLS, A_PRIMARY, A_CONTEXT, A_SEP))
    assert fused("sentence") == pytest.approx(mean(A_PRIMARY, A_CONTEXT))


def test_global_counts_the_primary_word_once_more_for_each_content_token():
    assert fused("global") == pytest.approx(mean(A_CLS, A_PRIMARY, A_CONTEXT, A_PRIMARY, A_PRIMARY))


def test_local_has_length_one_over_the_context_and_keeps_its_sign():
    # one context token: D = (C_w - C_t) / |C_w - C_t| = (+1, -1)
    assert fused("local") == pytest.approx(mean(A_CLS, (1.6, -0.2)))


def test_local_of_the_released_code_has_the_gradient_once_more():
    assert fused("local", weight="gradient") == pytest.approx(mean(A_CLS, (2.0 * 1.6, -1.0 * 0.2)))


def test_both_is_the_mean_of_first_local_and_global():
    expected = mean(A_CLS, A_PRIMARY, A_CONTEXT, A_PRIMARY, A_PRIMARY, (1.6, -0.2))
    assert fused("both") == pytest.approx(expected)


def test_two_context_tokens_share_the_length():
    attention = maps((0, 0), (0.7, 0.5), (0.4, 0.5), (0.3, 0.5), (0, 0))
    gradient = torch.ones_like(attention)
    found = fuse(attention, gradient, TokenRoles((1,), (2, 3)), "local").numpy()[0]
    # differences (0.3, 0.4) of length 0.5 at the first patch; all equal at the second, where D is 0
    assert found == pytest.approx([(0 + 0.6 * 0.7 + 0.8 * 0.7) / 3, 0], abs=1e-7)


def test_without_context_local_emphasis_is_the_primary_map():
    alone = TokenRoles((1,), ())
    assert fused("local", alone) == pytest.approx(mean(A_CLS, A_PRIMARY))
    assert fused("both", alone) == pytest.approx(mean(A_CLS, A_PRIMARY, A_PRIMARY, A_PRIMARY))


def test_pieces_of_the_primary_word_are_averaged_before_they_are_multiplied():
    attention = maps((0, 0), (0.2, 0.4), (0.6, 0.0), (0, 0))
    gradient = maps((0, 0), (1.0, 2.0), (3.0, -4.0), (0, 0))
    found = fuse(attention, gradient, TokenRoles((1, 2), ()), "local").numpy()[0]
    assert found == pytest.approx([0.4 * 2.0 / 2, 0.2 * 1.0 / 2])


def test_a_primary_word_without_tokens_falls_back_to_the_plain_mean():
    lost = TokenRoles((), (2,))
    for emphasis in ("both", "local", "global", "none"):
        assert fused(emphasis, lost) == pytest.approx(mean(A_CLS, A_CONTEXT))


@pytest.mark.parametrize("emphasis", ["both", "local", "global", "none", "all_tokens", "sentence"])
def test_the_map_scales_with_the_score(emphasis):
    tiny = fuse(ATTENTION, GRADIENT * 1e-9, ROLES, emphasis).numpy()[0]
    assert tiny == pytest.approx(fused(emphasis) * 1e-9, rel=1e-5)
    assert np.abs(tiny).max() > 0


def test_roles_come_from_offsets_so_repeated_words_stay_apart():
    words = tuple(
        Word(t, s, c, p)
        for t, s, c, p in [
            ("dog", (0, 3), True, "NOUN"),
            ("near", (4, 8), False, "ADP"),
            ("dog", (9, 12), True, "NOUN"),
        ]
    )
    expression = Expression("dog near dog", words, 0, (0, 3))
    # prompt "a " shifts everything by 2; the second "dog" became two pieces
    offsets = (None, (0, 1), (2, 5), (6, 10), (11, 12), (12, 14), None)
    tokens = TextTokens("a dog near dog", torch.zeros(1, 7, dtype=torch.long), offsets)
    assert token_roles(expression, tokens, shift=2) == TokenRoles(primary=(2,), context=(4, 5))


def test_the_argument_is_checked():
    assert check(None, "global") == "global"
    assert check(True, "none") == "both"
    assert check(False, "both") == "none"
    with pytest.raises(OptionError, match="emphasis must be one of"):
        check("loud", "both")


@pytest.mark.parametrize("weight", ["plain", "gradient"])
@pytest.mark.parametrize("emphasis", get_args(Emphasis))
def test_texts_together_are_as_each_alone(emphasis, weight):
    torch.manual_seed(0)
    lengths = (7, 4, 5, 3, 6)
    roles = [
        TokenRoles((1, 2), (3, 5)),  # a primary word of two tokens
        TokenRoles((2,), ()),  # nothing beside it
        TokenRoles((), (1, 3)),  # a primary word without a token
        TokenRoles((), ()),  # no token of any word
        TokenRoles((4,), (1, 2, 3)),
    ]
    attention, gradient = torch.rand(5, 3, 7, 2, 4), torch.randn(5, 3, 7, 2, 4)
    found = fuse_all(attention, gradient, roles, lengths, emphasis, weight)
    for text, (role, length) in enumerate(zip(roles, lengths, strict=True)):
        alone = fuse(attention[text, :, :length], gradient[text, :, :length], role, emphasis, weight)
        assert torch.allclose(found[text], alone, rtol=1e-5, atol=1e-7)
        assert torch.allclose(
            alone, by_the_book(attention[text], gradient[text], role, length, emphasis, weight), atol=1e-6
        )


def by_the_book(attention, gradient, roles, length, emphasis, weight):
    """The mean of the listed maps, one after the other."""
    maps = (gradient.clamp(min=0) * attention).mean(0)
    primary, content = list(roles.primary), [*roles.primary, *roles.context]
    if emphasis in ("all_tokens", "sentence"):
        return maps[:length].mean(0) if emphasis == "all_tokens" else maps[1 : length - 1].mean(0)
    listed = [maps[0]]
    if emphasis != "local" or not primary:
        listed += [maps[token] for token in content]
    if emphasis in ("both", "global"):
        listed += [maps[token] for _ in content for token in primary]
    if emphasis in ("both", "local") and primary:
        drawn, slope = attention[:, primary].mean(1), gradient[:, primary].clamp(min=0).mean(1)
        one = slope * drawn * (slope if weight == "gradient" else 1)
        differences = [drawn - attention[:, token] for token in roles.context]
        size = sum(each.square() for each in differences) ** 0.5 if differences else None
        listed += [(each / size * one).mean(0) for each in differences] if differences else [one.mean(0)]
    return torch.stack(listed).mean(0)
