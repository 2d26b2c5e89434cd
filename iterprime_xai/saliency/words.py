"""From the maps of tokens to those of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.records import Expression, WordMap

if TYPE_CHECKING:
    from iterprime_xai.models import TextTokens


def word_maps(expression: Expression, tokens: TextTokens, maps: np.ndarray, shift: int = 0) -> tuple[WordMap, ...]:
    """The mean map of each word's tokens, from those of all tokens (tokens, rows, columns); zeros for a word that the tokenizer
    dropped. ``shift`` is where the expression starts in the tokenized text."""
    found = []
    for word in expression.words:
        positions = tokens.positions((word.span[0] + shift, word.span[1] + shift))
        heatmap = maps[list(positions)].mean(0) if positions else np.zeros(maps.shape[1:], np.float32)
        found.append(WordMap(word.text, word.span, heatmap))
    return tuple(found)
