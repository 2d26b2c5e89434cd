"""The atlas: what every head of every layer does for one picture and phrase, by Grad-CAM and by its attention alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from iterprime_xai.data.images import read_image
from iterprime_xai.data.names import nearest
from iterprime_xai.language import parse
from iterprime_xai.records import Expression, OptionError, PhraseError
from iterprime_xai.records.frozen import freeze
from iterprime_xai.records.heatmap import is_blank, peak
from iterprime_xai.records.rendering import renderer
from iterprime_xai.saliency.gradcam import activation
from iterprime_xai.saliency.recipe import Slope
from iterprime_xai.saliency.refinement import slope

if TYPE_CHECKING:
    from iterprime_xai.models import ImageTextMatcher, TextTokens


@dataclass(frozen=True, eq=False)
class Atlas:
    """Every head of every layer that looks, for one picture and text.

    Attributes:
        image: the upright RGB picture.
        expression: the text, taken apart.
        target: index of the word whose tokens were read; ``None``: the mean over every token, special ones included.
        layers: the text encoder's own 0-based indices, in order.
        gradcam: float32 (layers, heads, rows, columns), max(0, gradient) * attention of each head, mean over the tokens read.
        attention: float32 (layers, heads, rows, columns), the attention alone; what the image's own [CLS] draws is not in it.
        gradient: what the match logit was differentiated by: "attention", or the "scores" before its softmax.
        probability: the match probability.
        model: what the model is called.
        mask: bool (height, width) of the thing that is meant, or ``None``.
        marked: the layer that is read by default, or ``None`` where nothing says so.
    """

    image: Image.Image
    expression: Expression
    target: int | None
    layers: tuple[int, ...]
    gradcam: np.ndarray
    attention: np.ndarray
    gradient: Slope
    probability: float
    model: str = ""
    mask: np.ndarray | None = None
    marked: int | None = None

    def __post_init__(self) -> None:
        freeze(self, "gradcam", "attention", "mask")

    @property
    def points(self) -> np.ndarray | None:
        """Which heads' Grad-CAM peaks in the mask, bool (layers, heads); ``None`` without a mask. A blank map points nowhere."""
        return None if self.mask is None else _points(self.gradcam, self.mask)

    @property
    def attention_points(self) -> np.ndarray | None:
        """The same for the attention alone."""
        return None if self.mask is None else _points(self.attention, self.mask)

    @property
    def word(self) -> str | None:
        """The word whose tokens were read, or ``None`` for every token."""
        return None if self.target is None else self.expression.words[self.target].text

    def show(self) -> Any:
        """The atlas as a picture that notebooks show."""
        return renderer().show_atlas(self)

    def to_png(self, path: str | Path) -> Path:
        """Draw the atlas into a PNG file, whole or not at all, and return its path. Raises ``StorageError``."""
        return renderer().atlas_to_png(self, path)


def atlas(
    matcher: ImageTextMatcher,
    image: Any,
    text: str,
    target_word: str | int | None = None,
    *,
    mask: np.ndarray | None = None,
    gradient: Slope = "scores",
) -> Atlas:
    """Every head of every layer, from one look at the picture: one encoding, one match, one backward pass.

    Args:
        matcher: an image-text matcher, ``ix.load(...).matcher``.
        image: a path, PIL image or uint8 array.
        text: the phrase exactly as it is matched; no prompt is added.
        target_word: read this word's tokens alone: the word, or its place among the words where it comes more than once.
        mask: bool (height, width) of the thing that is meant: tells which heads point.
        gradient: "scores" as in the recipe ``default``, or "attention" as in Grad-CAM as published. A model whose attention is not
            what a softmax made of scores is differentiated by the attention, and the atlas says so.

    Raises:
        ImageInputError, PhraseError: unusable picture or text, or a word that the tokenizer dropped.
        OptionError: a word that is not in the text, or a mask that does not fit the picture.
    """
    if gradient not in ("scores", "attention"):
        raise OptionError(f"gradient must be scores or attention, but got {gradient!r}.")
    picture = read_image(image).image
    size = (picture.height, picture.width)
    if mask is not None and (not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != size):
        came = f"{mask.dtype} of shape {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise OptionError(f"mask must be bool of the picture's (height, width) {size}, but is {came}.")
    if mask is not None and not mask.any():
        raise OptionError(
            "mask is empty, so no head can point at it; leave it out, or give the mask of the thing that is meant."
        )
    expression = parse(text)
    target = None if target_word is None else _place(expression, target_word)
    tokens = matcher.tokenize(text)
    read = _positions(tokens, expression, target)
    layers = tuple(matcher.layers)
    match = matcher.match(matcher.encode_image(picture), tokens, layers=layers)
    by: Slope = gradient if match.scored else "attention"
    heat = [activation(match.attention[layer], slope(match, layer, by))[:, read].mean(1) for layer in layers]
    profile = matcher.profile
    return Atlas(
        image=picture,
        expression=expression,
        target=target,
        layers=layers,
        gradcam=np.stack([each.float().cpu().numpy() for each in heat]),
        attention=np.stack([match.attention[layer][:, read].mean(1).float().cpu().numpy() for layer in layers]),
        gradient=by,
        probability=match.probability,
        model=str(matcher.describe().get("name", "")),
        mask=mask,
        marked=None if profile is None else profile.layer,
    )


def _place(expression: Expression, word: str | int) -> int:
    words = [each.text for each in expression.words]
    if isinstance(word, int) and not isinstance(word, bool):
        if 0 <= word < len(words):
            return word
        raise OptionError(f"target_word must be a place from 0 to {len(words) - 1} in {words}, but got {word}.")
    if not isinstance(word, str):
        raise OptionError(f"target_word must be a word of the text or its place, but got {type(word).__name__}.")
    places = [place for place, each in enumerate(words) if each.lower() == word.lower()]
    if not places:
        raise OptionError(f"target_word must be one of {', '.join(words)}, but got {word!r}{nearest(word, words)}.")
    if len(places) > 1:
        raise OptionError(
            f"{word!r} comes {len(places)} times in {expression.text!r}; give its place instead: {' or '.join(map(str, places))}."
        )
    return places[0]


def _positions(tokens: TextTokens, expression: Expression, target: int | None) -> list[int]:
    if target is None:
        return list(range(len(tokens)))
    word = expression.words[target]
    found = list(tokens.positions(word.span))
    if not found:
        raise PhraseError(f"The tokenizer dropped {word.text!r}, so no head can be read for it; choose another word.")
    return found


def _points(maps: np.ndarray, mask: np.ndarray) -> np.ndarray:
    found = np.zeros(maps.shape[:2], bool)
    for layer, head in np.ndindex(found.shape):
        point = None if is_blank(maps[layer, head]) else peak(maps[layer, head], (mask.shape[0], mask.shape[1]))
        found[layer, head] = point is not None and mask[point[1], point[0]]
    return found
