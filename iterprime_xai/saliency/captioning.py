"""Word by word for captions: Grad-CAM for each word that a captioner says.

A = max(0, dS/dC) * C at the position that predicts a token, S the log-probability of the token's word given the words before.
Source: Selvaraju et al., Grad-CAM (ICCV 2017), whose section on captions differentiates the log-probability of a whole caption by
the features of a convolution; here each word by the cross-attention of BLIP's decoder.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from iterprime_xai.records import CaptionMaps, CaptionWord, ModelLoadError, OptionError, PhraseError
from iterprime_xai.records.characters import check_characters
from iterprime_xai.records.expression import Span
from iterprime_xai.saliency.gradcam import activation, at_scores
from iterprime_xai.saliency.recipe import Slope

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.models.captioner import Captioner
    from iterprime_xai.models.telling import Score, Telling

NOTHING = "Nothing was generated that is a word"


def caption_maps(
    captioner: Captioner,
    image: Any,
    *,
    layer: int | None = None,
    max_words: int = 40,
    text: str | None = None,
    num_beams: int = 1,
    gradient: Slope = "scores",
    score: Score = "log_probability",
) -> CaptionMaps:
    """Where a captioner looks for each word of its caption, or of a given one.

    The caption is read again as a text, all words in one pass of the decoder forward and one back (and the picture is encoded once
    more than captioning alone does). The map of a word is the sum over its tokens of the head mean of max(0, dS/dC) * C, taken at
    the position that predicts the token, with S the sum of the scores of the word's tokens. The model stays as it was.

    Args:
        captioner: ``ix.load_captioner(...)`` of a BLIP; BLIP-2's words do not look at the picture by cross-attention.
        image: a path, PIL image or uint8 array.
        layer: the text decoder's own 0-based index of the layer to read; default: that of the model's profile, else a stated guess.
        max_words: a generated caption is cut after so many words.
        text: a caption to map in place of a generated one.
        num_beams: as in ``captioner.caption``; not for a given text.
        gradient: "scores", see `saliency.gradcam.at_scores`, or "attention" (Grad-CAM as published).
        score: "log_probability", or "logit" for the score before the softmax over the vocabulary.

    Raises:
        ImageInputError: a picture that cannot be used.
        PhraseError: a caption that is not text, is without a word, or is longer than the model reads.
        LayerError: the layer does not exist or has no cross-attention.
        OptionError: another option that is none. ModelLoadError: a model that is no BLIP captioner.
    """
    from iterprime_xai.data.images import read_image
    from iterprime_xai.models.telling import Score, choose_layer

    for option, value, allowed in (("gradient", gradient, get_args(Slope)), ("score", score, get_args(Score))):
        if value not in allowed:
            raise OptionError(f"{option} must be one of {', '.join(allowed)}, but got {value!r}.")
    chosen, source = choose_layer(captioner, layer)
    picture, generated = read_image(image).image, text is None
    if text is not None:
        read, trace = _read(captioner, text), ["The caption was given."]
    else:
        text, ids = captioner.said(picture, max_words=max_words, num_beams=num_beams)
        given = f"{NOTHING}: {text!r}. Give a caption with text=..., or load a trained captioner."
        read, trace = _read(captioner, text, given), [_origin(num_beams)]
        if ids[: len(read.ids)] != read.ids:
            trace.append(
                "Generated were other pieces than the tokenizer reads the words as; the maps are those of the words."
            )
    telling = look(captioner, picture, read, (chosen,), score)
    return CaptionMaps(
        image=picture,
        text=read.text,
        words=word_maps(read, telling, chosen, gradient),
        layer=chosen,
        generated=generated,
        trace=(*trace, f"Read was {source}.", *_unknown(captioner, read)),
        parameters={
            "model": captioner.name,
            "layer": chosen,
            "gradient": gradient,
            "score": score,
            **({"max_words": max_words, "num_beams": num_beams} if generated else {}),
        },
    )


def _origin(num_beams: int) -> str:
    if num_beams == 1:
        return "The caption was generated, the likeliest word at every step."
    return f"The caption was generated, the likeliest of {num_beams} followed side by side."


@dataclass(frozen=True, slots=True)
class ReadCaption:
    """A caption as a captioner reads it: its tokens' ids and pieces, its words' spans, and for each token which word it belongs to.

    Tokens outside of words (punctuation) have an ``owner`` of their own, from the number of words on.
    """

    text: str
    spans: tuple[Span, ...]
    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    owner: tuple[int, ...]


def read_caption(captioner: Captioner, text: str) -> ReadCaption:
    """Tokenize a caption and find its words.

    A word is what stands between spaces, without punctuation at its ends: "t-shirt" is one, and a full stop is none.
    Raises ``PhraseError`` for a caption that is not text, is without a word, or is longer than the model reads.
    """
    return _read(captioner, text)


def _read(captioner: Captioner, text: str, without: str = "") -> ReadCaption:
    check_characters(text)
    spans = _words(text)
    if not spans:
        raise PhraseError(without or f"The caption {text!r} has no word; give one such as 'a red dog left of a tree'.")
    tokenizer = captioner.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise ModelLoadError(
            f"{captioner.name}: a fast tokenizer is needed (word positions come from its offsets), but got "
            f"{type(tokenizer).__name__}; load one with AutoTokenizer.from_pretrained(folder, use_fast=True)."
        )
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, truncation=False)
    ids, limit = encoded["input_ids"], captioner.model.config.text_config.max_position_embeddings
    if len(ids) > limit:
        raise PhraseError(
            f"The caption has {len(ids)} tokens, but {captioner.name} reads at most {limit}; shorten it (nothing is cut silently)."
        )
    owner = []
    for place, (start, end) in enumerate(encoded["offset_mapping"]):
        within = (number for number, span in enumerate(spans) if start < span[1] and end > span[0])
        owner.append(next(within, len(spans) + place))
    for number, (start, end) in enumerate(spans):
        if number not in owner:
            raise PhraseError(
                f"{captioner.name} reads no token in {text[start:end]!r}; leave this word out of the caption."
            )
    return ReadCaption(text, spans, tuple(ids), tuple(tokenizer.convert_ids_to_tokens(ids)), tuple(owner))


def look(
    captioner: Captioner,
    picture: Image.Image,
    read: ReadCaption,
    layers: Sequence[int],
    score: Score = "log_probability",
) -> Telling:
    """What the decoder does at some layers while it says a caption of an upright RGB picture: one pass for all words and layers."""
    from iterprime_xai.models.telling import tell

    return tell(captioner, captioner.pixels_of([picture]), read.ids, read.owner, layers, score)


def word_maps(read: ReadCaption, telling: Telling, layer: int, gradient: Slope = "scores") -> tuple[CaptionWord, ...]:
    """Each word of a caption with its map at a layer: over its tokens the maps are added up, as their scores are."""
    attention, slope = telling.attention[layer], telling.gradient[layer]
    if gradient == "scores":
        slope = at_scores(attention, slope)
    tokens = activation(attention, slope).mean(0).cpu().numpy()
    likely = telling.log_probabilities.cpu().numpy()
    found = []
    for number, (start, end) in enumerate(read.spans):
        own = [place for place, owner in enumerate(read.owner) if owner == number]
        found.append(
            CaptionWord(
                text=read.text[start:end],
                span=(start, end),
                heatmap=tokens[own].sum(0, dtype=np.float32),
                probability=math.exp(float(likely[own].sum(dtype=np.float64))),
                tokens=tuple(read.pieces[place] for place in own),
            )
        )
    return tuple(found)


def _words(text: str) -> tuple[Span, ...]:
    """Character spans of the words, see :func:`read_caption`."""
    spans, place = [], 0
    for part in text.split():
        start = text.index(part, place)
        place = end = start + len(part)
        while start < end and _mark(text[start]):
            start += 1
        while start < end and _mark(text[end - 1]):
            end -= 1
        if start < end:
            spans.append((start, end))
    return tuple(spans)


def _mark(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZC"


def _unknown(captioner: Captioner, read: ReadCaption) -> list[str]:
    """A sentence for words that the model does not know, whose maps mean little."""
    from iterprime_xai.models.vocabulary import known_words, unknown_words

    tokenizer = captioner.tokenizer
    numbered = {number: read.text[start:end] for number, (start, end) in enumerate(read.spans)}
    lost = [numbered[owner] for owner, piece in zip(read.owner, read.pieces, strict=True)
            if piece == tokenizer.unk_token and owner in numbered]  # fmt: skip
    if captioner.profile.closed_vocabulary:
        normalizer = tokenizer.backend_tokenizer.normalizer
        known = known_words(tokenizer.get_vocab())
        lost += unknown_words(tuple(numbered.values()), known, normalizer.normalize_str if normalizer else str)
    if not lost:
        return []
    return [f"Not in the vocabulary: {', '.join(dict.fromkeys(lost))}; what the map of such a word shows means little."]
