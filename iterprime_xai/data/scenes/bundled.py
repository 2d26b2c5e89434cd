"""The small ready sample that travels in the package: scenes drawn beforehand, so that nothing has to be generated."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from iterprime_xai.data.scenes.expressions import SceneExpression
from iterprime_xai.data.scenes.samples import make_sample
from iterprime_xai.data.scenes.sprites import ASSETS
from iterprime_xai.data.scenes.truth import Description
from iterprime_xai.records import Sample, StorageError

FOLDER = ASSETS / "scenes"


def bundled_samples() -> list[Sample]:
    """The samples of the twelve bundled scenes, 336 px; the first is "the bike left of the tree".

    Raises ``StorageError`` when the package's files are missing or damaged.
    """
    try:
        listed = json.loads((FOLDER / "scenes.json").read_text(encoding="utf-8"))["scenes"]
        return [sample for entry in listed for sample in _read(entry)]
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise StorageError(
            f"The bundled scenes should be in {FOLDER}, but they cannot be read ({error}); reinstall iterprime-xai."
        ) from error


def _read(entry: dict) -> list[Sample]:
    """The samples of one scene; its label map holds 0 for the background and i + 1 for thing i."""
    with Image.open(FOLDER / entry["image"]) as file:
        picture = file.convert("RGB")
    with Image.open(FOLDER / entry["labels"]) as file:
        labels = np.asarray(file.convert("L"))
    nouns = tuple(thing["noun"] for thing in entry["things"])
    masks = labels[None] == np.arange(1, len(nouns) + 1, dtype=np.uint8)[:, None, None]
    return [
        make_sample(
            entry["id"],
            place,
            picture,
            masks,
            nouns,
            SceneExpression(
                said["text"],
                said["target"],
                said["kind"],
                said["primary"],
                tuple((word, index) for word, index in said["contexts"]),
                Description(),
            ),
            entry["split"],
        )
        for place, said in enumerate(entry["expressions"])
    ]
