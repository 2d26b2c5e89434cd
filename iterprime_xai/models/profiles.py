"""What is known of a checkpoint beyond its config: which layer to read, which start token, what it was trained on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from numbers import Real
from pathlib import Path
from typing import Literal

from iterprime_xai.records import ModelLoadError, OptionError
from iterprime_xai.records.writing import write_whole

FILE = "iterprime_xai_profile.json"
"""A profile that travels in a model's folder, beside its config."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How to read one checkpoint.

    ``layer`` is the text encoder's 0-based index; ``start_token`` is what stands at position 0 before matching: "cls" as in
    stock `transformers`, "enc" as in the BLIP and LAVIS releases. ``validated`` says on what the layer was chosen, or is
    empty. ``domain`` names the training pictures when the model is only good for those. ``closed_vocabulary`` is true when
    a word that is not one token was never seen in training. ``threshold`` is the match probability below which a phrase is
    taken to mean nothing in the picture (0 to 1), ``None`` where it was not measured for this checkpoint. ``source`` says where a
    layer comes from that others chose and nobody validated here.
    """

    layer: int | None = None
    start_token: Literal["cls", "enc"] = "cls"
    validated: str = ""
    domain: str = ""
    closed_vocabulary: bool = False
    threshold: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        value = self.threshold
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value <= 1:
            raise OptionError(f"threshold must be a probability from 0 to 1, or none, but is {value!r}.")


LAVIS_BLIP = Profile(layer=7, start_token="enc", source="as in LAVIS's notebook, where LAVIS's code reads 6 by default")

HALF_BLIP2 = Profile(layer=6, source="half of the depth, as measured on small Q-Formers")

LISTED: dict[str, Profile] = {
    "Salesforce/blip-itm-base-coco": LAVIS_BLIP,
    "Salesforce/blip-itm-base-flickr": LAVIS_BLIP,
    "Salesforce/blip-itm-large-coco": LAVIS_BLIP,
    "Salesforce/blip-itm-large-flickr": LAVIS_BLIP,
    "Salesforce/blip2-itm-vit-g": HALF_BLIP2,
    "Salesforce/blip2-itm-vit-g-coco": HALF_BLIP2,
}
"""Published checkpoints. BLIP's own releases match with [ENC] at position 0, where `transformers` keeps [CLS]; BLIP-2's keep it.
Base and large have the same text encoder, 12 layers of width 768."""


def default_layer(layers: tuple[int, ...], depth: int, width: int) -> tuple[int, str]:
    """The layer to read for a checkpoint without a profile, and where that choice comes from.

    7 for a text encoder of BLIP-base size (12 layers of width 768, LAVIS's notebook), else two thirds of the
    depth, moved to the nearest layer that has cross-attention. Never the last one where there is another: there only the
    first token has a gradient, and every word's map is blank.
    """
    if (depth, width) == (12, 768):
        wanted, why = 7, "as in LAVIS's notebook"
    else:
        wanted, why = depth * 2 // 3, "two thirds of the depth"
    wanted = min(wanted, max(depth - 2, 0))
    return min(layers, key=lambda layer: (abs(layer - wanted), layer)), why


def read(folder: Path) -> Profile | None:
    """The profile in a model's folder, or ``None`` where there is no such file. Raises ``ModelLoadError`` if it is broken."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        return Profile(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ModelLoadError(
            f"{path} should hold the fields of a profile ({', '.join(Profile.__slots__)}), but it cannot be read: {error}. "
            "Mend or delete it."
        ) from error


def write(profile: Profile, folder: Path) -> Path:
    """Put a profile beside a model's config, where loading finds it, whole or not at all; returns its path."""
    return save(profile, folder / FILE)


def save(profile: Profile, path: str | Path) -> Path:
    """Write a profile to any file, whole or not at all; under the name ``FILE`` in a model's folder it is used."""
    return write_whole(path, (json.dumps(asdict(profile), indent=2) + "\n").encode("utf-8"))
