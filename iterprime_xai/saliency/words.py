"""From the maps of tokens to those of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.records import Expression, WordMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from iterprime_xai.models import TextTokens


def word_places(expression: Expression, tokens: TextTokens, shift: int = 0) -> tuple[tuple[int, ...], ...]:
    """The tokens that each word became; ``shift`` is where the expression starts in the tokenized text."""
    return tuple(tokens.positions((word.span[0] + shift, word.span[1] + shift)) for word in expression.words)


def word_maps(expression: Expression, tokens: TextTokens, maps: np.ndarray, shift: int = 0) -> tuple[WordMap, ...]:
    """The mean map of each word's tokens, from those of all tokens (tokens, rows, columns); zeros for a word that the tokenizer
    dropped. ``shift`` is where the expression starts in the tokenized text."""
    none = np.zeros(maps.shape[1:], np.float32)
    means = [maps[list(each)].mean(0) if each else none for each in word_places(expression, tokens, shift)]
    return named(expression, np.stack(means))


def named(expression: Expression, maps: np.ndarray) -> tuple[WordMap, ...]:
    """An expression's words with their maps, the first ones of ``maps``."""
    own = maps[: len(expression.words)].copy()
    own.setflags(write=False)  # one copy for all of them
    return tuple(WordMap(word.text, word.span, each) for word, each in zip(expression.words, own, strict=True))


def mean_maps(maps: torch.Tensor, places: Sequence[Sequence[Sequence[int]]]) -> torch.Tensor:
    """The mean map of each word of several texts, in one product.

    Args:
        maps: (texts, tokens, rows, columns).
        places: for each text, for each of its words, its tokens.

    Returns:
        (texts, most words, rows, columns); zeros for a word without tokens, and behind the words of a shorter text.
    """
    import torch

    shares = np.zeros((len(places), max(map(len, places)), maps.shape[1]), np.float32)
    for text, words in enumerate(places):
        for word, tokens in enumerate(words):
            for token in tokens:
                shares[text, word, token] = 1 / len(tokens)
    return (torch.from_numpy(shares).to(maps.device) @ maps.flatten(2)).unflatten(-1, maps.shape[2:])
