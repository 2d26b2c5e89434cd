"""TAS: a mask's crop against the phrase (V), a caption of it against the phrase (P), and its crop against all else there is (N).

    Total = V + 0.1 P - 0.7 N, min-max over the masks, softmax; then the spatial rectifier

Source: Suo, Zhu, Yang, *Text Augmented Spatial-aware Zero-shot Referring Image Segmentation*, Findings of EMNLP 2023, and its
released code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.data.images import Picture
from iterprime_xai.language.chunks import chunk_of_root, noun_chunks, pipeline_named, target_chunk
from iterprime_xai.records import Expression, OptionError, Proposals
from iterprime_xai.records.heatmap import minmax
from iterprime_xai.systems.choosing import ChoosingSystem
from iterprime_xai.systems.crops import Crops, blur, blurred, squared
from iterprime_xai.systems.encoders import ABSTAIN_BELOW, ENCODER, PAPER_CLIP, cosines, encoder_of, naming_offline
from iterprime_xai.systems.near_synonyms import NearSynonyms, by_table, by_wordnet
from iterprime_xai.systems.rectifier import centres, inside_parts, named_parts
from iterprime_xai.systems.scores import Scores, softmax
from iterprime_xai.systems.settings import MASKS, PRESET, SET_SHARE, Setting, Settings

if TYPE_CHECKING:
    import torch

    from iterprime_xai.models.captioner import Captioner
    from iterprime_xai.models.encoder import ImageTextEncoder

NAME = "tas"
PIPELINE = "en_core_web_trf"
PAPER_CAPTIONER = "Salesforce/blip2-opt-2.7b"
_PAPER = "TAS (Suo, Zhu, Yang, 2023)"
PHRASE = "{phrase}"

SETTINGS: dict[str, tuple[Setting, ...]] = {
    NAME: (
        PRESET,
        *ENCODER,
        Setting("captioner", "model", "tiny", "who says what a masked region and the whole picture show"),
        *MASKS,
        Setting("p_weight", "number", 0.1, "weight of P, the caption's likeness to the phrase", source="released code"),
        Setting("n_weight", "number", 0.7, "weight of N, the crop's likeness to all else", source="released code"),
        Setting(
            "negative",
            "text",
            "a photo of {phrase}",
            "the text that a noun chunk of the picture's caption becomes, with {phrase} in it once",
            source="released code",
        ),
        Setting("caption_words", "whole number", 40, "a region's caption is cut after so many words", low=1),
        Setting("rectify", "yes or no", True, "whether a named part of the picture chooses among the masks there"),
        Setting(
            "spatial_words",
            "text",
            "more",
            'the words of the released code, or all that our parser knows, "bottom" and "middle" among them',
            choices=("paper", "more"),
        ),
        Setting(
            "parser",
            "text",
            "own",
            f"who finds noun phrases: our rules, or the spaCy pipeline {PIPELINE}",
            choices=("own", "spacy"),
        ),
        Setting(
            "lexicon",
            "text",
            "table",
            "which nouns are nearly the same: those of a small table, or WordNet's",
            choices=("table", "wordnet"),
        ),
        ABSTAIN_BELOW,
        SET_SHARE,
    )
}

PRESETS: dict[str, Mapping[str, Mapping[str, Any]]] = {
    NAME: {
        "default": {},
        "paper": {
            "spatial_words": "paper",
            "parser": "spacy",
            "lexicon": "wordnet",
            "model": PAPER_CLIP,
            "captioner": PAPER_CAPTIONER,
            "proposer": "sam:vit_h@tas",
        },
        "paper-offline": {"spatial_words": "paper"},
    }
}

OFFLINE = {
    "parser": f"noun phrases from our own rules, in place of the spaCy pipeline {PIPELINE}",
    "lexicon": "near-synonyms from the scenes' own table, in place of WordNet",
    "model": f"the encoder named here, in place of {PAPER_CLIP}",
    "captioner": f"the captioner named here, in place of {PAPER_CAPTIONER}",
    "proposer": "the masks named here, in place of SAM ViT-H's",
}
ALWAYS = {
    "rectifier": (
        "our own parse says whether a place is the target's, in place of the released code's walk through the dependency tree"
    )
}
"""What differs from the released code in every preset."""


@dataclass(frozen=True)
class Wording:
    """How phrases and captions are taken apart: the target's noun phrase, the noun chunks of a caption, and near-synonyms."""

    target: Callable[[Expression], str]
    chunks: Callable[[str], list[str]]
    near: NearSynonyms


def total(v: np.ndarray, p: np.ndarray, n: np.ndarray, p_weight: float = 0.1, n_weight: float = 0.7) -> np.ndarray:
    """V + p_weight P - n_weight N, each (masks,)."""
    return v + p_weight * p - n_weight * n


