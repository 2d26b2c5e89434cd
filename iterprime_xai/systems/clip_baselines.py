"""The baselines on CLIP that Global-Local CLIP compares itself with: Grad-CAM, patch score map, region token, crop.

Its release does not run them, so what its paper leaves open is decided here: see docs/methods/baselines.md. Source: Yu, Seo, Son,
CVPR 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.data.images import Picture
from iterprime_xai.records import Expression, Proposals
from iterprime_xai.records.packed import Masks
from iterprime_xai.records.patches import patch_shares
from iterprime_xai.records.proposals import SELECTION_RULES
from iterprime_xai.systems.choosing import ChoosingSystem
from iterprime_xai.systems.encoders import ABSTAIN_BELOW, ENCODER, PAPER_CLIP, cosines, encoder_of, unit
from iterprime_xai.systems.global_local_clip import (
    FILL,
    NORMALISATION,
    OFFLINE,
    cosine_scores,
    encode_crops,
    encode_once,
)
from iterprime_xai.systems.scores import Scores, shares_of
from iterprime_xai.systems.settings import MASKS, PRESET, SET_SHARE, Setting, Settings

if TYPE_CHECKING:
    import torch

    from iterprime_xai.models.encoder import ImageTextEncoder

_BASE = (PRESET, *ENCODER, *MASKS)
_END = (ABSTAIN_BELOW, SET_SHARE)


def _rule(default: str) -> Setting:
    return Setting(
        "selection",
        "text",
        default,
        "how the map picks a mask: the mean inside it, or a rule of iterprime",
        choices=("mean", *SELECTION_RULES),
    )


SETTINGS: dict[str, tuple[Setting, ...]] = {
    "clip_gradcam": (*_BASE, _rule("default"), *_END),
    "clip_score_map": (*_BASE, _rule("default"), *_END),
    "clip_region_token": (
        *_BASE,
        NORMALISATION,
        Setting(
            "token",
            "text",
            "masked",
            "the picture's token with its patches masked in every block, or the mean of the patch vectors inside the mask",
            choices=("masked", "patches"),
        ),
        *_END,
    ),
    "clip_crop": (*_BASE, NORMALISATION, FILL, *_END),
}

_PAPER: dict[str, dict[str, Any]] = {
    "clip_gradcam": {"selection": "mean"},
    "clip_score_map": {"selection": "mean"},
    "clip_region_token": {"normalisation": "imagenet"},
    "clip_crop": {"normalisation": "imagenet", "fill": "released"},
}
PRESETS: dict[str, Mapping[str, Mapping[str, Any]]] = {
    name: {
        "default": {},
        "paper": values | {"model": PAPER_CLIP, "proposer": "freesolo"},
        "paper-offline": values,
    }
    for name, values in _PAPER.items()
}


class Baseline:
    """What the four share; see `systems.choosing.Scorer`."""

    def __init__(self, settings: Settings, encoder: ImageTextEncoder) -> None:
        self.settings = settings
        self.encoder = encoder

    def describe(self) -> dict[str, Any]:
        return {"model": self.encoder.describe()}

    def substitutes(self) -> dict[str, str]:
        if self.settings.preset != "paper-offline":
            return {}
        return {name: OFFLINE[name] for name in ("model", "proposer") if name not in self.settings.given}

    def score(self, picture: Picture, proposals: Proposals, expressions: Sequence[Expression]) -> list[Scores]:
        texts = [each.text for each in expressions]
        if self.settings.system == "clip_gradcam":
            return self._by_maps(self.encoder.gradcam(picture.image, texts), proposals)
        vectors = encode_once(self.encoder, texts)
        if self.settings.system == "clip_score_map":
            patches = self.encoder.encode_patches(picture.image)
            maps = cosines(vectors, patches.flatten(0, 1)).unflatten(1, patches.shape[:2])
            return self._by_maps(maps.float().numpy(), proposals)
        found = cosines(vectors, self._of_masks(picture, proposals.masks))
        return [cosine_scores(row.double().numpy(), self.encoder.logit_scale, {}) for row in found]

    def _of_masks(self, picture: Picture, masks: Masks) -> torch.Tensor:
        """Vectors (n, width) of the masks."""
        if self.settings.system == "clip_crop":
            return encode_crops(self.encoder, picture, masks, self.settings)
        if self.settings["token"] == "patches":
            return mean_inside(self.encoder.encode_patches(picture.image), masks)
        return self.encoder.encode_masked(
            picture.image,
            masks,
            blocks=getattr(self.encoder, "blocks", 3),
            normalisation=self.settings["normalisation"],
        )

    def _by_maps(self, maps: np.ndarray, proposals: Proposals) -> list[Scores]:
        """Maps (texts, rows, columns): the mean inside each mask is the score."""
        shares = patch_shares(proposals.masks, maps.shape[1:]).reshape(len(proposals), -1)
        inside = shares.sum(axis=1)
        found = []
        for heat in maps:
            mean = np.divide(
                shares @ heat.ravel().astype(np.float64), inside, out=np.zeros(len(inside)), where=inside > 0
            )
            if self.settings.system == "clip_score_map":
                made = cosine_scores(mean, self.encoder.logit_scale, {}, what="the score map is highest inside it")
                made = replace(made, evidence_name="highest mean of the map inside a mask")
            else:
                best = float(mean.max())
                made = Scores(mean, shares_of(mean), {}, f"the mean heat inside it is highest ({best:.3g})")
            found.append(replace(made, heatmap=np.ascontiguousarray(heat, dtype=np.float32)))
        return found


def mean_inside(patches: torch.Tensor, masks: Masks) -> torch.Tensor:
    """The mean of the patch vectors (rows, columns, width) at length 1, weighted by a mask's cover of each: (n, width)."""
    import torch

    shares = torch.from_numpy(patch_shares(masks, tuple(patches.shape[:2]))).flatten(1).float()
    return shares @ unit(patches).flatten(0, 1) / shares.sum(1, keepdim=True).clamp(min=1e-12)


def make(settings: Settings) -> ChoosingSystem:
    """The baseline that the settings name, its encoder loaded."""
    rule = settings.values.get("selection", "mean")
    scorer = Baseline(settings, encoder_of(settings))
    return ChoosingSystem(settings, scorer, selection="score" if rule == "mean" else rule)
