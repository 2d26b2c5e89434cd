"""Global-Local CLIP: a mask's vector from inside the image tower and from its crop, against sentence and noun phrase.

    f_m = alpha f_global + (1 - alpha) f_local      t = beta t_sentence + (1 - beta) t_phrase      answer = argmax_m cos(t, f_m)

Source: Yu, Seo, Son, *Zero-shot Referring Image Segmentation with Global-Local Context Features*, CVPR 2023, and its released code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.data.images import Picture
from iterprime_xai.language.chunks import chunk_of_root, pipeline_named, target_chunk
from iterprime_xai.records import Expression, Proposals
from iterprime_xai.records.packed import Masks
from iterprime_xai.systems.choosing import ChoosingSystem
from iterprime_xai.systems.crops import MEAN_FILL, RELEASED_FILL, Crops, filled
from iterprime_xai.systems.encoders import (
    ABSTAIN_BELOW,
    ENCODER,
    PAPER_CLIP,
    cosines,
    encoder_of,
    is_resnet,
    unit,
)
from iterprime_xai.systems.scores import Scores, softmax
from iterprime_xai.systems.settings import MASKS, PRESET, SET_SHARE, Setting, Settings

if TYPE_CHECKING:
    import torch

    from iterprime_xai.models.encoder import ImageTextEncoder

NAME = "global_local_clip"
PIPELINE = "en_core_web_lg"
_PAPER = "Global-Local CLIP (Yu, Seo, Son, CVPR 2023)"

NORMALISATION = Setting(
    "normalisation",
    "text",
    "own",
    "mean and deviation of the pixels: the encoder's own, or ImageNet's, which the released code feeds CLIP",
    choices=("own", "imagenet"),
)
FILL = Setting(
    "fill",
    "text",
    "mean",
    "colour outside a crop's mask: the mean colour, or the lighter grey that the released code really fills in",
    choices=("mean", "released"),
)

SETTINGS: dict[str, tuple[Setting, ...]] = {
    NAME: (
        PRESET,
        *ENCODER,
        *MASKS,
        Setting(
            "alpha",
            "number",
            0.95,
            "weight of the global vector of a mask",
            low=0,
            high=1,
            source="released code: 0.95 for RefCOCO and RefCOCO+, 0.85 for RefCOCOg",
        ),
        Setting("beta", "number", 0.5, "weight of the whole sentence", low=0, high=1, source="released code: 0.5"),
        Setting("blocks", "whole number", 3, "blocks of the tower, from the last, in which patches are masked", low=1),
        Setting(
            "fusion",
            "text",
            "normalised",
            "whether vectors are brought to length 1 before they are summed, or summed as the released code does",
            choices=("normalised", "released"),
        ),
        NORMALISATION,
        FILL,
        Setting(
            "resize",
            "text",
            "area",
            "a mask on the patches: the share of each that it covers, or what its middle says, as in the released code",
            choices=("area", "bilinear"),
        ),
        Setting(
            "parser",
            "text",
            "own",
            f"who finds the noun phrase: our rules, or the spaCy pipeline {PIPELINE}",
            choices=("own", "spacy"),
        ),
        ABSTAIN_BELOW,
        SET_SHARE,
    )
}

_RELEASED = {"fusion": "released", "normalisation": "imagenet", "fill": "released", "resize": "bilinear"}

PRESETS: dict[str, Mapping[str, Mapping[str, Any]]] = {
    NAME: {
        "default": {},
        "paper": _RELEASED | {"parser": "spacy", "model": PAPER_CLIP, "proposer": "freesolo"},
        "paper-offline": _RELEASED,
    }
}

OFFLINE = {
    "parser": f"noun phrases from our own rules, in place of the spaCy pipeline {PIPELINE}",
    "model": f"the encoder named here, in place of {PAPER_CLIP}",
    "proposer": "the masks named here, in place of FreeSOLO's",
}


def mask_vectors(inside: torch.Tensor, crops: torch.Tensor, alpha: float, fusion: str, resnet: bool) -> torch.Tensor:
    """f_m (n, width) from the vectors of the masked tower and of the crops.

    "released" sums what the towers give: of a ViT both as they come, of a ResNet the crop's at length 1, the other as it comes.
    """
    if fusion == "normalised":
        inside, crops = unit(inside), unit(crops)
    elif resnet:
        crops = unit(crops)
    return alpha * inside + (1 - alpha) * crops


def text_vectors(
    sentences: torch.Tensor, phrases: torch.Tensor, beta: float, fusion: str, resnet: bool
) -> torch.Tensor:
    """t (texts, width) from the vectors of the sentences and of their noun phrases."""
    if fusion == "normalised" or resnet:
        sentences, phrases = unit(sentences), unit(phrases)
    return beta * sentences + (1 - beta) * phrases


def match(masks: torch.Tensor, texts: torch.Tensor, fusion: str, resnet: bool) -> torch.Tensor:
    """The score of every mask for every text (texts, masks): the cosine; with the released ResNet code, which never divides by
    their lengths, the product of the vectors."""
    if fusion == "released" and resnet:
        return texts @ masks.T
    return cosines(texts, masks)


class GlobalLocal:
    """The scorer: see `systems.choosing.Scorer`."""

    def __init__(
        self, settings: Settings, encoder: ImageTextEncoder, wording: Callable[[Expression], tuple[str, str]]
    ) -> None:
        self.settings = settings
        self.encoder = encoder
        self.wording = wording
        self.resnet = is_resnet(encoder)

    def describe(self) -> dict[str, Any]:
        return {"model": self.encoder.describe()}

    def substitutes(self) -> dict[str, str]:
        if self.settings.preset != "paper-offline":
            return {}
        return {name: said for name, said in OFFLINE.items() if name not in self.settings.given}

    def score(self, picture: Picture, proposals: Proposals, expressions: Sequence[Expression]) -> list[Scores]:
        settings, encoder = self.settings, self.encoder
        worded = [self.wording(each) for each in expressions]
        vectors = encode_once(encoder, [text for pair in worded for text in pair])
        fusion, resnet = settings["fusion"], self.resnet
        sentences, phrases = vectors[0::2], vectors[1::2]
        inside = encoder.encode_masked(
            picture.image,
            proposals.masks,
            blocks=settings["blocks"],
            normalisation=settings["normalisation"],
            **({} if settings["resize"] == "bilinear" else {"resize": settings["resize"]}),
        )
        crops = encode_crops(encoder, picture, proposals.masks, settings)
        texts = text_vectors(sentences, phrases, settings["beta"], fusion, resnet)
        scores = match(mask_vectors(inside, crops, settings["alpha"], fusion, resnet), texts, fusion, resnet)
        parts = {"global": cosines(texts, inside), "local": cosines(texts, crops)}
        scale = encoder.logit_scale
        return [
            cosine_scores(
                row.double().numpy(),
                scale,
                {name: values[place].double().numpy() for name, values in parts.items()},
                notes=(f"noun phrase {worded[place][1]!r}",),
            )
            for place, row in enumerate(scores)
        ]


def encode_once(encoder: ImageTextEncoder, texts: Sequence[str]) -> torch.Tensor:
    """Vectors of texts (n, width), each different text encoded once."""
    different = list(dict.fromkeys(texts))
    places = {text: place for place, text in enumerate(different)}
    return encoder.encode_texts(different)[[places[text] for text in texts]]


def encode_crops(encoder: ImageTextEncoder, picture: Picture, masks: Masks, settings: Settings) -> torch.Tensor:
    """Vectors (n, width) of every mask's crop, filled outside the mask and stretched to the encoder's square."""
    fill = MEAN_FILL if settings["fill"] == "mean" else RELEASED_FILL
    crops = Crops(np.asarray(picture.image), masks, filled(fill))
    return encoder.encode_images(crops, normalisation=settings["normalisation"])


def cosine_scores(
    cosine: np.ndarray,
    scale: float,
    terms: Mapping[str, np.ndarray],
    *,
    notes: tuple[str, ...] = (),
    what: str = "its vectors lie nearest to the text's",
) -> Scores:
    """Scores (n,) that are cosines, or products like them, shared out by a softmax at the encoder's own scale."""
    best = float(cosine.max())
    return Scores(
        score=cosine,
        share=softmax(scale * cosine),
        terms=terms,
        reason=f"{what} (score {best:.3f})",
        logit=scale * cosine,
        evidence=best,
        notes=notes,
    )


def _own_wording(expression: Expression) -> tuple[str, str]:
    return expression.text, target_chunk(expression)


def _spacy_wording(nlp: Any, expression: Expression) -> tuple[str, str]:
    """As released: the sentence in lower case, cut into spaCy's tokens and put together with spaces, parsed once more."""
    sentence = " ".join(token.text for token in nlp(expression.text.lower()) if token.text != " ")
    return sentence, chunk_of_root(nlp(sentence))


def wording_of(settings: Settings) -> Callable[[Expression], tuple[str, str]]:
    """From an expression to the sentence and its noun phrase, by the parser that the settings name."""
    if settings["parser"] == "own":
        return _own_wording
    return partial(_spacy_wording, pipeline_named(PIPELINE, _PAPER))


def make(settings: Settings) -> ChoosingSystem:
    """The system, its encoder loaded."""
    wording = wording_of(settings)
    return ChoosingSystem(settings, GlobalLocal(settings, encoder_of(settings), wording))