class Tas:
    """The scorer: see `systems.choosing.Scorer`."""

    def __init__(self, settings: Settings, encoder: ImageTextEncoder, captioner: Captioner, wording: Wording) -> None:
        if settings["negative"].count(PHRASE) != 1:
            raise OptionError(
                f"{NAME}: negative must be text with {PHRASE} in it once, but got {settings['negative']!r}."
            )
        self.settings = settings
        self.encoder = encoder
        self.captioner = captioner
        self.wording = wording

    def describe(self) -> dict[str, Any]:
        return {"model": self.encoder.describe(), "captioner": {"name": self.captioner.name}}

    def substitutes(self) -> dict[str, str]:
        if self.settings.preset == "default":
            return {}
        offline = self.settings.preset == "paper-offline"
        return ALWAYS | {name: said for name, said in OFFLINE.items() if offline and name not in self.settings.given}

    def score(self, picture: Picture, proposals: Proposals, expressions: Sequence[Expression]) -> list[Scores]:
        pixels, masks, words = np.asarray(picture.image), proposals.masks, self.settings["caption_words"]
        crops = self.encoder.encode_images(Crops(pixels, masks, squared))
        captions = self.captioner.caption_many(Crops(pixels, masks, blurred(blur(pixels))), max_words=words)
        whole = self.captioner.caption(picture.image)
        chunks = self.wording.chunks(whole) if whole.strip() else []
        readable = [cut_to_fit(self.encoder, caption) for caption in captions]
        said = self._encode(
            [
                *(each.text for each in expressions),
                *readable,
                *(self.settings["negative"].replace(PHRASE, chunk) for chunk in chunks),
            ]
        )
        phrases, rest = said[: len(expressions)], said[len(expressions) :]
        of_captions, of_chunks = rest[: len(captions)], rest[len(captions) :]
        scale = self.encoder.logit_scale
        v = (scale * cosines(phrases, crops)).double().numpy()
        p = (scale * cosines(phrases, of_captions)).double().numpy()
        against = (scale * cosines(of_chunks, crops)).double().numpy()
        middles = centres(masks)
        shortened = sum(one != other for one, other in zip(readable, captions, strict=True))
        notes = (f"{shortened} captions were cut to what {self.encoder.name} reads",) if shortened else ()
        found = [
            self._scores(each, v[place], p[place], against, chunks, middles, (whole, readable))
            for place, each in enumerate(expressions)
        ]
        return [replace(each, notes=each.notes + notes) for each in found]

    def _encode(self, texts: list[str]) -> torch.Tensor:
        """Vectors of texts, each different one once; a caption of no word is as far from everything as can be, a zero vector."""
        import torch

        different = [text for text in dict.fromkeys(texts) if text.strip()]
        found = self.encoder.encode_texts(different)
        nothing = torch.zeros(found.shape[1])
        places = {text: found[place] for place, text in enumerate(different)}
        return torch.stack([places.get(text, nothing) for text in texts])

    def _scores(
        self,
        expression: Expression,
        v: np.ndarray,
        p: np.ndarray,
        against: np.ndarray,
        chunks: list[str],
        middles: np.ndarray,
        said: tuple[str, list[str]],
    ) -> Scores:
        settings = self.settings
        target = self.wording.target(expression)
        others = [place for place, chunk in enumerate(chunks) if not self.wording.near(chunk, target)]
        n = against[others].mean(axis=0) if others else np.zeros(len(v))
        logits = total(v, p, n, settings["p_weight"], settings["n_weight"])
        score, share = softmax(minmax(logits).astype(np.float64)), softmax(logits)
        parts = named_parts(expression, settings["spatial_words"]) if settings["rectify"] else frozenset()
        there = inside_parts(middles, parts)
        terms = {"V": v, "P": p, "N": n, "total": logits}
        notes = [
            f"noun phrase {target!r}; the picture's caption: {said[0]!r}",
            "N is taken over "
            + (", ".join(repr(chunks[place]) for place in others) if others else "nothing, so it is 0"),
        ]
        if there is not None:
            terms["in_named_part"] = there.astype(np.float64)
            score, share = score * there, share * there
            share = share / share.sum() if share.sum() > 0 else there / there.sum()
            notes.append(
                f"the phrase names {', '.join(sorted(parts))}: {int(there.sum())} of {len(there)} masks lie there"
            )
        elif parts:
            notes.append(f"the phrase names {', '.join(sorted(parts))}, but no mask lies there: all stay")
        best = int(np.argmax(score))
        where = " there" if there is not None else ""
        notes.append(f"caption of the best mask: {said[1][best]!r}")
        return Scores(
            score=score,
            share=share,
            terms=terms,
            reason=f"its total is the highest{where}: V {v[best]:.2f}, P {p[best]:.2f}, N {n[best]:.2f}",
            logit=logits,
            evidence=float(v[best]) / self.encoder.logit_scale,
            evidence_name="cosine of the best mask's crop and the phrase",
            notes=tuple(notes),
        )


def cut_to_fit(encoder: ImageTextEncoder, caption: str) -> str:
    """As many words of a caption, from its start, as the encoder reads; the phrase itself is never cut."""
    words = caption.split()
    tokens, longest = getattr(encoder, "token_ids", None), getattr(encoder, "longest", None)
    if tokens is None or longest is None or len(tokens(caption)) <= longest:
        return caption
    while len(words) > 1 and len(tokens(" ".join(words))) > longest:
        words.pop()
    return " ".join(words)


def wording_of(settings: Settings) -> Wording:
    """The parser and lexicon that the settings name. Raises ``MissingExtraError`` for one that is not installed."""
    near = by_table if settings["lexicon"] == "table" else by_wordnet()
    if settings["parser"] == "own":
        return Wording(target_chunk, noun_chunks, near)
    nlp = pipeline_named(PIPELINE, _PAPER)
    return Wording(
        lambda expression: chunk_of_root(nlp(expression.text.lower())),
        lambda caption: [str(chunk) for chunk in nlp(caption).noun_chunks],
        near,
    )


def make(settings: Settings) -> ChoosingSystem:
    """The system, its encoder and captioner loaded."""
    from iterprime_xai.models.captioner import load_captioner

    wording, encoder, captioner = wording_of(settings), encoder_of(settings), settings["captioner"]
    if not hasattr(captioner, "caption_many"):
        with naming_offline(settings, "captioner"):
            captioner = load_captioner(captioner, device=settings["device"], dtype=settings["dtype"])
    return ChoosingSystem(settings, Tas(settings, encoder, captioner, wording))
